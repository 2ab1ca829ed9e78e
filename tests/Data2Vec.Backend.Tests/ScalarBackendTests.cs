using System.Runtime.InteropServices;
using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;

namespace Data2Vec.Backend.Tests;

/// <summary>A backend outside the repository's own assemblies computes what the CPU backend computes.</summary>
public class ScalarBackendTests
{
    private const double Tolerance = 1e-4;

    [Fact]
    public void Linear_layers_agree() => Compare((store, run, data) =>
    {
        LinearWeights weights = store.Linear([(data.Weight(40, 30), data.Weight(40)), (data.Weight(24, 30), null)], data.Weight(64));
        Tensor x = data.Tensor(run, 9, 30), residual = data.Tensor(run, 9, 64), output = run.Allocate(9, 64), normed = run.Allocate(9, 64);
        run.LinearNorm(x, weights, store.Norm(data.Weight(64), data.Weight(64), 64, 1e-5f), output, normed, residual);
        return [run.Linear(x, weights), run.Linear(x, weights, Activation.Gelu, residual), run.Linear(x, weights, Activation.Relu), output, normed];
    });

    [Fact]
    public void Convolutions_of_sequences_agree() => Compare((store, run, data) =>
    {
        Sequences inputs = run.Sequences([12, 7]);
        Tensor x = data.Tensor(run, 19, 8);
        return
        [
            .. new[] { new Conv1dShape(8, 12, 3, 2, 1, 2), new Conv1dShape(8, 20, 2) }.SelectMany(shape =>
            {
                WeightData weight = data.Weight(shape.OutputChannels, 8 / shape.Groups, shape.Kernel), bias = data.Weight(shape.OutputChannels);
                Conv1dWeights weights = store.Conv1d(weight, bias, shape);
                Sequences outputs = run.Sequences(inputs, shape);
                Tensor plain = run.Allocate(outputs.Rows, shape.OutputChannels), normed = run.Allocate(outputs.Rows, shape.OutputChannels);
                run.Conv1d(x, inputs, weights, null, Activation.None, plain, outputs);
                run.Conv1d(x, inputs, weights, store.Norm(null, null, shape.OutputChannels, 1e-5f), Activation.Gelu, normed, outputs);
                return new[] { plain, normed };
            }),
        ];
    });

    [Fact]
    public void Convolutions_and_pooling_of_images_agree() => Compare((store, run, data) =>
    {
        var shape = new Conv2dShape(3, 20, 3, 2, 1);
        Tensor x = data.Tensor(run, 2 * 7 * 6, 3), output = run.Allocate(2 * 4 * 3, 20), pooled = run.Allocate(2 * 3 * 3, 3);
        run.Conv2d(x, 7, 6, store.Conv2d(data.Weight(20, 3, 3, 3), data.Weight(20), shape), Activation.Relu, output);
        run.MaxPool2d(x, 7, 6, 2, 2, pooled);
        return [output, pooled];
    });

    [Fact]
    public void Normalization_and_copies_agree() => Compare((store, run, data) =>
    {
        Tensor x = data.Tensor(run, 5, 33), residual = data.Tensor(run, 5, 33), output = run.Allocate(5, 33), copy = run.Allocate(5, 33);
        run.LayerNorm(x, store.Norm(data.Weight(33), data.Weight(33), 33, 1e-5f), output, residual, Activation.Gelu);
        run.Copy(x, copy);
        return [output, copy];
    });

    [Fact]
    public void Norms_of_channels_over_time_and_sums_agree() => Compare((store, run, data) =>
    {
        Tensor x = data.Tensor(run, 12, 33), output = run.Allocate(12, 33), moments = run.Allocate(3, 66);
        Sequences sequences = run.Sequences([5, 0, 7]);
        run.ChannelMoments(x, sequences, moments);
        run.ChannelNorm(x, sequences, moments, store.Norm(data.Weight(33), data.Weight(33), 33, 1e-5f), Activation.Gelu, output);
        run.Add(x, output);
        return [moments, output];
    });

    [Fact]
    public void Attention_agrees_with_every_kind_of_bias() => Compare((store, run, data) =>
    {
        Tensor all = data.Tensor(run, 12, 3 * 16), table = store.Constant(data.Numbers(2 * 6 * 6), 2 * 6, 6), slopes = store.Constant([0.5f, 0.25f], 1, 2);
        Tensor distances = store.Constant(data.Numbers(2 * 7), 2, 7), gates = run.Allocate(12, 2, ElementType.F32);
        run.AttentionGates(all.SliceColumns(0, 16), store.Constant(data.Numbers(2 * 9), 2, 9), slopes, gates);
        return
        [
            gates,
            .. new[]
            {
                default, new AttentionBias(Table: table), new AttentionBias(Slopes: slopes), new AttentionBias(Distances: distances),
                new AttentionBias(Distances: distances, Gates: gates),
            }.Select(bias =>
            {
                Tensor output = run.Allocate(12, 16);
                run.Attention(all.SliceColumns(0, 16), all.SliceColumns(16, 16), all.SliceColumns(32, 16), run.Sequences([6, 6]), 2, 0.3f, bias, output);
                return output;
            }),
        ];
    });

    [Fact]
    public void Lookups_and_means_agree() => Compare((store, run, data) =>
    {
        EmbeddingWeights table = store.Embedding(data.Weight(10, 17));
        Tensor x = run.Allocate(5, 17);
        run.Embed([3, 9, 0, 1, 1], table, x);
        Tensor sum = run.Allocate(5, 17);
        run.Embed([1, 0, 2, 2, 9], table, sum, residual: x);
        return [x, sum, run.MeanOfSequences(x, run.Sequences([2, 3]), 1)];
    });

    /// <summary>Runs the same operations on the same random numbers on both backends.</summary>
    private static void Compare(Func<WeightStore, Inference, RandomData, Tensor[]> operations)
    {
        float[][] expected = Run(new ScalarBackend(), operations), actual = Run(new CpuBackend(2), operations);
        Assert.Equal(expected.Length, actual.Length);
        foreach ((float[] a, float[] b) in expected.Zip(actual))
        {
            Assert.Equal(a.Length, b.Length);
            Assert.Contains(a, value => value != 0);
            Assert.All(a.Zip(b), pair => Assert.InRange(pair.Second - pair.First, -Tolerance, Tolerance));
        }
    }

    private static float[][] Run(Kernels.Backend backend, Func<WeightStore, Inference, RandomData, Tensor[]> operations)
    {
        using var data = new RandomData();
        using WeightStore store = backend.CreateStore();
        using Inference run = store.Begin();
        return
        [
            .. operations(store, run, data).Select(tensor =>
            {
                var values = new float[tensor.Rows * tensor.Columns];
                run.Download(tensor, values);
                return values;
            }),
        ];
    }

    /// <summary>Random weights and inputs, the same in every run.</summary>
    private sealed class RandomData : IDisposable
    {
        private readonly Random _random = new(1);
        private readonly HostArena _memory = new();

        public float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(_random.NextDouble() * 2 - 1))];

        public WeightData Weight(params int[] shape)
        {
            float[] numbers = Numbers(shape.Aggregate(1, (a, b) => a * b));
            nint address = _memory.Allocate((long)numbers.Length * sizeof(float));
            Marshal.Copy(numbers, 0, address, numbers.Length);
            return new WeightData(address, ElementType.F32, WeightLayout.Rows, shape);
        }

        public Tensor Tensor(Inference run, int rows, int columns) => run.Upload(Numbers(rows * columns), rows, columns);

        public void Dispose() => _memory.Dispose();
    }
}
