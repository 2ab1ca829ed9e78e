using System.Diagnostics;
using Data2Vec.Batching;
using Data2Vec.Server.Requests;

namespace Data2Vec.Server.Limits;

/// <summary>Runs work of a kind that has no queue of its own, one at a time, and refuses work that would wait too long.</summary>
/// <param name="maxWait">The longest estimated wait.</param>
internal sealed class TurnQueue(TimeSpan maxWait) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _lock = new();
    private readonly BatchRate _rate = new();
    private long _units, _since;

    /// <summary>How long the current work has been running.</summary>
    public TimeSpan BusyFor => Volatile.Read(ref _since) is not 0 and var since ? Stopwatch.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Runs work when it is its turn.</summary>
    /// <param name="units">How much work it is.</param>
    /// <param name="work">The work.</param>
    /// <param name="cancellation">Ends the waiting; the work itself must check it.</param>
    public async Task<T> RunAsync<T>(int units, Func<T> work, CancellationToken cancellation)
    {
        lock (_lock)
        {
            TimeSpan wait = _rate.Estimate(_units);
            if (wait > maxWait)
            {
                throw RequestException.Busy(wait);
            }

            _units += units;
        }

        try
        {
            await _turn.WaitAsync(cancellation).ConfigureAwait(false);
            try
            {
                return await Task.Run(() => Measure(units, work), cancellation).ConfigureAwait(false);
            }
            finally
            {
                _turn.Release();
            }
        }
        finally
        {
            lock (_lock)
            {
                _units -= units;
            }
        }
    }

    public void Dispose() => _turn.Dispose();

    private T Measure<T>(int units, Func<T> work)
    {
        long start = Stopwatch.GetTimestamp();
        Volatile.Write(ref _since, start);
        try
        {
            T result = work();
            lock (_lock)
            {
                _rate.Add(units, Stopwatch.GetElapsedTime(start));
            }

            return result;
        }
        finally
        {
            Volatile.Write(ref _since, 0);
        }
    }
}
