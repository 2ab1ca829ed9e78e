using static Data2Vec.Kernels.Tests.CpuFixture;

namespace Data2Vec.Kernels.Tests;

/// <summary>Every operation of the CPU backend, at every register width of this machine, against plain loops in double precision.</summary>
public class CpuOperationTests
{
    public static TheoryData<string> Levels => CpuFixture.Levels;

    [Theory, MemberData(nameof(Levels))]
    public void Linear_layers_of_all_sizes_match_a_scalar_loop(string level)
    {
        using WeightStore store = Backend(level).CreateStore();
        foreach ((int rows, int inputs, int outputs) in new[]
        {
            (1, 1, 1), (1, 7, 3), (2, 16, 16), (3, 64, 32), (13, 33, 47), (14, 31, 48), (15, 100, 64), (29, 65, 33), (100, 48, 80), (31, 2500, 40), (260, 70, 130),
        })
        {
            float[] x = Numbers(1, rows * inputs), w = Numbers(2, outputs * inputs, 1f / MathF.Sqrt(inputs)), b = Numbers(3, outputs);
            LinearWeights weights = store.Linear([(Weight(w, outputs, inputs), Weight(b, outputs))]);
            using Inference run = store.Begin();
            Tensor y = run.Linear(run.Upload(x, rows, inputs), weights);
            Close(Reference.Linear(x, rows, inputs, w, b, outputs), Download(run, y), 1e-5);
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Activation_scale_and_residual_follow_the_product(string level)
    {
        const int rows = 37, inputs = 50, outputs = 72;
        float[] x = Numbers(1, rows * inputs), w = Numbers(2, outputs * inputs, 0.2f), b = Numbers(3, outputs), s = Numbers(4, outputs), add = Numbers(5, rows * outputs);
        using WeightStore store = Backend(level).CreateStore();
        LinearWeights weights = store.Linear([(Weight(w, outputs, inputs), Weight(b, outputs))], Weight(s, outputs));
        using Inference run = store.Begin();
        Tensor residual = run.Upload(add, rows, outputs);
        Tensor y = run.Linear(run.Upload(x, rows, inputs), weights, Activation.Gelu, residual);
        double[] expected = Reference.Linear(x, rows, inputs, w, b, outputs);
        for (int i = 0; i < expected.Length; i++)
        {
            expected[i] = add[i] + s[i % outputs] * Reference.Gelu(expected[i]);
        }

        Close(expected, Download(run, y), 1e-5);
    }

    [Theory, MemberData(nameof(Levels))]
    public void Several_parts_make_one_layer(string level)
    {
        foreach ((int outputs, bool panels) in new[] { (32, false), (24, false), (32, true), (48, true), (20, true) })
        {
            const int rows = 20, inputs = 40;
            float[] x = Numbers(1, rows * inputs), w = Numbers(2, 2 * outputs * inputs, 0.2f), b = Numbers(3, outputs);
            using WeightStore store = Backend(level).CreateStore();
            LinearWeights weights = store.Linear(
            [
                (Part(w[..(outputs * inputs)]), Weight(b, outputs)),
                (Part(w[(outputs * inputs)..]), null),
            ]);
            using Inference run = store.Begin();
            Tensor y = run.Linear(run.Upload(x, rows, inputs), weights);
            Close(Reference.Linear(x, rows, inputs, w, [.. b, .. new float[outputs]], 2 * outputs), Download(run, y), 1e-5);

            WeightData Part(float[] rows)
            {
                if (!panels)
                {
                    return Weight(rows, outputs, inputs);
                }

                var packed = new float[PanelLayout.Size(outputs, inputs)];
                for (int i = 0; i < rows.Length; i++)
                {
                    packed[PanelLayout.Offset(outputs, inputs, 1, i / inputs, i % inputs)] = rows[i];
                }

                return Weight(packed, outputs, inputs) with { Layout = WeightLayout.Panels };
            }
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void A_grouped_convolution_in_panels_is_the_one_in_rows(string level)
    {
        var shape = new Conv1dShape(40, 80, 3, 1, 1, 2);
        const int length = 30, channels = 20;
        float[] w = Numbers(1, 80 * channels * 3), x = Numbers(2, length * 40);
        var packed = new float[PanelLayout.Size(80, channels * 3, 2)];
        for (int i = 0; i < w.Length; i++)
        {
            packed[PanelLayout.Offset(80, channels * 3, 2, i / (channels * 3), i % 3 * channels + i / 3 % channels)] = w[i];
        }

        WeightData rows = Weight(w, 80, channels, 3);
        WeightData panels = Weight(packed, 80, channels, 3) with { Layout = WeightLayout.Panels, Groups = 2 };
        Assert.Equal(w, panels.ToArray());
        using WeightStore store = Backend(level).CreateStore();
        using Inference run = store.Begin();
        Sequences sequence = run.Sequences([length]);
        float[][] results = [.. new[] { rows, panels }.Select(weight =>
        {
            Tensor y = run.Allocate(length, 80);
            run.Conv1d(run.Upload(x, length, 40), sequence, store.Conv1d(weight, null, shape), null, Activation.None, y, sequence);
            return Download(run, y);
        })];
        Assert.Equal(results[0], results[1]);
    }

    [Theory, MemberData(nameof(Levels))]
    public void Gelu_is_within_rounding_of_the_exact_one_everywhere(string level)
    {
        float[] x = [.. Enumerable.Range(-2048, 4096).Select(i => i / 160f), 1e-8f, -1e-8f, 40f, -40f, 1e30f, -1e30f, float.MinValue];
        using WeightStore store = Backend(level).CreateStore();
        LinearWeights identity = store.Linear([(Weight([1f], 1, 1), Weight([0f], 1))]);
        using Inference run = store.Begin();
        float[] y = Download(run, run.Linear(run.Upload(x, x.Length, 1), identity, Activation.Gelu));
        for (int i = 0; i < x.Length; i++)
        {
            double expected = Reference.Gelu(x[i]);
            Assert.True(Math.Abs(y[i] - expected) <= 2.5e-7 * Math.Abs(x[i]), $"gelu({x[i]}) = {y[i]}, not {expected}");
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Convolutions_within_sequences_match_a_scalar_loop(string level)
    {
        using WeightStore store = Backend(level).CreateStore();
        foreach (Conv1dShape shape in new Conv1dShape[]
        {
            new(1, 32, 10, 5), new(1, 20, 3, 2), new(32, 32, 3, 2), new(20, 40, 2, 2), new(64, 64, 19, 1, 9, 16), new(96, 96, 5, 1, 2, 2), new(600, 33, 3, 1),
        })
        {
            int[] lengths = [71, 10, 33];
            int channels = shape.InputChannels / shape.Groups;
            float[] x = Numbers(1, lengths.Sum() * shape.InputChannels);
            float[] w = Numbers(2, shape.OutputChannels * channels * shape.Kernel, 1f / MathF.Sqrt(channels * shape.Kernel)), b = Numbers(3, shape.OutputChannels);
            Conv1dWeights weights = store.Conv1d(Weight(w, shape.OutputChannels, channels, shape.Kernel), Weight(b, shape.OutputChannels), shape);
            using Inference run = store.Begin();
            Sequences inputs = run.Sequences(lengths);
            Sequences outputs = run.Sequences(inputs, shape);
            Tensor y = run.Allocate(outputs.Rows, shape.OutputChannels);
            run.Conv1d(run.Upload(x, inputs.Rows, shape.InputChannels), inputs, weights, null, Activation.None, y, outputs);
            double[] expected = [.. Enumerable.Range(0, lengths.Length).SelectMany(i => Reference.Conv1d(
                x[(inputs.Start(i) * shape.InputChannels)..(inputs.Start(i + 1) * shape.InputChannels)], lengths[i], shape, w, b))];
            Close(expected, Download(run, y), 1e-5);
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Normalization_matches_a_scalar_loop(string level)
    {
        using WeightStore store = Backend(level).CreateStore();
        foreach (int columns in new[] { 1, 2, 15, 16, 17, 64, 100, 768 })
        {
            const int rows = 35;
            float[] x = Numbers(1, rows * columns), add = Numbers(2, rows * columns), gain = Numbers(3, columns), bias = Numbers(4, columns);
            NormWeights norm = store.Norm(Weight(gain, columns), Weight(bias, columns), columns, 1e-5f);
            using Inference run = store.Begin();
            Tensor sum = run.Upload(x, rows, columns);
            run.LayerNorm(sum, norm, sum, run.Upload(add, rows, columns));
            Close(Reference.LayerNorm([.. x.Zip(add, (a, b) => (double)(a + b))], columns, gain, bias, 1e-5), Download(run, sum), 1e-4);

            Tensor alone = run.Upload(x, rows, columns);
            run.LayerNorm(alone, norm, alone, default, Activation.Gelu);
            Close([.. Reference.LayerNorm([.. x.Select(a => (double)a)], columns, gain, bias, 1e-5).Select(Reference.Gelu)], Download(run, alone), 1e-4);
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Attention_matches_a_scalar_loop_with_every_kind_of_bias(string level)
    {
        foreach ((int length, int heads, int size) in new[] { (1, 2, 16), (5, 4, 16), (33, 3, 8), (197, 2, 64), (300, 1, 20), (530, 2, 32) })
        {
            int columns = heads * size;
            int[] lengths = [length, length];
            float[] q = Numbers(1, 2 * length * columns), k = Numbers(2, 2 * length * columns), v = Numbers(3, 2 * length * columns);
            float[] table = Numbers(4, heads * length * length), slopes = [.. Numbers(5, heads).Select(MathF.Abs)];
            double scale = 1 / Math.Sqrt(size);
            using WeightStore store = Backend(level).CreateStore();
            using Inference run = store.Begin();
            Sequences sequences = run.Sequences(lengths);
            Tensor tq = run.Upload(q, 2 * length, columns), tk = run.Upload(k, 2 * length, columns), tv = run.Upload(v, 2 * length, columns);
            var kinds = new (AttentionBias Bias, Func<int, int, int, double> Scalar)[]
            {
                (default, (_, _, _) => 0),
                (new AttentionBias(Table: run.Upload(table, heads * length, length)), (h, i, j) => table[(h * length + i) * length + j]),
                (new AttentionBias(Slopes: run.Upload(slopes, 1, heads)), (h, i, j) => -slopes[h] * Math.Abs(i - j)),
            };
            foreach ((AttentionBias bias, Func<int, int, int, double> scalar) in kinds)
            {
                Tensor y = run.Allocate(2 * length, columns);
                run.Attention(tq, tk, tv, sequences, heads, (float)scale, bias, y);
                int half = length * columns;
                double[] expected =
                [
                    .. Reference.Attention(q[..half], k[..half], v[..half], length, heads, size, scale, scalar),
                    .. Reference.Attention(q[half..], k[half..], v[half..], length, heads, size, scale, scalar),
                ];
                Close(expected, Download(run, y), 1e-5);
            }
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void A_row_has_the_same_bits_alone_and_among_others_on_one_thread_and_on_many(string level)
    {
        const int inputs = 1500, outputs = 96, rows = 230;
        float[] x = Numbers(1, rows * inputs), w = Numbers(2, outputs * inputs);
        float[]? first = null;
        foreach (int threads in new[] { 1, 2, 5 })
        {
            using WeightStore store = Backend(level, threads).CreateStore();
            LinearWeights weights = store.Linear([(Weight(w, outputs, inputs), null)]);
            using Inference run = store.Begin();
            float[] all = Download(run, run.Linear(run.Upload(x, rows, inputs), weights, Activation.Gelu));
            first ??= all;
            Assert.Equal(first, all);
            foreach (int row in new[] { 0, 13, 14, 111, 112, 229 })
            {
                float[] alone = Download(run, run.Linear(run.Upload(x.AsSpan(row * inputs, inputs), 1, inputs), weights, Activation.Gelu));
                Assert.Equal(all[(row * outputs)..((row + 1) * outputs)], alone);
            }
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Means_and_lookups_match_a_scalar_loop(string level)
    {
        float[] table = Numbers(1, 10 * 37);
        using WeightStore store = Backend(level).CreateStore();
        EmbeddingWeights weights = store.Embedding(Weight(table, 10, 37));
        using Inference run = store.Begin();
        Tensor x = run.Allocate(3, 37);
        run.Embed([4, 9, 0], weights, x);
        run.Embed([1, 1, 2], weights, x, add: true);
        double[] expected = [.. new[] { (4, 1), (9, 1), (0, 2) }.SelectMany(pair => Enumerable.Range(0, 37).Select(i => (double)table[pair.Item1 * 37 + i] + table[pair.Item2 * 37 + i]))];
        Close(expected, Download(run, x), 1e-6);
        Tensor means = run.MeanOfSequences(x, run.Sequences([1, 2]));
        Close([.. expected[..37], .. Enumerable.Range(0, 37).Select(i => (expected[37 + i] + expected[74 + i]) / 2)], Download(run, means), 1e-6);
        Assert.Throws<ArgumentOutOfRangeException>(() => run.Embed([10, 0, 0], weights, x));
        Assert.Throws<ArgumentOutOfRangeException>(() => run.Embed([-1, 0, 0], weights, x));
    }

    [Theory, MemberData(nameof(Levels))]
    public void Threads_may_run_at_once_and_memory_stays_the_same(string level)
    {
        const int inputs = 64, outputs = 64, rows = 200;
        float[] x = Numbers(1, rows * inputs), w = Numbers(2, outputs * inputs);
        using WeightStore store = Backend(level, 3).CreateStore();
        LinearWeights weights = store.Linear([(Weight(w, outputs, inputs), null)]);
        float[] expected;
        using (Inference run = store.Begin())
        {
            expected = Download(run, run.Linear(run.Upload(x, rows, inputs), weights));
        }

        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            using Inference run = store.Begin();
            Assert.Equal(expected, Download(run, run.Linear(run.Upload(x, rows, inputs), weights)));
        });
    }
}
