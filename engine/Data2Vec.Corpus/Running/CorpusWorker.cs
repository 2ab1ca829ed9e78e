using System.Diagnostics;

namespace Data2Vec.Corpus;

/// <summary>Runs the shards of a job with a loaded model. Results do not depend on the number of workers and threads, nor on interruptions.</summary>
public sealed class CorpusWorker : IDisposable
{
    /// <summary>How often the shards that other workers have done are counted.</summary>
    private static readonly TimeSpan s_betweenCounts = TimeSpan.FromSeconds(10);

    private readonly CorpusJob _job;
    private readonly TaskRunner _task;
    private readonly ShardRunner _runner;

    internal CorpusWorker(CorpusJob job, TaskRunner task, WorkerOptions options)
    {
        WholeFile.Sweep(job.Folder);
        (_job, _task, _runner) = (job, task, new ShardRunner(job, task, options));
    }

    /// <summary>Loads the model of a job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="options">How the worker runs.</param>
    /// <exception cref="ArgumentException">The model does not have what the task asks for.</exception>
    /// <exception cref="InvalidDataException">The model is not that of the job, or is damaged.</exception>
    /// <exception cref="IOException">The model cannot be read.</exception>
    public static CorpusWorker Load(CorpusJob job, WorkerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(job);
        options ??= new WorkerOptions();
        string path = options.ModelPath ?? job.Task.ModelPath;
        D2vFile model;
        try
        {
            model = D2vFile.Open(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IOException($"{path}: no such file; the job needs this model, which may be elsewhere on this machine", error);
        }

        if (model.ComputeDigest() != job.Identity.Model)
        {
            model.Dispose();
            throw new InvalidDataException(
                $"{path}: this is not the model that the job was created with; the SHA-256 of that one begins with {job.Identity.Model[..12]}");
        }

        TaskRunner task = job.Task.Load(model, options);
        try
        {
            task.WarmUp();
            return new CorpusWorker(job, task, options);
        }
        catch
        {
            task.Dispose();
            throw;
        }
    }

    /// <summary>Runs shards until the scheduler has no more.</summary>
    /// <param name="scheduler">Gives the shards.</param>
    /// <param name="progress">Receives where the worker stands, after each batch at most ten times a second, and at the end.</param>
    /// <param name="cancellationToken">Ends the work after the running layer. The shard that was running begins anew later.</param>
    /// <returns>What this run has done.</returns>
    /// <exception cref="InvalidDataException">An input is bad, and the worker is strict.</exception>
    /// <exception cref="IOException">The results cannot be written.</exception>
    public async Task<CorpusProgress> RunAsync(IShardScheduler scheduler, IProgress<CorpusProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        var meter = scheduler is LocalScheduler local
            ? new ProgressMeter(local.Done, local.Total, progress)
            : new ProgressMeter(CountDone(), _job.Rows, progress);
        long counted = Stopwatch.GetTimestamp();
        while (await scheduler.TakeAsync(cancellationToken).ConfigureAwait(false) is { } shard)
        {
            try
            {
                if (_job.IsDone(shard.Number))
                {
                    meter.Skip(shard);
                }
                else
                {
                    await _runner.RunAsync(shard, meter.Add, cancellationToken).ConfigureAwait(false);
                }
            }
            catch
            {
                await scheduler.ReturnAsync(shard, CancellationToken.None).ConfigureAwait(false);
                throw;
            }

            await scheduler.CompleteAsync(shard, cancellationToken).ConfigureAwait(false);
            if (scheduler is not LocalScheduler && Stopwatch.GetElapsedTime(counted) >= s_betweenCounts)
            {
                meter.Update(CountDone());
                counted = Stopwatch.GetTimestamp();
            }
        }

        if (scheduler is not LocalScheduler)
        {
            meter.Update(CountDone());
        }

        return meter.Complete();

        long CountDone() => _job.ReadDone().Sum(number => (long)_job.ShardAt(number).Rows);
    }

    /// <summary>Runs the bad inputs of all shards that are done again, for example after files were repaired. A shard whose rows change is replaced.</summary>
    /// <param name="killed">Whether to run inputs again that ended their process, which may end this one.</param>
    /// <param name="progress">Receives where the worker stands.</param>
    /// <param name="cancellationToken">Ends the work. Shards that were replaced stay.</param>
    /// <returns>The inputs that were run again, and the errors that are left of them.</returns>
    /// <exception cref="InvalidDataException">A shard is damaged.</exception>
    /// <exception cref="IOException">The results cannot be written.</exception>
    public async Task<CorpusProgress> RetryErrorsAsync(bool killed = false, IProgress<CorpusProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        (int Number, int Bad)[] shards = [.. _job.ReadDone().Order().Select(number => (Number: number, Bad: Bad(number))).Where(shard => shard.Bad > 0)];
        var meter = new ProgressMeter(0, shards.Sum(shard => (long)shard.Bad), progress);
        foreach ((int number, _) in shards)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await _runner.RetryAsync(_job.ShardAt(number), killed, meter.Add, cancellationToken).ConfigureAwait(false);
        }

        return meter.Complete();

        int Bad(int number) => _job.CountErrors(number).Where(error => killed || error.Key != InputErrors.Killed).Sum(error => error.Value);
    }

    /// <summary>Frees the model.</summary>
    public void Dispose() => _task.Dispose();
}
