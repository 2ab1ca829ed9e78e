using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Tests;

/// <summary>The operations of any backend, each against plain loops in double precision.</summary>
internal static class OperationChecks
{
    /// <summary>Linear layers.</summary>
    public static void Linear(Backend backend, IEnumerable<(int Rows, int Inputs, int Outputs)> sizes)
    {
        using WeightStore store = backend.CreateStore();
        foreach ((int rows, int inputs, int outputs) in sizes)
        {
            float[] x = Numbers(1, rows * inputs), w = Numbers(2, outputs * inputs, 1f / MathF.Sqrt(inputs)), b = Numbers(3, outputs);
            LinearWeights weights = store.Linear([(Weight(w, outputs, inputs), Weight(b, outputs))]);
            using Inference run = store.Begin();
            Tensor y = run.Linear(run.Upload(x, rows, inputs), weights);
            Close(Reference.Linear(x, rows, inputs, w, b, outputs), Download(run, y), 1e-5);
        }
    }

    /// <summary>What follows a product.</summary>
    public static void LinearWithAllThatFollows(Backend backend)
    {
        const int rows = 37, inputs = 50, outputs = 72;
        float[] x = Numbers(1, rows * inputs), w = Numbers(2, outputs * inputs, 0.2f), b = Numbers(3, outputs), s = Numbers(4, outputs), add = Numbers(5, rows * outputs);
        using WeightStore store = backend.CreateStore();
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

    /// <summary>Convolutions over several sequences.</summary>
    public static void Conv1d(Backend backend, int[] lengths, IEnumerable<Conv1dShape> shapes)
    {
        using WeightStore store = backend.CreateStore();
        foreach (Conv1dShape shape in shapes)
        {
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

    /// <summary>Normalization, of a sum and before an activation.</summary>
    public static void Norm(Backend backend, int rows, IEnumerable<int> sizes)
    {
        using WeightStore store = backend.CreateStore();
        foreach (int columns in sizes)
        {
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

    /// <summary>Attention within two sequences, with every kind of bias.</summary>
    public static void Attention(Backend backend, IEnumerable<(int Length, int Heads, int Size)> sizes)
    {
        foreach ((int length, int heads, int size) in sizes)
        {
            int columns = heads * size;
            int[] lengths = [length, length];
            float[] q = Numbers(1, 2 * length * columns), k = Numbers(2, 2 * length * columns), v = Numbers(3, 2 * length * columns);
            float[] table = Numbers(4, heads * length * length), slopes = [.. Numbers(5, heads).Select(MathF.Abs)];
            double scale = 1 / Math.Sqrt(size);
            using WeightStore store = backend.CreateStore();
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

    /// <summary>Means of sequences, and vectors of a table, put or added.</summary>
    public static void MeansAndLookups(Backend backend)
    {
        float[] table = Numbers(1, 10 * 37);
        using WeightStore store = backend.CreateStore();
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

    /// <summary>The exact GELU, by its relative accuracy.</summary>
    public static void Gelu(Backend backend, int points)
    {
        var x = new float[points];
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = (i - points / 2) * (25.6f / points);
        }

        using WeightStore store = backend.CreateStore();
        NormWeights norm = store.Norm(Weight([0f, 1f], 2), null, 2, 1e-5f);
        LinearWeights identity = store.Linear([(Weight([1f], 1, 1), Weight([0f], 1))]);
        Assert.Equal(2, norm.Size);
        using Inference run = store.Begin();
        float[] y = Download(run, run.Linear(run.Upload(x, x.Length, 1), identity, Activation.Gelu));
        for (int i = 0; i < x.Length; i++)
        {
            double expected = Reference.Gelu(x[i]);
            Assert.True(Math.Abs(y[i] - expected) <= 2e-6 * Math.Abs(expected) + 1e-37, $"gelu({x[i]}) = {y[i]}, not {expected}");
        }
    }
}
