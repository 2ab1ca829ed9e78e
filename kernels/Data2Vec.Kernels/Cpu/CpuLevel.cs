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

    /// <summary>512-bit vectors, and dot products of integers of 8 and 16 bits (AVX512_VNNI). Weights of bf16 are multiplied as integers of 16 bits.</summary>
    Avx512Vnni,

    /// <summary>512-bit vectors, and dot products of integers and of bf16 (AVX512_VNNI, AVX512_BF16).</summary>
    Avx512Dot,
}

/// <summary>Chooses the instruction sets for this machine.</summary>
internal static class CpuLevels
{
    /// <summary>
    /// The environment variable that chooses a level: <c>portable</c>, <c>avx2</c>, <c>avx512</c>, <c>avx512vnni</c> or <c>avx512dot</c>.
    /// </summary>
    public const string Variable = "DATA2VEC_CPU";

    private static readonly Lazy<CpuLevel> s_fastest = new(() =>
        Best < CpuLevel.Avx512Vnni ? Best
        : Best == CpuLevel.Avx512Dot && DotProducts.Rates.BFloat16 >= DotProducts.LeastGain ? CpuLevel.Avx512Dot
        : DotProducts.Rates.Bytes >= DotProducts.LeastGain ? CpuLevel.Avx512Vnni
        : CpuLevel.Avx512);

    /// <summary>The highest level of this machine.</summary>
    public static CpuLevel Best { get; } =
        Vector512.IsHardwareAccelerated && Avx512F.IsSupported
            ? DotProducts.HasBytes ? DotProducts.HasBFloat16 ? CpuLevel.Avx512Dot : CpuLevel.Avx512Vnni : CpuLevel.Avx512
        : Vector256.IsHardwareAccelerated && Fma.IsSupported ? CpuLevel.Avx2
        : CpuLevel.Portable;

    /// <summary>The fastest level of this machine, by the rates measured at first use. Having an instruction says nothing about its speed.</summary>
    public static CpuLevel Fastest => s_fastest.Value;

    /// <summary>The level to use: the fastest one, unless <see cref="Variable"/> chooses another.</summary>
    /// <exception cref="NotSupportedException">The variable has an unknown level, or one that this machine does not have.</exception>
    public static CpuLevel Choose()
    {
        string? wanted = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(wanted))
        {
            return Fastest;
        }

        return Enum.TryParse(wanted, ignoreCase: true, out CpuLevel level) && Enum.IsDefined(level) && !char.IsDigit(wanted[0])
            ? level <= Best ? level : throw new NotSupportedException($"{Variable}={wanted}: this machine supports at most {Best}.")
            : throw new NotSupportedException($"{Variable}={wanted}: use portable, avx2, avx512, avx512vnni or avx512dot.");
    }
}
