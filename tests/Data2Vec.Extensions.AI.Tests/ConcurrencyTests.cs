using System.Diagnostics;
using Microsoft.Extensions.AI;

namespace Data2Vec.Extensions.AI.Tests;

/// <summary>Ten thousand requests at the same time. Memory and time are measured, so no other test runs beside these.</summary>
[Collection(nameof(ConcurrencyTests))]
[CollectionDefinition(nameof(ConcurrencyTests), DisableParallelization = true)]
public sealed class ConcurrencyTests(ITestOutputHelper output)
{
    private const int Requests = 10_000, Threads = 32;

    [Fact]
    public void Ten_thousand_requests_of_32_threads_get_their_own_vectors_and_leak_no_memory()
    {
        using TextModel model = BundledModels.Load<TextModel>("text");
        IEmbeddingGenerator<string, Embedding<float>> generator = model.AsTextEmbeddingGenerator();
        string[] texts = [.. Enumerable.Range(0, 100).Select(i => string.Join(' ', Enumerable.Repeat($"text {i}", 1 + i % 4)))];
        float[][] expected = [.. texts.Select(text => model.Embed(text))];

        // The pool's threads, the arenas and the collector's budgets find their size in the first rounds.
        (long Heap, long Resident)[] levels = [.. Enumerable.Range(0, 6).Select(_ => Round(generator, texts, expected))];
        foreach ((long heap, long resident) in levels)
        {
            output.WriteLine($"managed heap {heap / 1024.0:F0} KiB, working set {resident / 1024.0:F0} KiB");
        }

        // A thread that the pool added, or code compiled anew, may stay for a round: what leaks does not come back in any.
        (long Heap, long Resident) first = levels[3];
        Assert.InRange(levels[4..].Min(level => level.Heap), 0, first.Heap * 1.02);
        Assert.InRange(levels[4..].Min(level => level.Resident), 0, first.Resident * 1.02);
    }

    [Fact]
    public async Task Cancelled_requests_end_within_a_layer_even_if_hundreds_wait()
    {
        using TextModel model = BundledModels.Load<TextModel>("text");
        IEmbeddingGenerator<string, Embedding<float>> generator = model.AsTextEmbeddingGenerator();
        string[] texts = [.. Enumerable.Repeat(string.Join(' ', Enumerable.Repeat("text", 200)), 100)];
        await generator.GenerateAsync(texts[..10]);

        // The fastest of five, as other work on the machine is not what is measured.
        TimeSpan layer = TimeSpan.Zero, callers = TimeSpan.MaxValue, next = TimeSpan.MaxValue;
        for (int run = 0; run < 5; run++)
        {
            long start = Stopwatch.GetTimestamp();
            await generator.GenerateAsync(texts[..10]);
            TimeSpan taken = Stopwatch.GetElapsedTime(start) / model.Layers;
            layer = taken > layer ? taken : layer;
            using var cancel = new CancellationTokenSource();
            Task<GeneratedEmbeddings<Embedding<float>>>[] calls = [.. Enumerable.Range(0, 10).Select(_ => generator.GenerateAsync(texts, null, cancel.Token))];
            await Task.Delay(taken * 6);
            Assert.DoesNotContain(calls, call => call.IsCompleted);
            start = Stopwatch.GetTimestamp();
            await cancel.CancelAsync();
            foreach (Task call in calls)
            {
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
            }

            taken = Stopwatch.GetElapsedTime(start);
            callers = taken < callers ? taken : callers;

            // The work has stopped too: a request that comes now has the model for itself.
            await generator.GenerateAsync(["x"]);
            taken = Stopwatch.GetElapsedTime(start);
            next = taken < next ? taken : next;
        }

        output.WriteLine($"a layer {layer.TotalMilliseconds:F1} ms, the callers {callers.TotalMilliseconds:F1} ms, the next request {next.TotalMilliseconds:F1} ms");
        Assert.InRange(callers, TimeSpan.Zero, layer + TimeSpan.FromMilliseconds(50));
        Assert.InRange(next, TimeSpan.Zero, layer + TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task Disposed_models_return_their_memory()
    {
        using var folder = new Folder();
        string path = folder.File("text.d2v");
        Folder.Write("text", path);
        long[] levels = new long[4];
        for (int round = 0; round < levels.Length; round++)
        {
            for (int i = 0; i < 15; i++)
            {
                using TextModel mapped = Data2VecModel.Load<TextModel>(path), copied = BundledModels.Load<TextModel>("text");
                Assert.Equal(mapped.Embed("a text"), await copied.EmbedAsync("a text"));
            }

            levels[round] = Level().Resident;
        }

        // The thirty pairs of the last two rounds would be about 700 MB, and the copied files alone 135 MB.
        output.WriteLine(string.Join(", ", levels.Select(level => $"{level >> 10} KiB")));
        Assert.InRange(levels[3] - levels[1], long.MinValue, 20 << 20);
    }

    private static (long Heap, long Resident) Level()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        using Process process = Process.GetCurrentProcess();
        return (GC.GetTotalMemory(forceFullCollection: true), process.WorkingSet64);
    }

    private (long Heap, long Resident) Round(IEmbeddingGenerator<string, Embedding<float>> generator, string[] texts, float[][] expected)
    {
        long start = Stopwatch.GetTimestamp();
        int wrong = 0, right = 0;
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(thread => new Thread(() =>
        {
            var calls = new List<(int Text, Task<GeneratedEmbeddings<Embedding<float>>> Task)>();
            for (int i = thread; i < Requests; i += Threads)
            {
                int text = (i * 31 + thread) % texts.Length;
                calls.Add((text, generator.GenerateAsync([texts[text]])));
            }

            foreach ((int text, Task<GeneratedEmbeddings<Embedding<float>>> task) in calls)
            {
                bool same = task.GetAwaiter().GetResult()[0].Vector.Span.SequenceEqual(expected[text]);
                Interlocked.Increment(ref same ? ref right : ref wrong);
            }
        }))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            Assert.True(thread.Join(TimeSpan.FromSeconds(60)), "the requests do not end");
        }

        output.WriteLine($"{Requests} requests in {Stopwatch.GetElapsedTime(start).TotalSeconds:F2} s");
        Assert.Equal((Requests, 0), (right, wrong));
        return Level();
    }
}
