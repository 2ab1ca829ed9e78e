using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Data2Vec.Batching;

/// <summary>
/// Gathers the inputs of concurrent calls into batches and runs one batch at a time. An idle model starts at once; inputs that arrive meanwhile form
/// the next batch. Calls take turns: after a batch's worth of rows, a call with more inputs goes to the end of the queue. A call that only began its turn, because
/// the batch was full, goes on with the next batch.
/// </summary>
/// <param name="run">Runs a batch and returns a result for each input. It checks the batch's token often.</param>
/// <param name="rowsAtOnce">Rows of a batch, which determine its cost, because nothing is padded. A longer input is a batch of its own.</param>
/// <param name="maxRows">Rows that may wait when another call arrives. Of each call one batch counts.</param>
/// <param name="maxWait">The longest estimated wait of another call; null for any.</param>
/// <param name="delay">How long the next batch waits for more inputs if the last batch served several calls.</param>
/// <param name="metrics">Receives what the queue does.</param>
internal sealed class RequestQueue<T>(
    Func<Batch<T>, float[][]> run, int rowsAtOnce, int maxRows, TimeSpan? maxWait, TimeSpan delay, QueueMetrics metrics)
    : IDisposable
{
    private readonly object _lock = new();
    private readonly LinkedList<Request<T>> _waiting = new();
    private readonly BatchRate _rate = new();
    private Batch<T>? _running;
    private long _rowsWaiting, _runningSince;
    private bool _isWorking, _disposed;

    /// <summary>Runs inputs together with those of other calls.</summary>
    /// <param name="inputs">Inputs that the encoder accepted.</param>
    /// <param name="rows">The rows of each input.</param>
    /// <param name="output">What is computed. Only inputs with equal outputs share a batch.</param>
    /// <param name="cancellation">Ends the task at once: waiting inputs are dropped, and a batch that no call needs is stopped.</param>
    /// <exception cref="QueueFullException">Too many rows wait.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed, possibly while the inputs waited.</exception>
    public async Task<float[][]> RunAsync(
        IReadOnlyList<ReadOnlyMemory<T>> inputs, int[] rows, Output output, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (inputs.Count == 0)
        {
            return [];
        }

        var request = new Request<T>(inputs, rows, output, rowsAtOnce);
        Add(request);
        using CancellationTokenRegistration registration = cancellation.UnsafeRegister(_ => Cancel(request, cancellation), null);
        return await request.Result.ConfigureAwait(false);
    }

    /// <summary>The time until a call that came now would start, by the speed of the last batches; zero before the first batch.</summary>
    public TimeSpan EstimatedWait
    {
        get
        {
            lock (_lock)
            {
                return EstimateWait();
            }
        }
    }

    /// <summary>How long the running batch has been running; zero if none runs.</summary>
    public TimeSpan BusyFor
    {
        get
        {
            lock (_lock)
            {
                return _running is null ? TimeSpan.Zero : Stopwatch.GetElapsedTime(_runningSince);
            }
        }
    }

    /// <summary>Refuses a call if too much waits, as <see cref="RunAsync"/> would.</summary>
    /// <exception cref="QueueFullException">Too much waits.</exception>
    public void RequireRoom()
    {
        lock (_lock)
        {
            RequireRoomLocked();
        }
    }

    /// <summary>Fails the waiting requests. The running batch finishes, unless each of its requests also has waiting inputs.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            var error = new ObjectDisposedException(nameof(Data2VecModel));
            while (_waiting.First is { Value: var request })
            {
                Drop(request);
                request.Fail(error);
            }

            Monitor.Pulse(_lock);
        }
    }

    private void Add(Request<T> request)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(Data2VecModel));
            RequireRoomLocked();
            _waiting.AddLast(request.Node);
            Wait(request.RowsWaiting);
            if (!_isWorking)
            {
                _isWorking = true;
                ThreadPool.UnsafeQueueUserWorkItem(static queue => queue.Work(), this, preferLocal: false);
            }
            else if (_rowsWaiting >= rowsAtOnce)
            {
                Monitor.Pulse(_lock);
            }
        }
    }

    private void RequireRoomLocked()
    {
        TimeSpan wait = EstimateWait();
        if (_rowsWaiting >= maxRows)
        {
            metrics.Refuse();
            throw new QueueFullException(_rowsWaiting, maxRows, wait);
        }

        if (wait > maxWait)
        {
            metrics.Refuse();
            throw new QueueFullException(_rowsWaiting, maxRows, wait, maxWait.Value);
        }
    }

    private TimeSpan EstimateWait()
    {
        TimeSpan rest = _running is null ? TimeSpan.Zero : _rate.Estimate(_running.RowCount) - Stopwatch.GetElapsedTime(_runningSince);
        return _rate.Estimate(_rowsWaiting) + (rest > TimeSpan.Zero ? rest : TimeSpan.Zero);
    }

    private void Wait(long rows)
    {
        _rowsWaiting += rows;
        metrics.Wait(rows);
    }

    private void Cancel(Request<T> request, CancellationToken cancellation)
    {
        lock (_lock)
        {
            Drop(request);
            request.Cancel(cancellation);
        }
    }

    /// <summary>Removes a request, and stops the running batch if no other request needs it.</summary>
    private void Drop(Request<T> request)
    {
        if (request.Node.List is not null)
        {
            _waiting.Remove(request.Node);
            Wait(-request.RowsWaiting);
        }

        if (request.IsRunning)
        {
            request.IsRunning = false;
            if (!_running!.Requests.Exists(other => other.IsRunning))
            {
                _running.Stop.Cancel();
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Every error is passed on to the callers.")]
    private void Work()
    {
        for (bool waits = false; Next(waits) is { } batch; waits = batch.Requests.Count > 1)
        {
            using (batch)
            {
                float[][] vectors = [];
                Exception? error = null;
                long start = Stopwatch.GetTimestamp();
                try
                {
                    vectors = run(batch);
                }
                catch (Exception thrown)
                {
                    error = thrown;
                }

                TimeSpan time = Stopwatch.GetElapsedTime(start);
                metrics.Complete(batch.Inputs.Count, batch.RowCount, time);
                Complete(batch, vectors, error, time);
            }
        }
    }

    /// <summary>The next batch, or null if nothing waits; the worker then ends.</summary>
    private Batch<T>? Next(bool waits)
    {
        lock (_lock)
        {
            if (waits && _rowsWaiting < rowsAtOnce && !_disposed)
            {
                Monitor.Wait(_lock, delay);
            }

            _isWorking = _waiting.First is not null;
            _running = _waiting.First is { Value: var first } ? Gather(first.Output) : null;
            _runningSince = Stopwatch.GetTimestamp();
            return _running;
        }
    }

    private Batch<T> Gather(Output output)
    {
        var batch = new Batch<T>(output);
        int rows = 0;
        for (LinkedListNode<Request<T>>? node = _waiting.First, next; node is not null; node = next)
        {
            next = node.Next;
            Request<T> request = node.Value;
            if (request.Output != output)
            {
                continue;
            }

            int inputs = batch.Inputs.Count;
            long waited = request.RowsWaiting;
            bool isFirst = !request.IsStarted;
            rows += request.Take(rowsAtOnce - rows, batch);
            Wait(request.RowsWaiting - waited);
            if (batch.Inputs.Count > inputs)
            {
                if (isFirst)
                {
                    metrics.Start(request.Since);
                }

                batch.Requests.Add(request);
                request.IsRunning = true;
                if (request.IsTaken || request.HadItsTurn)
                {
                    _waiting.Remove(node);
                }

                if (!request.IsTaken && request.HadItsTurn)
                {
                    _waiting.AddLast(node);
                }
            }

            if (!request.IsTaken)
            {
                break;
            }
        }

        return batch;
    }

    private void Complete(Batch<T> batch, float[][] vectors, Exception? error, TimeSpan time)
    {
        lock (_lock)
        {
            if (error is null)
            {
                _rate.Add(batch.RowCount, time);
            }

            int place = 0;
            foreach (Request<T> request in batch.Requests)
            {
                request.IsRunning = false;
                if (error is null)
                {
                    request.Receive(vectors, ref place);
                }
                else
                {
                    Drop(request);
                    request.Fail(error);
                }
            }
        }
    }
}
