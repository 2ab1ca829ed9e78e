namespace Data2Vec.Corpus;

/// <summary>
/// Gives the shards of a job, or of a part of it, to the workers of this process. Parts divide a job among processes that know nothing of one another: of P parts,
/// part N has the shards N, N + P, N + 2P and so on.
/// </summary>
public sealed class LocalScheduler : IShardScheduler
{
    private readonly CorpusJob _job;
    private readonly Lock _lock = new();
    private readonly Queue<int> _waiting = new();
    private readonly HashSet<int> _taken = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A scheduler for the shards that are not done yet.</summary>
    /// <param name="job">The job.</param>
    /// <param name="part">The number of the part, from 0.</param>
    /// <param name="parts">The number of parts.</param>
    public LocalScheduler(CorpusJob job, int part = 0, int parts = 1)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentOutOfRangeException.ThrowIfLessThan(parts, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(part);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(part, parts);
        _job = job;
        IReadOnlySet<int> done = job.ReadDone();
        for (long number = part; number < job.Shards; number += parts)
        {
            long rows = job.ShardAt((int)number).Rows;
            Total += rows;
            if (done.Contains((int)number))
            {
                Done += rows;
            }
            else
            {
                _waiting.Enqueue((int)number);
            }
        }
    }

    /// <summary>The rows of the part.</summary>
    public long Total { get; }

    /// <summary>The rows that were done at the beginning.</summary>
    public long Done { get; }

    /// <inheritdoc/>
    public async ValueTask<Shard?> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_waiting.TryDequeue(out int number))
                {
                    _taken.Add(number);
                    return _job.ShardAt(number);
                }

                if (_taken.Count == 0)
                {
                    return null;
                }

                changed = _changed.Task;
            }

            // Another worker of this process may give a shard back.
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public ValueTask CompleteAsync(Shard shard, CancellationToken cancellationToken)
    {
        Leave(shard, isDone: true);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask ReturnAsync(Shard shard, CancellationToken cancellationToken)
    {
        Leave(shard, isDone: false);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Leave(Shard shard, bool isDone)
    {
        lock (_lock)
        {
            if (_taken.Remove(shard.Number) && !isDone)
            {
                _waiting.Enqueue(shard.Number);
            }

            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
