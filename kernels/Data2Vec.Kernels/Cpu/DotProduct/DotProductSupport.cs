using System.Runtime.Intrinsics.X86;

namespace Data2Vec.Kernels.Cpu;

/// <summary>Whether the processor has the dot products of AVX512_BF16 and AVX512_VNNI, for which .NET has no intrinsics.</summary>
internal static class DotProductSupport
{
    private const int Features = 7, Bf16 = 1 << 5, Vnni = 1 << 11;

    /// <summary>Whether the processor has both, and their code can be assembled.</summary>
    public static bool IsSupported { get; } = Avx512BW.IsSupported && ExecutableMemory.IsAvailable
        && X86Base.CpuId(0, 0).Eax >= Features
        && (X86Base.CpuId(Features, 0).Ecx & Vnni) != 0
        && X86Base.CpuId(Features, 0).Eax >= 1
        && (X86Base.CpuId(Features, 1).Eax & Bf16) != 0;
}
