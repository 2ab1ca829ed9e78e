using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Data2Vec.Kernels.Cpu.Dot;

/// <summary>Whether the processor has the dot products of AVX512_BF16 and AVX512_VNNI, which .NET has no intrinsics for.</summary>
internal static class DotSupport
{
    private const int Features = 7, Bf16 = 1 << 5, Vnni = 1 << 11;

    /// <summary>Both are there, and code for them can be made here.</summary>
    public static bool IsSupported { get; } = Avx512BW.IsSupported && Environment.Is64BitProcess
        && RuntimeInformation.ProcessArchitecture == Architecture.X64
        && (OperatingSystem.IsLinux() || OperatingSystem.IsWindows() || OperatingSystem.IsMacOS())
        && X86Base.CpuId(0, 0).Eax >= Features
        && (X86Base.CpuId(Features, 0).Ecx & Vnni) != 0
        && X86Base.CpuId(Features, 0).Eax >= 1
        && (X86Base.CpuId(Features, 1).Eax & Bf16) != 0;
}
