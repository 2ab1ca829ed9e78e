using System.Runtime.Intrinsics;
using Data2Vec.Kernels.Cpu;
using static Data2Vec.Kernels.Tests.CpuFixture;
using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Tests;

/// <summary>What products of integers of 16 bits must hold, and products of bf16 weights at the other levels of this machine too.</summary>
public unsafe class ShortProductTests
{
    public static TheoryData<string> Levels => CpuFixture.Levels;

    [Theory, MemberData(nameof(Levels))]
    public void Sums_do_not_overflow_where_row_and_column_are_alike(string level)
    {
        foreach (int inputs in new[] { 2, 3, 64, 768, 5000, 100_000 })
        {
            foreach (int shape in new[] { 0, 1, 2 })
            {
                // The sum of the products of a row and a column of the same direction is as large as their norms allow.
                float[] direction = [.. Enumerable.Range(0, inputs).Select(i => shape switch
                {
                    0 => 1f,
                    1 => i == inputs / 2 ? 1f : 0f,
                    _ => (i % 2 == 0 ? 1f : -1f) / (1 << i % 8),
                })];
                float[] rows = [.. direction, .. direction.Select(value => -value)];
                foreach ((float small, float large) in new[] { (1f, 1f), (1e-25f, 1e20f), (1e20f, 1e-25f), (1e-30f, 1e30f) })
                {
                    Check(level, inputs, [.. rows.Select(value => value * small)], [.. rows.Select(value => value * large)], 5e-3);
                }
            }
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Rows_of_zeros_and_columns_of_zeros_give_zeros(string level)
    {
        float[] numbers = Numbers(1, 64), zeros = new float[64];
        Check(level, 64, [.. numbers, .. zeros], [.. zeros, .. numbers], 0.01);
    }

    [Theory, MemberData(nameof(Levels))]
    public void Numbers_that_are_not_finite_reach_only_the_outputs_that_read_them(string level)
    {
        var shape = new Conv1dShape(32, 48, 3, 2);
        using WeightStore store = Backend(level).CreateStore();
        Conv1dWeights weights = store.Conv1d(Encode(Numbers(1, 48 * 32 * 3), ElementType.BF16, 48, 32, 3), null, shape);
        foreach (float value in new[] { float.NaN, float.PositiveInfinity })
        {
            float[] x = Numbers(2, 21 * 32);
            x[8 * 32 + 31] = value;
            using Inference run = store.Begin();
            Sequences inputs = run.Sequences([21]), outputs = run.Sequences(inputs, shape);
            Tensor y = run.Allocate(outputs.Rows, 48);
            run.Conv1d(run.Upload(x, 21, 32), inputs, weights, null, Activation.None, y, outputs);
            float[] actual = Download(run, y);
            for (int row = 0; row < outputs.Rows; row++)
            {
                bool reads = row is 3 or 4;
                Assert.All(actual[(row * 48)..((row + 1) * 48)], number => Assert.NotEqual(reads, float.IsFinite(number)));
            }
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Weights_that_are_not_finite_reach_only_their_output(string level)
    {
        foreach (float value in new[] { float.NaN, float.NegativeInfinity })
        {
            float[] w = Numbers(1, 48 * 70);
            w[5 * 70 + 69] = value;
            using WeightStore store = Backend(level).CreateStore();
            LinearWeights weights = store.Linear([(Encode(w, ElementType.BF16, 48, 70), null)]);
            using Inference run = store.Begin();
            float[] actual = Download(run, run.Linear(run.Upload(Numbers(2, 3 * 70), 3, 70), weights));
            for (int i = 0; i < actual.Length; i++)
            {
                Assert.NotEqual(i % 48 == 5, float.IsFinite(actual[i]));
            }
        }
    }

    [Fact]
    public void A_factor_is_the_largest_power_of_two_within_the_limits()
    {
        foreach (float[] numbers in new[] { Numbers(1, 768), Numbers(2, 768, 1e-20f), [.. Numbers(3, 500), 1000f], Numbers(4, 1), [1e-30f], [3e38f] })
        {
            double largest = numbers.Max(MathF.Abs), norm = Math.Sqrt(numbers.Sum(value => (double)value * value));
            float factor = ShortScale.Factor((float)largest, (float)(norm * norm), ShortScale.RowLimit);
            Assert.Equal(0, BitConverter.SingleToInt32Bits(factor) & 0x7FFFFF);
            Assert.InRange(factor * largest, 0, short.MaxValue);
            Assert.InRange(factor * norm, 0, ShortScale.RowLimit);
            bool isWide = largest is > 1e-12 and < 1e12;
            Assert.True(!isWide || 2 * factor * largest > short.MaxValue || 2 * factor * norm > ShortScale.RowLimit);
            Assert.Equal(1.0, (double)factor * ShortScale.Of(factor));
        }

        Assert.Equal(0f, ShortScale.Factor(0, 0, ShortScale.RowLimit));
        Assert.True(float.IsNaN(ShortScale.Factor(1, float.NaN, ShortScale.RowLimit)));
        Assert.True(float.IsNaN(ShortScale.Factor(float.PositiveInfinity, float.PositiveInfinity, ShortScale.RowLimit)));
    }

    [Fact]
    public void The_limits_keep_the_longest_sums_within_32_bits()
    {
        double rounding = Math.Sqrt(2 * PanelMatrix.DepthBlock) / 2;
        Assert.InRange((ShortScale.RowLimit + rounding) * (ShortScale.ColumnLimit + rounding), 0, int.MaxValue);
    }

    [Fact]
    public void Rounded_rows_match_a_scalar_loop()
    {
        Assert.SkipUnless(CpuLevels.Best >= CpuLevel.Avx512, "There is no AVX-512 here.");
        foreach (int count in new[] { 2, 3, 15, 16, 17, 31, 32, 33, 100, 768, 777 })
        {
            int padded = (count + 1) / 2 * 2;
            float[] from = [.. Numbers(count, count), .. Enumerable.Repeat(float.NaN, 16)];
            short[] to = [.. Enumerable.Repeat((short)-1, padded + 1)];
            float scale;
            fixed (float* source = from)
            fixed (short* destination = to)
            {
                scale = ShortScale.Quantize(source, destination, count, padded, 768);
            }

            Assert.Equal([.. from[..count].Select(value => (short)MathF.Round(value / scale)), .. new short[padded - count], (short)-1], to);
            float largest = from[..count].Max(MathF.Abs), squares = Math.Max(from[..Math.Min(count, 768)].Sum(value => value * value), from[..count].Skip(768).Sum(value => value * value));
            Assert.Equal(ShortScale.Of(ShortScale.Factor(largest, squares, ShortScale.RowLimit)), scale);
        }
    }

    [Fact]
    public void Panels_are_rounded_and_measured_like_a_scalar_loop()
    {
        Check<Simd128, Vector128<float>>();
        Check<Simd256, Vector256<float>>();
        Check<Simd512, Vector512<float>>();

        static void Check<S, V>()
            where S : struct, ISimd<V>
            where V : unmanaged
        {
            const int Depth = 37;
            foreach (int width in new[] { PanelLayout.NarrowWidth, PanelLayout.Width })
            {
                float[] numbers = [.. Numbers(1, 2 * Depth * width).Select(value => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000))];
                ushort[] panel = [.. numbers.Select(value => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)), .. new ushort[64]];
                float[] factors = [.. Enumerable.Range(0, width).Select(i => MathF.ScaleB(1, 5 + i % 7))];
                float[] largest = new float[width], squares = new float[width];
                short[] rounded = new short[2 * Depth * width];
                fixed (ushort* from = panel)
                fixed (short* to = rounded)
                fixed (float* f = factors, most = largest, sums = squares)
                {
                    PanelWidening<S, V>.ToShorts(ElementType.BF16, (float*)from, width, Depth, f, (float*)to);
                    PanelWidening<S, V>.Measure(ElementType.BF16, (float*)from, width, Depth, most, sums);
                }

                for (int column = 0; column < width; column++)
                {
                    float[] of = [.. Enumerable.Range(0, 2 * Depth).Select(i => numbers[(i / 2 * width + column) * 2 + i % 2])];
                    Assert.Equal(of.Max(MathF.Abs), largest[column]);
                    Assert.Equal(of.Sum(value => value * value), squares[column], of.Length * 1e-5);
                    for (int i = 0; i < of.Length; i++)
                    {
                        Assert.Equal((short)MathF.Round(of[i] * factors[column]), rounded[(i / 2 * width + column) * 2 + i % 2]);
                    }
                }
            }
        }
    }

    /// <summary>Compares a linear layer with a scalar loop. The bound is relative to the norms of the row and the column.</summary>
    private static void Check(string level, int inputs, float[] x, float[] w, double bound)
    {
        int rows = x.Length / inputs, outputs = w.Length / inputs;
        WeightData weight = Encode(w, ElementType.BF16, outputs, inputs);
        using WeightStore store = Backend(level).CreateStore();
        LinearWeights weights = store.Linear([(weight, null)]);
        using Inference run = store.Begin();
        float[] actual = Download(run, run.Linear(run.Upload(x, rows, inputs), weights)), decoded = weight.ToArray();
        for (int row = 0; row < rows; row++)
        {
            for (int output = 0; output < outputs; output++)
            {
                double sum = 0, left = 0, right = 0;
                for (int i = 0; i < inputs; i++)
                {
                    double a = x[row * inputs + i], b = decoded[output * inputs + i];
                    (sum, left, right) = (sum + a * b, left + a * a, right + b * b);
                }

                Assert.Equal(sum, actual[row * outputs + output], bound * Math.Sqrt(left * right) + 1e-37);
            }
        }
    }
}
