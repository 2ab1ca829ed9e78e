using System.Diagnostics;
using Data2Vec.Kernels.Tests;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>Repeated lists of operations are launched as graphs, with the same results.</summary>
public sealed class GraphTests : IDisposable
{
    private const int Inputs = 9, Outputs = 12;

    private readonly GpuBackend _backend = GpuDevices.OpenSimulator();
    private readonly WeightStore _store;
    private readonly LinearWeights _weights;
    private readonly NormWeights _norm;
    private readonly EmbeddingWeights _table;

    public GraphTests()
    {
        _store = _backend.CreateStore();
        _weights = _store.Linear([(TestData.Weight(TestData.Numbers(1, Inputs * Outputs), Outputs, Inputs), TestData.Weight(TestData.Numbers(2, Outputs), Outputs))]);
        _norm = _store.Norm(null, null, Outputs, 1e-5f);
        _table = _store.Embedding(TestData.Weight(TestData.Numbers(3, 5 * Outputs), 5, Outputs));
        _store.Complete();
    }

    public void Dispose()
    {
        _store.Dispose();
        _backend.Dispose();
    }

    [Fact]
    public void Graphs_give_the_same_bits_as_single_launches()
    {
        (int Rows, int Seed, Activation Activation)[] calls =
        [
            (3, 1, Activation.None), (3, 2, Activation.None), (3, 1, Activation.None), (3, 3, Activation.Gelu), (5, 4, Activation.None), (3, 2, Activation.None),
            (5, 1, Activation.None), (3, 5, Activation.Gelu), (5, 4, Activation.None), (3, 6, Activation.Gelu),
        ];
        float[][] expected = [.. calls.Select(Run)];
        CountingGraphs graphs = Take();
        Assert.Equal(expected, calls.Select(Run));

        // Of each kind the first is launched one by one; 3 rows without GELU come 4 times, the others 3 times.
        Assert.Equal((3, 3 + 2 + 2), (graphs.Captured, graphs.Launched));
    }

    [Fact]
    public void Operations_are_launched_singly_after_the_driver_refuses_a_graph()
    {
        float[] expected = Run((3, 1, Activation.None));
        foreach (bool whenCaptured in new[] { true, false })
        {
            CountingGraphs graphs = Take();
            (graphs.RefusesCapture, graphs.RefusesLaunch) = (whenCaptured, !whenCaptured);
            for (int i = 0; i < 4; i++)
            {
                Assert.Equal(expected, Run((3, 1, Activation.None)));
            }

            Assert.Null(_backend.Context.Graphs);
            Assert.Equal((whenCaptured ? 0 : 1, 0), (graphs.Captured, graphs.Launched));
        }
    }

    [Fact]
    public void Old_graphs_are_evicted_and_all_graphs_are_freed_with_their_memory()
    {
        CountingGraphs graphs = Take();
        for (int i = 0; i < 2 * (GraphCache.Capacity + 3); i++)
        {
            Run((2 + i / 2, i, Activation.None));
        }

        Assert.Equal((GraphCache.Capacity + 3, 3), (graphs.Captured, graphs.Destroyed));
        Run((GraphCache.Capacity, 1, Activation.None));
        Assert.Equal(GraphCache.Capacity + 4, graphs.Launched);

        // More than a block of working memory holds.
        using (Inference run = _store.Begin())
        {
            run.Allocate(1 << 10, 1 << 10);
            run.Allocate(1, 1);
        }

        Assert.Equal(graphs.Captured, graphs.Destroyed);
    }

    [Fact]
    public void Large_inputs_are_sent_immediately_and_unawaited_operations_are_dropped()
    {
        float[] large = TestData.Numbers(1, 1 << 19);
        CountingGraphs graphs = Take();
        for (int i = 0; i < 3; i++)
        {
            using Inference run = _store.Begin();
            Assert.Equal(large, TestData.Download(run, run.Upload(large, 1 << 10, 1 << 9)));
        }

        Assert.Equal(0, graphs.Captured);
        using (Inference run = _store.Begin())
        {
            run.Upload([1f], 1, 1);
        }

        using Inference next = _store.Begin();
        Assert.Equal([2f], TestData.Download(next, next.Upload([2f], 1, 1)));
    }

