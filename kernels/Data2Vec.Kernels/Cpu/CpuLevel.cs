using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Data2Vec.Kernels.Cpu.Dot;

namespace Data2Vec.Kernels.Cpu;

/// <summary>The register width that the kernels are compiled for.</summary>
internal enum CpuLevel
{
    /// <summary>128-bit vectors.</summary>
    Portable,

    /// <summary>256-bit vectors with fused multiply-add.</summary>
    Avx2,

    /// <summary>512-bit vectors.</summary>
    Avx512,

    /// <summary>512-bit vectors, and dot products of bf16 and of bytes (AVX512_BF16, AVX512_VNNI).</summary>
    Avx512Dot,
}

/// <summary>Finds out what the machine can do.</summary>
internal static class CpuLevels
{
    /// <summary>The environment variable that asks for less: <c>portable</c>, <c>avx2</c>, <c>avx512</c> or <c>avx512dot</c>.</summary>
    public const string Variable = "DATA2VEC_CPU";

    /// <summary>The widest level of this machine.</summary>
    public static CpuLevel Best =>
        Vector512.IsHardwareAccelerated && Avx512F.IsSupported ? DotSupport.IsSupported ? CpuLevel.Avx512Dot : CpuLevel.Avx512
        : Vector256.IsHardwareAccelerated && Fma.IsSupported ? CpuLevel.Avx2
        : CpuLevel.Portable;

    /// <summary>The level to use: the widest, unless <see cref="Variable"/> asks for another that the machine has.</summary>
    /// <exception cref="NotSupportedException">The variable asks for a level that is unknown or not there.</exception>
    public static CpuLevel Chosen()
    {
        string? wanted = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(wanted))
        {
            return Best;
        }

        return Enum.TryParse(wanted, ignoreCase: true, out CpuLevel level) && Enum.IsDefined(level) && !char.IsDigit(wanted[0])
            ? level <= Best ? level : throw new NotSupportedException($"{Variable}={wanted}: this machine has no more than {Best}.")
            : throw new NotSupportedException($"{Variable}={wanted}: use portable, avx2, avx512 or avx512dot.");
    }
}
