using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Data2Vec.Kernels.Cpu;

/// <summary>The instruction set that the kernels use.</summary>
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

/// <summary>Detects the instruction sets of this machine.</summary>
internal static class CpuLevels
{
    /// <summary>The environment variable that chooses a lower level: <c>portable</c>, <c>avx2</c>, <c>avx512</c> or <c>avx512dot</c>.</summary>
    public const string Variable = "DATA2VEC_CPU";

    /// <summary>The highest level of this machine.</summary>
    public static CpuLevel Best =>
        Vector512.IsHardwareAccelerated && Avx512F.IsSupported ? DotProductSupport.IsSupported ? CpuLevel.Avx512Dot : CpuLevel.Avx512
        : Vector256.IsHardwareAccelerated && Fma.IsSupported ? CpuLevel.Avx2
        : CpuLevel.Portable;

    /// <summary>The level to use: the highest one, unless <see cref="Variable"/> chooses another.</summary>
    /// <exception cref="NotSupportedException">The variable has an unknown level, or one that this machine does not have.</exception>
    public static CpuLevel Choose()
    {
        string? wanted = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(wanted))
        {
            return Best;
        }

        return Enum.TryParse(wanted, ignoreCase: true, out CpuLevel level) && Enum.IsDefined(level) && !char.IsDigit(wanted[0])
            ? level <= Best ? level : throw new NotSupportedException($"{Variable}={wanted}: this machine supports at most {Best}.")
            : throw new NotSupportedException($"{Variable}={wanted}: use portable, avx2, avx512 or avx512dot.");
    }
}