    [Fact]
    public void The_number_of_recorded_operations_is_limited()
    {
        Take();
        using Inference run = _store.Begin();
        Tensor[] ring = [run.Upload([7f], 1, 1), run.Upload([0f], 1, 1), run.Upload([0f], 1, 1)];
        for (int i = 0; i < 1100; i++)
        {
            run.Copy(ring[i % 3], ring[(i + 1) % 3]);
        }

        Assert.Equal([7f], TestData.Download(run, ring[2]));
        Assert.Equal([7f], TestData.Download(run, ring[2]));
    }

    [Fact, Trait("device", "cuda")]
    public void CUDA_graphs_give_the_same_bits_for_changing_inputs_and_lengths_on_many_threads()
    {
        if (GpuDevices.WhyNone("cuda") is { } reason)
        {
            Assert.Skip(reason);
        }

        using GpuBackend backend = GpuDevices.Find("cuda").Open();
        Assert.False(backend.UsesGraphs);
        backend.UsesGraphs = true;
        IGraphDriver cuda = backend.Context.Graphs ?? throw new InvalidOperationException("The driver has no graphs.");
        using TextModel text = Load<TextModel>("text.d2v");
        using SpeechModel speech = Load<SpeechModel>("speech.d2v");
        using VisionModel image = Load<VisionModel>("image.d2v");
        int pixels = image.Preprocessing.OutputLength;
        Func<float[]>[] calls =
        [
            .. new[] { 5, 9, 5, 17 }.Select((length, seed) => (Func<float[]>)(() => text.EmbedPrepared(Tokens(seed, length)))),
            .. new[] { 5000, 7001, 5000 }.Select((length, seed) => (Func<float[]>)(() => speech.EmbedPrepared(TestData.Numbers(seed, length)))),
            .. new[] { 1, 2 }.Select(seed => (Func<float[]>)(() => image.EmbedPrepared(TestData.Numbers(seed, pixels)))),
        ];
        backend.UsesGraphs = false;
        float[][] expected = [.. calls.Select(call => call())];
        double plain = Milliseconds(calls[0]);
        var graphs = new CountingGraphs(cuda);
        backend.Context.Graphs = graphs;
        for (int round = 0; round < 6; round++)
        {
            Assert.Equal(expected, calls.Select(call => call()));
        }

        Parallel.For(0, 40 * calls.Length, new ParallelOptions { MaxDegreeOfParallelism = 6 }, i => Assert.Equal(expected[i % calls.Length], calls[i % calls.Length]()));
        Assert.NotNull(backend.Context.Graphs);
        Assert.InRange(graphs.Captured, 6, int.MaxValue);
        Assert.InRange(graphs.Launched, 2 * graphs.Captured, int.MaxValue);
        Console.WriteLine($"The small text model alone: {plain:F3} ms, by graphs {Milliseconds(calls[0]):F3} ms.");

        TModel Load<TModel>(string name)
            where TModel : Data2VecModel =>
            Data2VecModel.Load<TModel>(Path.Combine(AppContext.BaseDirectory, "models", name), new ModelOptions { Backend = backend });
    }

    private static ReadOnlyMemory<int> Tokens(int seed, int length)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, length).Select(_ => random.Next(4, 200)).ToArray();
    }

    private static double Milliseconds(Func<float[]> call)
    {
        const int times = 100;
        call();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < times; i++)
        {
            call();
        }

        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / times;
    }

    private CountingGraphs Take()
    {
        var graphs = new CountingGraphs(null);
        _backend.Context.Graphs = graphs;
        return graphs;
    }

    /// <summary>Runs several operations with copies in both directions.</summary>
    private float[] Run((int Rows, int Seed, Activation Activation) call)
    {
        using Inference run = _store.Begin();
        Sequences sequences = run.Sequences([1, call.Rows - 1]);
        Tensor x = run.Upload(TestData.Numbers(call.Seed, call.Rows * Inputs), call.Rows, Inputs);
        Tensor y = run.Linear(x, _weights, call.Activation);
        Tensor vectors = run.Allocate(y.Rows, y.Columns);
        run.Embed([.. Enumerable.Range(0, call.Rows).Select(i => (i * call.Seed + 1) % 5)], _table, vectors);
        run.LayerNorm(y, _norm, y, residual: vectors);
        Tensor attended = run.Allocate(call.Rows, Outputs);
        run.Attention(y, y, y, sequences, 2, 0.3f, default, attended);
        return TestData.Download(run, run.MeanOfSequences(attended, sequences));
    }
}
