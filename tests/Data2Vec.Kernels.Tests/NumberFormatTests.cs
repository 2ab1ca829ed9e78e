using Data2Vec.Kernels.Cpu;
using static Data2Vec.Kernels.Tests.CpuFixture;
using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Tests;

/// <summary>
/// Products with weights in f16, bf16 and i8, against plain loops in double precision, at every level of this machine. bf16, scaled bytes and scaled integers of
/// 16 bits represent the inputs exactly, so dot products round only their sums, and those of integers of 16 bits the small weights.
/// </summary>
public class NumberFormatTests
{
    public static TheoryData<string, ElementType> LevelsAndTypes
    {
        get
        {
            var data = new TheoryData<string, ElementType>();
            foreach (TheoryDataRow<string> level in CpuFixture.Levels)
            {
                data.Add(level.Data, ElementType.F16);
                data.Add(level.Data, ElementType.BF16);
                data.Add(level.Data, ElementType.I8);
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(LevelsAndTypes))]
    public void Linear_layers_of_all_heights_and_widths_match_a_scalar_loop(string level, ElementType type)
    {
        using WeightStore store = Backend(level).CreateStore();
        foreach ((int inputs, int outputs) in new[] { (1, 1), (7, 3), (16, 16), (33, 47), (64, 32), (130, 48), (5000, 40) })
        {
            WeightData weight = Encode(Numbers(2, outputs * inputs, 1f / MathF.Sqrt(inputs)), type, outputs, inputs);
            float[] decoded = weight.ToArray(), b = Numbers(3, outputs);
            LinearWeights weights = store.Linear([(weight, Weight(b, outputs))]);
            foreach (int rows in Enumerable.Range(1, 15).Concat([28, 29, 100, 113]))
            {
                float[] x = ExactNumbers(rows, inputs);
                using Inference run = store.Begin();
                Close(Reference.Linear(x, rows, inputs, decoded, b, outputs), Download(run, run.Linear(run.Upload(x, rows, inputs), weights)), 2e-4 * Math.Sqrt(inputs) + (IsShorts(level, type) ? 0.03 : 0));
            }
        }
    }

    [Theory, MemberData(nameof(LevelsAndTypes))]
    public void Parts_scale_activation_and_residual_match_a_scalar_loop(string level, ElementType type)
    {
        const int rows = 37, inputs = 50, outputs = 64;
        WeightData first = Encode(Numbers(2, 32 * inputs, 0.1f), type, 32, inputs), second = Encode(Numbers(3, 32 * inputs, 0.02f), type, 32, inputs);
        float[] x = ExactNumbers(rows, inputs), s = Numbers(4, outputs), add = Numbers(5, rows * outputs), b = Numbers(6, 32);
        using WeightStore store = Backend(level).CreateStore();
        LinearWeights weights = store.Linear([(first, Weight(b, 32)), (second, null)], Weight(s, outputs));
        using Inference run = store.Begin();
        Tensor y = run.Linear(run.Upload(x, rows, inputs), weights, Activation.Gelu, run.Upload(add, rows, outputs));
        double[] expected = Reference.Linear(x, rows, inputs, [.. first.ToArray(), .. second.ToArray()], [.. b, .. new float[32]], outputs);
        for (int i = 0; i < expected.Length; i++)
        {
            expected[i] = add[i] + s[i % outputs] * Reference.Gelu(expected[i]);
        }

        Close(expected, Download(run, y), IsShorts(level, type) ? 0.01 : 1e-3);
    }

    [Theory, MemberData(nameof(LevelsAndTypes))]
    public void Convolutions_match_a_scalar_loop(string level, ElementType type)
    {
        using WeightStore store = Backend(level).CreateStore();
        foreach (Conv1dShape shape in new[]
        {
            new Conv1dShape(1, 40, 10, 5), new Conv1dShape(32, 48, 3, 2), new Conv1dShape(6, 20, 2, 2), new Conv1dShape(5, 7, 3, 1), new Conv1dShape(64, 64, 19, 1, 9, 4),
        })
        {
            int channels = shape.InputChannels / shape.Groups;
            WeightData weight = Encode(Numbers(1, shape.OutputChannels * channels * shape.Kernel, 0.1f), type, shape.OutputChannels, channels, shape.Kernel);
            int[] lengths = [60, 33];
            float[] x = ExactNumbers(lengths.Sum(), shape.InputChannels), b = Numbers(2, shape.OutputChannels);
            Conv1dWeights weights = store.Conv1d(weight, Weight(b, shape.OutputChannels), shape);
            using Inference run = store.Begin();
            Sequences inputs = run.Sequences(lengths), outputs = run.Sequences(inputs, shape);
            Tensor y = run.Allocate(outputs.Rows, shape.OutputChannels);
            run.Conv1d(run.Upload(x, lengths.Sum(), shape.InputChannels), inputs, weights, null, Activation.None, y, outputs);
            float[] actual = Download(run, y);
            int start = 0, from = 0;
            foreach (int length in lengths)
            {
                double[] expected = Scalar(x.AsSpan(from * shape.InputChannels), length, weight.ToArray(), b, shape);
                Close(expected, actual.AsSpan(start, expected.Length), IsShorts(level, type) ? 0.05 : 0.02);
                start += expected.Length;
                from += length;
            }
        }
    }

    [Theory, MemberData(nameof(LevelsAndTypes))]
    public void Attention_matches_a_scalar_loop_with_every_kind_of_bias(string level, ElementType type) =>
        OperationChecks.Attention(Backend(level), [(1, 2, 16), (5, 4, 16), (33, 3, 7), (33, 3, 6), (197, 1, 64), (300, 1, 20), (531, 2, 8)], type, 0.02);

    [Theory, MemberData(nameof(LevelsAndTypes))]
    public void Attention_gives_a_sequence_the_same_bits_alone_and_in_a_batch(string level, ElementType type)
    {
        const int heads = 3, columns = heads * 20;
        int[] lengths = [5, 131, 1, 600, 14, 15];
        int rows = lengths.Sum();
        using WeightStore store = Backend(level).CreateStore();
        store.Linear([(Encode(Numbers(1, 32 * 64), type, 32, 64), null)]);
        using Inference run = store.Begin();
        Tensor x = run.Upload(Numbers(2, rows * 3 * columns), rows, 3 * columns);
        float[] all = Attend(x, lengths);
        int start = 0;
        foreach (int length in lengths)
        {
            Assert.Equal(all[(start * columns)..((start + length) * columns)], Attend(x.SliceRows(start, length), [length]));
            start += length;
        }

        float[] Attend(Tensor x, int[] lengths)
        {
            Tensor y = run.Allocate(x.Rows, columns);
            run.Attention(
                x.SliceColumns(0, columns), x.SliceColumns(columns, columns), x.SliceColumns(2 * columns, columns), run.Sequences(lengths), heads, 0.2f, default, y);
            return Download(run, y);
        }
    }

    [Theory, MemberData(nameof(LevelsAndTypes))]
    public void Rounding_of_the_inputs_stays_within_its_bound_and_rows_are_independent(string level, ElementType type)
    {
        const int rows = 30, inputs = 777, outputs = 96;
        WeightData weight = Encode(Numbers(2, outputs * inputs, 0.05f), type, outputs, inputs);
        float[] x = Numbers(1, rows * inputs), none = new float[outputs];
        using WeightStore store = Backend(level).CreateStore();
        LinearWeights weights = store.Linear([(weight, null)]);
        using Inference run = store.Begin();
        float[] actual = Download(run, run.Linear(run.Upload(x, rows, inputs), weights));
        double[] expected = Reference.Linear(x, rows, inputs, weight.ToArray(), none, outputs);
        double error = Math.Sqrt(expected.Zip(actual, (a, b) => (a - b) * (a - b)).Sum() / expected.Sum(value => value * value));
        Assert.InRange(error, 0, type == ElementType.I8 ? 0.02 : 0.004);
        Assert.Equal(actual[(7 * outputs)..(8 * outputs)], Download(run, run.Linear(run.Upload(x.AsSpan(7 * inputs, inputs), 1, inputs), weights)));
    }

    [Theory, MemberData(nameof(LevelsAndTypes))]
    public void A_few_large_numbers_in_a_row_leave_the_others_their_accuracy(string level, ElementType type)
    {
        const int rows = 16, outputs = 48;
        foreach (int inputs in new[] { 3, 40, 70, 768 })
        {
            WeightData weight = Encode(Numbers(2, outputs * inputs, 0.05f), type, outputs, inputs);
            float[] x = Numbers(1, rows * inputs), large = [.. x];
            var random = new Random(inputs);
            for (int row = 0; row < rows; row++)
            {
                // bf16 has the large numbers exactly.
                for (int i = 0; i < row % 9; i++)
                {
                    large[row * inputs + random.Next(inputs)] = (random.Next(2) == 0 ? -1 : 1) * MathF.ScaleB(random.Next(3, 6), 3 + row % 3);
                }
            }

            using WeightStore store = Backend(level).CreateStore();
            LinearWeights weights = store.Linear([(weight, null)]);
            using Inference run = store.Begin();
            float[] actual = Download(run, run.Linear(run.Upload(large, rows, inputs), weights));
            double[] expected = Reference.Linear(large, rows, inputs, weight.ToArray(), new float[outputs], outputs);
            double[] without = Reference.Linear(x, rows, inputs, weight.ToArray(), new float[outputs], outputs);
            double error = Math.Sqrt(expected.Zip(actual, (a, b) => (a - b) * (a - b)).Sum() / without.Sum(value => value * value));
            Assert.InRange(error, 0, 0.01);
        }
    }

    [Theory, MemberData(nameof(LevelsAndTypes))]
    public void Numbers_of_one_sign_use_the_whole_range_of_bytes(string level, ElementType type)
    {
        const int rows = 16, inputs = 777, outputs = 48;
        WeightData weight = Encode(Numbers(2, outputs * inputs, 0.05f), type, outputs, inputs);
        float[] x = [.. Numbers(1, rows * inputs).Select((value, i) => i / inputs % 2 == 0 ? MathF.Abs(value) : -MathF.Abs(value))];
        using WeightStore store = Backend(level).CreateStore();
        LinearWeights weights = store.Linear([(weight, null)]);
        using Inference run = store.Begin();
        float[] actual = Download(run, run.Linear(run.Upload(x, rows, inputs), weights));
        double[] expected = Reference.Linear(x, rows, inputs, weight.ToArray(), new float[outputs], outputs);
        double error = Math.Sqrt(expected.Zip(actual, (a, b) => (a - b) * (a - b)).Sum() / expected.Sum(value => value * value));
        Assert.InRange(error, 0, 0.006);
    }

    [Theory, MemberData(nameof(LevelsAndTypes))]
    public void Panels_give_the_same_bits_as_rows(string level, ElementType type) => OperationChecks.Panels(Backend(level), type);

    [Theory, MemberData(nameof(LevelsAndTypes))]
    public void Numbers_that_are_not_finite_make_only_that_row_of_the_result_not_finite(string level, ElementType type)
    {
        const int inputs = 70, outputs = 32;
        using WeightStore store = Backend(level).CreateStore();
        LinearWeights weights = store.Linear([(Encode(Numbers(2, outputs * inputs), type, outputs, inputs), null)]);
        foreach ((int place, float value) in new[] { (0, float.NaN), (20, float.NaN), (69, float.NaN), (20, float.PositiveInfinity), (69, float.NegativeInfinity) })
        {
            float[] x = Numbers(1, 2 * inputs);
            x[place] = value;
            using Inference run = store.Begin();
            float[] y = Download(run, run.Linear(run.Upload(x, 2, inputs), weights));
            Assert.All(y[..outputs], number => Assert.False(float.IsFinite(number)));
            Assert.All(y[outputs..], number => Assert.True(float.IsFinite(number)));
        }
    }

    private static bool IsShorts(string level, ElementType type) => type == ElementType.BF16 && level == nameof(CpuLevel.Avx512Vnni);

    /// <summary>
    /// Whole numbers, from -127 to 128 in each row: the range of a byte. All are more than half as large, so that none is large beside the others.
    /// </summary>
    private static float[] ExactNumbers(int rows, int columns)
    {
        var random = new Random(rows * 1000 + columns);
        var numbers = new float[rows * columns];
        for (int row = 0; row < rows; row++)
        {
            Span<float> of = numbers.AsSpan(row * columns, columns);
            foreach (ref float number in of)
            {
                number = random.Next(65, 128) * (random.Next(2) == 0 ? -1 : 1);
            }

            of[0] = -127;
            of[^1] = 128;
            random.Shuffle(of);
        }

        return numbers;
    }

    private static double[] Scalar(ReadOnlySpan<float> x, int length, float[] w, float[] b, Conv1dShape shape)
    {
        int channels = shape.InputChannels / shape.Groups, outputsOfGroup = shape.OutputChannels / shape.Groups, outputs = shape.OutputLength(length);
        var y = new double[outputs * shape.OutputChannels];
        for (int t = 0; t < outputs; t++)
        {
            for (int o = 0; o < shape.OutputChannels; o++)
            {
                double sum = b[o];
                for (int k = 0; k < shape.Kernel; k++)
                {
                    int row = t * shape.Stride + k - shape.Padding;
                    for (int c = 0; c < channels && row >= 0 && row < length; c++)
                    {
                        sum += (double)w[(o * channels + c) * shape.Kernel + k] * x[row * shape.InputChannels + o / outputsOfGroup * channels + c];
                    }
                }

                y[t * shape.OutputChannels + o] = sum;
            }
        }

        return y;
    }
}
