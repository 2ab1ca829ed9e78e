namespace Data2Vec.Cluster.Coordination;

/// <summary>
/// Calls back once when a shard is in progress and nothing has progressed for a time. Runs on a thread of its own, because the thread pool may be what hangs.
/// </summary>
internal sealed class ShardWatchdog : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _stop = new();
    private readonly HashSet<int> _shards = [];
    private TimeSpan _idle;

    public ShardWatchdog(TimeSpan limit, Action<IReadOnlyCollection<int>> onStall)
    {
        if (limit == Timeout.InfiniteTimeSpan)
        {
            return;
        }

        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit, TimeSpan.Zero);
        var period = TimeSpan.FromMilliseconds(Math.Clamp(limit.TotalMilliseconds / 10, 1, 5000));
        new Thread(() => Watch(limit, period, onStall)) { IsBackground = true, Name = "data2vec watchdog" }.Start();
    }

    public void Started(int shard)
    {
        lock (_lock)
        {
            _shards.Add(shard);
            _idle = TimeSpan.Zero;
        }
    }

    public void Ended(int shard)
    {
        lock (_lock)
        {
            _shards.Remove(shard);
            _idle = TimeSpan.Zero;
        }
    }

    public void Progressed()
    {
        lock (_lock)
        {
            _idle = TimeSpan.Zero;
        }
    }

    public void Dispose() => _stop.Set();

    /// <summary>Counts its own periods instead of reading a clock: the time in which the whole process was stopped does not count.</summary>
    private void Watch(TimeSpan limit, TimeSpan period, Action<IReadOnlyCollection<int>> onStall)
    {
        while (!_stop.Wait(period))
        {
            int[] shards;
            lock (_lock)
            {
                _idle += period;
                if (_shards.Count == 0 || _idle < limit)
                {
                    continue;
                }

                shards = [.. _shards.Order()];
            }

            onStall(shards);
            return;
        }
    }
}
