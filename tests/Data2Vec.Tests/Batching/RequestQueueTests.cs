using System.Collections.Concurrent;
using Data2Vec.Batching;

namespace Data2Vec.Tests.Batching;

/// <summary>The queue with a model that is a gate: a batch waits until the test lets it through, and a vector is its input.</summary>
public sealed class RequestQueueTests : IDisposable
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(20);
    private static readonly Output s_mean = new(null, Pooling.Mean);

    private readonly BlockingCollection<int[]> _started = [];
    private readonly SemaphoreSlim _gate = new(0);
    private readonly ConcurrentQueue<Exception> _errors = [];

    public void Dispose()
    {
        _started.Dispose();
        _gate.Dispose();
    }

    [Fact]
    public async Task An_idle_queue_begins_at_once_and_what_comes_meanwhile_makes_one_batch()
    {
        // The delay would fail the test: it is for queues that are busy alone.
        using var queue = Queue(delay: s_long);
        Task<float[][]> first = Run(queue, 1);
        Assert.Equal([1], Started());
        Task<float[][]>[] others = [Run(queue, 2), Run(queue, 3, 4), Run(queue, 5)];
        _gate.Release(2);
        Assert.Equal([2, 3, 4, 5], Started());
        Assert.Equal([1f], (await first.WaitAsync(s_long)).Select(v => v[0]));
        Assert.Equal([2f, 3f, 4f, 5f], (await Task.WhenAll(others).WaitAsync(s_long)).SelectMany(v => v.Select(x => x[0])));
    }

    [Fact]
    public async Task After_a_batch_of_several_calls_the_next_waits_for_more_and_no_longer_than_until_it_is_full()
    {
        using var queue = Queue(delay: TimeSpan.FromMinutes(1));
        Task<float[][]> first = Run(queue, 1);
        Assert.Equal([1], Started());
        Task<float[][]>[] others = [Run(queue, 2), Run(queue, 3)];
        _gate.Release(2);
        Assert.Equal([2, 3], Started());
        await Task.WhenAll([first, .. others]).WaitAsync(s_long);

        // Ten rows are a batch: nine are not begun.
        Task<float[][]> nine = Run(queue, [.. Enumerable.Range(10, 9)]);
        Assert.False(_started.TryTake(out _, 200));
        Task<float[][]> one = Run(queue, 30);
        Assert.Equal(10, Started().Length);
        _gate.Release();
        await Task.WhenAll(nine, one).WaitAsync(s_long);
    }

    [Fact]
    public async Task Calls_of_other_options_come_before_the_rest_of_a_later_call()
    {
        using var queue = Queue();
        Task<float[][]> first = Run(queue, 1);
        Assert.Equal([1], Started());
        Task<float[][]>[] calls =
        [
            first, Run(queue, 2), Run(queue, s_mean with { Layer = 1 }, 3), Run(queue, [.. Enumerable.Range(10, 12)]),
        ];
        _gate.Release(4);
        Assert.Equal([2, .. Enumerable.Range(10, 9)], Started());
        Assert.Equal([3], Started());
        Assert.Equal([19, 20, 21], Started());
        await Task.WhenAll(calls).WaitAsync(s_long);
    }

    [Fact]
    public async Task Calls_of_other_options_have_batches_of_their_own()
    {
        using var queue = Queue();
        Task<float[][]> first = Run(queue, 1);
        Assert.Equal([1], Started());
        Task<float[][]>[] calls =
        [
            first, Run(queue, 2), Run(queue, s_mean with { Layer = 1 }, 3), Run(queue, 4), Run(queue, s_mean with { Layer = 1 }, 5),
        ];
        _gate.Release(3);
        Assert.Equal([2, 4], Started());
        Assert.Equal([3, 5], Started());
        await Task.WhenAll(calls).WaitAsync(s_long);
    }

    [Fact]
    public async Task Calls_take_turns_so_that_a_small_one_does_not_wait_for_all_of_a_large_one()
    {
        using var queue = Queue();
        Task<float[][]> before = Run(queue, 200);
        Assert.Equal([200], Started());
        Task<float[][]> large = Run(queue, [.. Enumerable.Range(0, 35)]);
        Task<float[][]> small = Run(queue, 100);
        _gate.Release(6);
        Assert.Equal(Enumerable.Range(0, 10), Started());
        Assert.Equal([100, .. Enumerable.Range(10, 9)], Started());
        await before.WaitAsync(s_long);
        await small.WaitAsync(s_long);
        Assert.Equal(Enumerable.Range(0, 35).Select(i => (float)i), (await large.WaitAsync(s_long)).Select(v => v[0]));
    }

    [Fact]
    public async Task A_call_whose_turn_began_at_the_end_of_a_batch_goes_on_with_the_next()
    {
        using var queue = Queue();
        Task<float[][]> before = Run(queue, 200);
        Assert.Equal([200], Started());
        Task<float[][]>[] calls = [Run(queue, [.. Enumerable.Range(0, 8)]), Run(queue, [.. Enumerable.Range(10, 4)]), Run(queue, [.. Enumerable.Range(20, 8)])];
        _gate.Release(4);
        Assert.Equal([.. Enumerable.Range(0, 8), 10, 11], Started());
        Assert.Equal([12, 13, .. Enumerable.Range(20, 8)], Started());
        await before.WaitAsync(s_long);
        await Task.WhenAll(calls).WaitAsync(s_long);
    }

    [Fact]
    public async Task An_input_of_more_rows_than_a_batch_runs_alone()
    {
        using var queue = Queue();
        Task<float[][]> first = Run(queue, 1);
        Started();
        Task<float[][]> second = queue.RunAsync([new[] { 2 }, new[] { 3 }], [1, 25], s_mean, default);
        _gate.Release(3);
        Assert.Equal([2], Started());
        Assert.Equal([3], Started());
        await Task.WhenAll(first, second).WaitAsync(s_long);
    }

    [Fact]
    public async Task A_cancelled_call_ends_at_once_and_its_batch_goes_on_for_the_others()
    {
        using var queue = Queue();
        using var cancel = new CancellationTokenSource();
        Task<float[][]> before = Run(queue, 1);
        Started();
        Task<float[][]> cancelled = Run(queue, cancel.Token, 2);
        Task<float[][]> other = Run(queue, 3);
        _gate.Release();
        Assert.Equal([2, 3], Started());
        await cancel.CancelAsync();
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(s_long));
        Assert.Equal(cancel.Token, error.CancellationToken);
        Assert.False(other.IsCompleted);
        _gate.Release();
        Assert.Equal(3f, (await other.WaitAsync(s_long))[0][0]);
        Assert.Equal(1f, (await before.WaitAsync(s_long))[0][0]);
        Assert.Empty(_errors);
    }

    [Fact]
    public async Task A_batch_is_stopped_when_all_its_calls_are_cancelled_and_the_next_one_runs()
    {
        using var queue = Queue();
        using CancellationTokenSource one = new(), two = new();
        Task<float[][]> before = Run(queue, 0);
        Started();
        Task<float[][]> first = Run(queue, one.Token, 1), second = Run(queue, two.Token, 2);
        _gate.Release();
        Assert.Equal([1, 2], Started());
        await one.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(s_long));
        Assert.Empty(_errors);
        await two.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.WaitAsync(s_long));

        // The gate stays shut: the batch ends by its token.
        Task<float[][]> next = Run(queue, 4);
        Assert.Equal([4], Started());
        Assert.IsType<OperationCanceledException>(Assert.Single(_errors));
        _gate.Release();
        Assert.Equal(4f, (await next.WaitAsync(s_long))[0][0]);
        await before.WaitAsync(s_long);
    }

    [Fact]
    public async Task What_is_cancelled_while_it_waits_never_runs()
    {
        using var queue = Queue();
        using var cancel = new CancellationTokenSource();
        Task<float[][]> first = Run(queue, 1);
        Started();
        Task<float[][]> cancelled = Run(queue, cancel.Token, 2);
        Task<float[][]> last = Run(queue, 3);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(s_long));
        _gate.Release(2);
        Assert.Equal([3], Started());
        await Task.WhenAll(first, last).WaitAsync(s_long);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Run(queue, cancel.Token, 5));
    }

    [Fact]
    public async Task A_full_queue_refuses_with_its_numbers_and_takes_calls_again_when_it_has_room()
    {
        using var queue = Queue(maxRows: 3);
        using var cancel = new CancellationTokenSource();
        Task<float[][]> running = Run(queue, 0);
        Started();
        Task<float[][]> waiting = Run(queue, 1, 2);
        Task<float[][]> dropped = Run(queue, cancel.Token, 3, 4);
        var full = await Assert.ThrowsAsync<QueueFullException>(() => Run(queue, 5));
        Assert.Equal((4, 3), (full.WaitingRows, full.Limit));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dropped.WaitAsync(s_long));
        Task<float[][]> taken = Run(queue, 6);
        _gate.Release(2);
        Assert.Equal([1, 2, 6], Started());
        await Task.WhenAll(running, waiting, taken).WaitAsync(s_long);
    }

    [Fact]
    public async Task A_call_that_would_wait_too_long_by_the_speed_of_the_last_batches_is_refused()
    {
        using var queue = Queue(maxWait: TimeSpan.FromSeconds(0.01));
        Assert.Equal(TimeSpan.Zero, queue.EstimatedWait);
        Task<float[][]> first = Run(queue, 0, 1);
        Started();
        Task<float[][]> second = Run(queue, 2); // nothing is known yet
        await Task.Delay(600);
        Assert.InRange(queue.BusyFor, TimeSpan.FromSeconds(0.5), TimeSpan.FromMinutes(2));
        _gate.Release();
        await first.WaitAsync(s_long);

        // Two rows took 0.6 s or a little more.
        Started();
        _gate.Release();
        await second.WaitAsync(s_long);
        Task<float[][]> running = Run(queue, [.. Enumerable.Range(3, 10)]);
        Started();
        var full = await Assert.ThrowsAsync<QueueFullException>(() => Run(queue, 20));
        Assert.InRange(full.EstimatedWait, TimeSpan.FromSeconds(0.02), TimeSpan.FromMinutes(2));
        Assert.Contains("the limit is 0.01 s", full.Message, StringComparison.Ordinal);
        Assert.Throws<QueueFullException>(queue.RequireRoom);
        _gate.Release();
        await running.WaitAsync(s_long);
        Assert.True(SpinWait.SpinUntil(() => queue.BusyFor == TimeSpan.Zero && queue.EstimatedWait == TimeSpan.Zero, s_long));
        _gate.Release();
        await Run(queue, 21).WaitAsync(s_long);
    }

    [Fact]
    public void The_time_of_rows_follows_the_last_batches_of_which_large_ones_count_for_more()
    {
        var rate = new BatchRate();
        Assert.Equal(TimeSpan.Zero, rate.Estimate(1000));
        rate.Add(100, TimeSpan.FromSeconds(1));
        Assert.Equal(5, rate.Estimate(500).TotalSeconds, 6);
        rate.Add(1, TimeSpan.FromSeconds(0.1));
        Assert.InRange(rate.Estimate(500).TotalSeconds, 5, 6);
        for (int i = 0; i < 30; i++)
        {
            rate.Add(100, TimeSpan.FromSeconds(2));
        }

        Assert.InRange(rate.Estimate(500).TotalSeconds, 9.9, 10);
        Assert.True(rate.Estimate(long.MaxValue) > TimeSpan.FromDays(10_000));
    }

    [Fact]
    public async Task One_call_of_many_inputs_leaves_room_for_others_as_its_next_batch_alone_counts()
    {
        using var queue = Queue(maxRows: 12);
        Task<float[][]> large = Run(queue, [.. Enumerable.Range(0, 100)]);
        Assert.Equal(Enumerable.Range(0, 10), Started());
        Task<float[][]>[] small = [Run(queue, 200), Run(queue, 201)];
        var full = await Assert.ThrowsAsync<QueueFullException>(() => Run(queue, 202));
        Assert.Equal((12, 12), (full.WaitingRows, full.Limit));
        _gate.Release(20);
        await Task.WhenAll([large, .. small]).WaitAsync(s_long);

        // Nothing is left over of the count.
        Task<float[][]>[] again = [Run(queue, 1), Run(queue, [.. Enumerable.Range(2, 11)]), Run(queue, 300)];
        await Task.WhenAll(again).WaitAsync(s_long);
    }

    [Fact]
    public async Task An_error_is_that_of_the_calls_in_the_batch_and_of_no_other()
    {
        using var queue = Queue();
        Task<float[][]> first = Run(queue, 1);
        Started();
        Task<float[][]>[] failing = [Run(queue, -1), Run(queue, [.. Enumerable.Range(2, 30)])];
        _gate.Release(2);
        Assert.Contains(-1, Started());
        foreach (Task<float[][]> task in failing)
        {
            var error = await Assert.ThrowsAsync<InvalidDataException>(() => task.WaitAsync(s_long));
            Assert.Equal("minus one", error.Message);
        }

        Task<float[][]> next = Run(queue, 40);
        Assert.Equal([40], Started());
        _gate.Release();
        await Task.WhenAll(first, next).WaitAsync(s_long);
    }

    [Fact]
    public async Task Disposing_finishes_the_batch_that_runs_and_fails_what_waits_and_what_comes()
    {
        var queue = Queue();
        Task<float[][]> running = Run(queue, 1);
        Started();
        Task<float[][]> waiting = Run(queue, 2);
        queue.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.WaitAsync(s_long));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Run(queue, 3));
        _gate.Release();
        Assert.Equal(1f, (await running.WaitAsync(s_long))[0][0]);
        Assert.False(_started.TryTake(out _, 100));
    }

    [Fact]
    public async Task Thousands_of_calls_of_all_sizes_each_get_their_own_vectors_though_many_are_cancelled()
    {
        int rows = 0, largest = 0;
        using var queue = new RequestQueue<int>(
            batch =>
            {
                rows += batch.Inputs.Count;
                largest = Math.Max(largest, batch.Inputs.Count);
                return [.. batch.Inputs.Select(input => new[] { (float)input.Span[0] })];
            },
            10, int.MaxValue, null, TimeSpan.Zero, new QueueMetrics("test"));
        int cancelled = 0;
        await Parallel.ForAsync(0, 5_000, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, _) =>
        {
            using var cancel = new CancellationTokenSource();
            int count = 1 + i % 23;
            Task<float[][]> call = Run(queue, cancel.Token, [.. Enumerable.Range(i * 100, count)]);
            if (i % 5 == 0)
            {
                cancel.Cancel();
            }

            try
            {
                Assert.Equal(Enumerable.Range(i * 100, count).Select(x => (float)x), (await call).Select(v => v[0]));
            }
            catch (OperationCanceledException)
            {
                Assert.Equal(0, i % 5);
                Interlocked.Increment(ref cancelled);
            }
        });
        Assert.InRange(cancelled, 1, 1000);
        Assert.InRange(largest, 2, 10);
        Assert.InRange(rows, 4_000 * 11, 5_000 * 13);
    }

    private static Task<float[][]> Run(RequestQueue<int> queue, params int[] inputs) => Run(queue, s_mean, inputs);

    private static Task<float[][]> Run(RequestQueue<int> queue, Output output, params int[] inputs) =>
        queue.RunAsync([.. inputs.Select(input => (ReadOnlyMemory<int>)new[] { input })], [.. inputs.Select(_ => 1)], output, default);

    private static Task<float[][]> Run(RequestQueue<int> queue, CancellationToken cancellation, params int[] inputs) =>
        queue.RunAsync([.. inputs.Select(input => (ReadOnlyMemory<int>)new[] { input })], [.. inputs.Select(_ => 1)], s_mean, cancellation);

    private RequestQueue<int> Queue(int maxRows = 1000, TimeSpan delay = default, TimeSpan? maxWait = null) => new(
        batch =>
        {
            _started.Add([.. batch.Inputs.Select(input => input.Span[0])], CancellationToken.None);
            try
            {
                _gate.Wait(batch.Stop.Token);
            }
            catch (OperationCanceledException error)
            {
                _errors.Enqueue(error);
                throw;
            }

            return batch.Inputs.Any(input => input.Span[0] < 0)
                ? throw new InvalidDataException("minus one")
                : [.. batch.Inputs.Select(input => new[] { (float)input.Span[0] })];
        },
        10, maxRows, maxWait, delay, new QueueMetrics("test"));

    /// <summary>The inputs of the batch that begins next.</summary>
    private int[] Started()
    {
        Assert.True(_started.TryTake(out int[]? batch, s_long), "no batch began");
        return batch;
    }
}
