using System.Diagnostics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// The dot products of bf16 and of integers (AVX512_BF16, AVX512_VNNI), for which .NET has no intrinsics: whether the processor has them, and how fast they are.
/// Those of integers of 16 bits are half as fast as those of bytes, as they take as many instructions for half as many numbers.
/// </summary>
internal static unsafe class DotProducts
{
    /// <summary>The rate above which dot products pay. They also need their left sides converted.</summary>
    public const double LeastGain = 1.25;

    private const int Features = 7, Bf16 = 1 << 5, Vnni = 1 << 11;

    private static readonly Lazy<(double BFloat16, double Bytes)> s_rates = new(Measure);

    /// <summary>Whether the processor has dot products of bytes, and their code can be assembled.</summary>
    public static bool HasBytes { get; } = Avx512BW.IsSupported && ExecutableMemory.IsAvailable
        && X86Base.CpuId(0, 0).Eax >= Features
        && (X86Base.CpuId(Features, 0).Ecx & Vnni) != 0;

    /// <summary>Whether the processor has dot products of bf16, too.</summary>
    public static bool HasBFloat16 { get; } = HasBytes
        && X86Base.CpuId(Features, 0).Eax >= 1
        && (X86Base.CpuId(Features, 1).Eax & Bf16) != 0;

    /// <summary>The multiply-adds of dot products in a time, divided by those of f32; 0 for those that the processor does not have.</summary>
    public static (double BFloat16, double Bytes) Rates => s_rates.Value;

    /// <summary>Times tiles in the first-level cache, in turns, and takes the shortest times: other work only makes them longer.</summary>
    private static (double BFloat16, double Bytes) Measure()
    {
        const int Depth = 128, Turns = 12, Tiles = 24;
        int rows = Simd512.TileRows, width = 2 * Simd512.Width;
        float[] numbers = new float[rows * Depth + width * Depth + rows * width];
        ProductType[] types = [ProductType.Floats, ProductType.BFloat16, ProductType.Bytes];
        long[] least = [long.MaxValue, long.MaxValue, long.MaxValue];
        fixed (float* left = numbers)
        {
            float* right = left + rows * Depth, output = right + width * Depth;
            var arguments = new TileArguments(Depth, 0, 1, Depth, right, width, width, accumulate: false);
            for (int turn = 0; turn < Turns; turn++)
            {
                for (int i = 0; i < types.Length; i++)
                {
                    if ((i == 1 && !HasBFloat16) || (i == 2 && !HasBytes))
                    {
                        continue;
                    }

                    var tiles = MatrixTiles.Create(types[i], Simd512.Width);
                    long start = Stopwatch.GetTimestamp();
                    for (int tile = 0; tile < Tiles; tile++)
                    {
                        tiles.Run<Simd512, Vector512<float>>(arguments, rows, two: true, left, output);
                    }

                    least[i] = Math.Min(least[i], Stopwatch.GetTimestamp() - start);
                }
            }
        }

        return (Rate(1), Rate(2));

        double Rate(int i) => types[i].PerWord() * (double)least[0] / least[i];
    }
}
