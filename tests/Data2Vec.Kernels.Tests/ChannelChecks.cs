using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Tests;

/// <summary>Checks norms of channels over time, and sums of tensors, of any backend against plain loops in double precision.</summary>
internal static class ChannelChecks
{
    /// <summary>Moments and norms of channels, of sequences of several lengths, one of them empty.</summary>
    public static void Norm(Backend backend, int[] lengths, IEnumerable<int> channels, ElementType activations = ElementType.F32)
    {
        using WeightStore store = backend.CreateStore();
        foreach (int count in channels)
        {
            // Channels far from 0 show whether the distances from the mean are squared, or the numbers.
            float[] x = Rounded(activations, [.. Numbers(1, lengths.Sum() * count).Select((value, i) => value + i % count % 3 * 4)]);
            float[] gain = Numbers(2, count), bias = Numbers(3, count);
            NormWeights norm = store.Norm(Weight(gain, count), Weight(bias, count), count, 1e-5f);
            using Inference run = store.Begin();
            Sequences sequences = run.Sequences(lengths);
            Tensor input = Put(run, x, sequences.Rows, count, activations), output = run.Allocate(sequences.Rows, count);
            Tensor moments = run.Allocate(lengths.Length, 2 * count, ElementType.F32);
            run.ChannelMoments(input, sequences, moments);
            var expectedMoments = new List<double>();
            var expected = new List<double>();
            for (int start = 0, i = 0; i < lengths.Length; start += lengths[i++])
            {
                (double[] means, double[] variances) = Reference.ChannelMoments(x.AsSpan(start * count, lengths[i] * count), count);
                expectedMoments.AddRange([.. means, .. variances]);
                expected.AddRange(Enumerable.Range(start * count, lengths[i] * count).Select(place => Reference.Gelu(
                    (x[place] - means[place % count]) / Math.Sqrt(variances[place % count] + 1e-5) * gain[place % count] + bias[place % count])));
            }

            Close([.. expectedMoments], Download(run, moments), 2e-6);
            run.ChannelNorm(input, sequences, moments, norm, Activation.Gelu, output);
            Close([.. expected], Download(run, output), 1e-5, output.Type);
            run.ChannelNorm(input, sequences, moments, norm, Activation.Gelu, input);
            Assert.Equal(Download(run, output), Download(run, input));
        }
    }

    /// <summary>Sums, also of one row that is added to each.</summary>
    public static void Add(Backend backend, int rows, int columns, ElementType activations = ElementType.F32)
    {
        using WeightStore store = backend.CreateStore();
        using Inference run = store.Begin();
        float[] x = Rounded(activations, Numbers(1, rows * columns)), y = Rounded(activations, Numbers(2, rows * columns));
        Tensor source = Put(run, x, rows, columns, activations), destination = Put(run, y, rows, columns, activations);
        run.Add(source, destination);
        Close([.. x.Zip(y, (a, b) => (double)a + b)], Download(run, destination), 1e-6, activations);
        run.Upload(y, destination);
        run.Add(source with { Stride = 0 }, destination);
        Close([.. y.Select((value, i) => (double)value + x[i % columns])], Download(run, destination), 1e-6, activations);
    }

    /// <summary>Tensors that do not fit are refused.</summary>
    public static void Refused(Backend backend)
    {
        using WeightStore store = backend.CreateStore();
        using Inference run = store.Begin();
        Tensor x = run.Upload(new float[3 * 8], 3, 8), moments = run.Allocate(2, 16, ElementType.F32);
        Sequences sequences = run.Sequences([1, 2]);
        NormWeights norm = store.Norm(null, null, 8, 1e-5f), other = store.Norm(null, null, 4, 1e-5f);
        Assert.Throws<ArgumentException>(() => run.ChannelMoments(x, run.Sequences([2]), moments.SliceRows(0, 1)));
        Assert.Throws<ArgumentException>(() => run.ChannelMoments(x, sequences, moments.SliceRows(0, 1)));
        Assert.Throws<ArgumentException>(() => run.ChannelMoments(x, sequences, moments.SliceColumns(0, 8)));
        Assert.Throws<ArgumentException>(() => run.ChannelNorm(x, sequences, moments, other, Activation.None, x));
        Assert.Throws<ArgumentException>(() => run.ChannelNorm(x, sequences, moments, norm, Activation.None, x.SliceRows(0, 2)));
        Assert.Throws<ArgumentException>(() => run.Add(x, x.SliceRows(0, 2)));
    }
}
