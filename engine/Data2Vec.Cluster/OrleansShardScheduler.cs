using Data2Vec.Cluster.Coordination;
using Data2Vec.Corpus;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Data2Vec.Cluster;

/// <summary>
/// Shares the shards of a job among the processes of a cluster (<see cref="Data2VecClusterExtensions.AddData2VecCluster"/>). A coordinator in one of the processes
/// gives each worker that asks the next shard. It keeps this in memory alone: what is done is read from the output folder. The shards of a process that ends, is
/// killed or cannot be reached are given to others.
/// </summary>
public sealed partial class OrleansShardScheduler : IShardScheduler
{
    internal static readonly TimeSpan ReportPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_pollPeriod = TimeSpan.FromSeconds(0.5);

    private readonly ICoordinatorGrain _coordinator;
    private readonly SiloAddress _silo;
    private readonly ILogger _logger;
    private readonly ShardWatchdog _watchdog;
    private readonly CorpusJob _job;

    private readonly Guid _worker = Guid.NewGuid();
    private readonly SemaphoreSlim _call = new(1, 1); // one report at a time, so that they arrive in order
    private readonly Lock _lock = new();
    private readonly HashSet<int> _held = [];
    private readonly HashSet<int> _done = []; // and not yet reported
    private readonly CancellationTokenSource _disposed = new();
    private readonly Task _reports;
    private long _sequence;
    private bool _unreachable;

    /// <summary>Joins the workers of a job.</summary>
    /// <param name="services">The services of a host that is part of the cluster and has started.</param>
    /// <param name="job">The job, in a folder that all processes see.</param>
    public OrleansShardScheduler(IServiceProvider services, CorpusJob job)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(job);
        _job = job;
        _coordinator = services.GetRequiredService<IGrainFactory>().GetGrain<ICoordinatorGrain>(job.Digest);
        _silo = services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        _logger = services.GetRequiredService<ILogger<OrleansShardScheduler>>();
        _watchdog = new ShardWatchdog(services.GetRequiredService<Data2VecClusterOptions>().StallTimeout, EndProcess);
        _reports = Task.Run(ReportPeriodicallyAsync);
    }

    /// <inheritdoc/>
    public async ValueTask<Shard?> TakeAsync(CancellationToken cancellationToken)
    {
        int[]? open = null;
        while (true)
        {
            // A worker waits for a coordinator as long as it takes.
            CoordinatorAnswer? answer = await TryReportAsync(wants: true, open, cancellationToken).ConfigureAwait(false);
            if (answer is null or { Scan: false, Shard: null })
            {
                await Task.Delay(s_pollPeriod, cancellationToken).ConfigureAwait(false);
                continue;
            }

            open = null;
            if (answer.Value.Shard is int number)
            {
                Shard shard = _job.ShardAt(number);
                if (!_job.IsDone(number))
                {
                    _watchdog.Started(number);
                    return shard;
                }

                Release(shard, isDone: true);
            }
            else
            {
                open = await Task.Run(FindOpen, cancellationToken).ConfigureAwait(false);
                if (open.Length == 0)
                {
                    return null;
                }
            }
        }
    }

    /// <summary>
    /// What a worker reports its progress to. A process that runs a shard without any for <see cref="Data2VecClusterOptions.StallTimeout"/> ends itself.
    /// </summary>
    /// <param name="next">Receives the progress too.</param>
    public IProgress<CorpusProgress> Watch(IProgress<CorpusProgress>? next = null) => new WatchedProgress(_watchdog, next);

    /// <inheritdoc/>
    /// <remarks>Does not wait for the coordinator, which learns it with the next report.</remarks>
    public ValueTask CompleteAsync(Shard shard, CancellationToken cancellationToken)
    {
        Release(shard, isDone: true);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask ReturnAsync(Shard shard, CancellationToken cancellationToken)
    {
        Release(shard, isDone: false);
        await TryReportAsync(wants: false, open: null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Returns the shards that the worker has taken and not completed.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed.IsCancellationRequested)
        {
            return;
        }

        await _disposed.CancelAsync().ConfigureAwait(false);
        await _reports.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _watchdog.Dispose();
        lock (_lock)
        {
            _held.Clear();
        }

        await TryReportAsync(wants: false, open: null, CancellationToken.None).ConfigureAwait(false);
    }

    private int[] FindOpen()
    {
        IReadOnlySet<int> done = _job.ReadDone();
        return [.. Enumerable.Range(0, _job.Shards).Where(number => !done.Contains(number))];
    }

    private void Release(Shard shard, bool isDone)
    {
        _watchdog.Ended(shard.Number);
        lock (_lock)
        {
            _held.Remove(shard.Number);
            if (isDone)
            {
                _done.Add(shard.Number);
            }
        }
    }

    /// <summary>A worker that is busy with a long shard reports too, so that a new coordinator knows that the shard is not open.</summary>
    private async Task ReportPeriodicallyAsync()
    {
        using var timer = new PeriodicTimer(ReportPeriod);
        while (await timer.WaitForNextTickAsync(_disposed.Token).ConfigureAwait(false))
        {
            await TryReportAsync(wants: false, open: null, _disposed.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Returns null if no coordinator answers now.</summary>
    private async Task<CoordinatorAnswer?> TryReportAsync(bool wants, int[]? open, CancellationToken cancellationToken)
    {
        await _call.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            WorkerReport report;
            lock (_lock)
            {
                report = new WorkerReport { Worker = _worker, Silo = _silo, Sequence = ++_sequence, Held = [.. _held], Done = [.. _done], Open = open, Wants = wants };
            }

            CoordinatorAnswer answer = await _coordinator.ReportAsync(report).WaitAsync(cancellationToken).ConfigureAwait(false);
            lock (_lock)
            {
                _done.ExceptWith(report.Done);
                if (answer.Shard is int shard)
                {
                    _held.Add(shard);
                }
            }

            if (_unreachable)
            {
                LogReachable();
                _unreachable = false;
            }

            return answer;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            if (!_unreachable)
            {
                LogUnreachable(e.Message.Split('\n')[0].TrimEnd()); // the framework appends a stack trace
                _unreachable = true;
            }

            return null;
        }
        finally
        {
            _call.Release();
        }
    }

    /// <summary>Not Environment.Exit: it waits for what hangs.</summary>
    private void EndProcess(IReadOnlyCollection<int> shards)
        => Environment.FailFast($"Shard {string.Join(", ", shards)} of the corpus has made no progress for too long. This process ends, and another one takes the shard again.");

    [LoggerMessage(LogLevel.Warning, "The coordinator of the corpus does not answer: {Reason} The worker goes on and tries again.")]
    private partial void LogUnreachable(string reason);

    [LoggerMessage(LogLevel.Information, "The coordinator of the corpus answers again.")]
    private partial void LogReachable();

    private sealed class WatchedProgress(ShardWatchdog watchdog, IProgress<CorpusProgress>? next) : IProgress<CorpusProgress>
    {
        public void Report(CorpusProgress value)
        {
            watchdog.Progressed();
            next?.Report(value);
        }
    }
}
