using Data2Vec.Architectures;
using Data2Vec.Kernels.Cpu;
using Data2Vec.Training.Network;
using Data2Vec.Training.Tests.Updates;

namespace Data2Vec.Training.Tests.Network;

/// <summary>What must not matter: packing, threads, and whether activations are kept or computed again. Everything that is random is on.</summary>
public class InvarianceTests
{
    private static readonly RecordingOptions s_options = new() { Dropout = ModelGradientTests.AllDropouts, Seed = 4, Update = 17 };

    [Fact]
    public void Speech() => Check(TinyModels.Speech(ModelArchitecture.Data2Vec2Audio, ["-", "a", "b"]), TinyModels.Floats(700, 10, 410, 123), bound: 2e-6);

    [Fact]
    public void Text() => Check(TinyModels.Text(labels: ["a", "b"]), TinyModels.Tokens(9, 1, 6, 12), bound: 1e-6);

    [Fact]
    public void Vision() => Check(TinyModels.Vision(labels: ["a", "b"]), TinyModels.Floats(192, 192, 192), bound: 1e-6);

    [Fact]
    public void Vision_of_data2vec_2() => Check(TinyModels.Vision(ModelArchitecture.Data2Vec2Vision), TinyModels.Floats(192, 192, 192), bound: 1e-6);

    private static void Check<T>(ModelConfig config, ReadOnlyMemory<T>[] inputs, double bound)
    {
        long[] items = [.. Enumerable.Range(0, inputs.Length).Select(i => 5L * i + (1L << 40))];
        RecordingOptions recomputed = s_options with { KeptBytes = 0 }, partly = s_options with { KeptBytes = 20_000 };
        using TrainableNetwork<T> network = GradientCheck.Network<T>(config, backend: new CpuBackend(1)), threaded = GradientCheck.Network<T>(config, backend: new CpuBackend(4));
        float[][] expected = GradientCheck.Of(network, inputs, s_options, items).Gradients();
        Assert.True(network.Buffers.HasGradient.Count(has => has) > 15);

        GradientComparison.Equal(network, expected, GradientCheck.Of(network, inputs, s_options, items).Gradients());
        GradientComparison.Equal(network, expected, GradientCheck.Of(threaded, inputs, s_options, items).Gradients());
        GradientComparison.Equal(network, expected, GradientCheck.Of(network, inputs, recomputed, items).Gradients());
        GradientComparison.Equal(network, expected, GradientCheck.Of(threaded, inputs, partly, items).Gradients());

        // An update of another number draws other masks.
        float[][] other = GradientCheck.Of(network, inputs, s_options with { Update = 18 }, items).Gradients();
        Assert.Contains(expected.Zip(other), pair => !pair.First.AsSpan().SequenceEqual(pair.Second));

        // The factors of the loss belong to places in the batch: equal ones make items comparable.
        float[][] together = Sum(network, [inputs], [items]);
        GradientComparison.Close(network, together, Sum(network, [[.. inputs.Reverse()]], [[.. items.Reverse()]]), bound);
        GradientComparison.Close(network, together, Sum(network, [.. inputs.Select(input => new[] { input })], [.. items.Select(item => new[] { item })]), bound);
        GradientComparison.Close(network, together, Sum(network, [inputs[..1], inputs[1..]], [items[..1], items[1..]]), bound);
    }

    /// <summary>The sum of the gradients of batches. The loss is a sum over rows with the same factors for each row.</summary>
    private static float[][] Sum<T>(TrainableNetwork<T> network, ReadOnlyMemory<T>[][] batches, long[][] items)
    {
        network.Buffers.ClearGradients();
        for (int i = 0; i < batches.Length; i++)
        {
            GradientCheck<T> check = GradientCheck.Of(network, batches[i], s_options, items[i]);
            check.HasEqualRows = true;
            check.Accumulate();
        }

        return TinyRuns.Gradients(network);
    }
}
