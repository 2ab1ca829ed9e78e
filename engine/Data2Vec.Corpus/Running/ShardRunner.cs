using System.Diagnostics;
using System.Security.Cryptography;

namespace Data2Vec.Corpus;

/// <summary>Runs shards and writes them.</summary>
/// <param name="job">The job.</param>
/// <param name="task">The task with its model.</param>
/// <param name="options">How the worker runs.</param>
internal sealed class ShardRunner(CorpusJob job, TaskRunner task, WorkerOptions options)
{
    // A worker may be killed for reasons of its own, and at any row. That it is killed three times in the moment that a single row takes is no chance.
    private const int ShardAttempts = 3, PartAttempts = 1, RowAttempts = 3;

    private readonly ShardSchema _schema = new(task.Columns, job.Identity.HasReferences);
    private readonly RowRunner _rows = new(task, new InputPipeline(task, new InputLoader(job.BaseFolder, job.Modality, job.Task.Limits, job.Task is ScoreMemesTask), options.Decoders));

    /// <summary>Runs a shard, and puts its file into the output folder.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="report">Receives rows as they are done.</param>
    /// <param name="cancellation">Ends the work. Nothing is written then.</param>
    /// <exception cref="InvalidDataException">An input is bad, and the worker is strict.</exception>
    public async Task<ShardReport> RunAsync(Shard shard, Action<ShardRow> report, CancellationToken cancellation)
    {
        DateTimeOffset started = DateTimeOffset.UtcNow;
        long since = Stopwatch.GetTimestamp();
        var journal = new ShardJournal(job.Files.Journal(shard.Number));
        var rows = new ShardRow[shard.Rows];
        await RunPartAsync(0, shard.Rows).ConfigureAwait(false);
        ShardReport done = await WriteAsync(shard, rows, started, since).ConfigureAwait(false);
        journal.Delete();
        return done;

        async Task RunPartAsync(int first, int count)
        {
            int attempts = count == shard.Rows ? ShardAttempts : count == 1 ? RowAttempts : PartAttempts;
            if (journal.Unfinished(first, count) < attempts)
            {
                journal.Begin(first, count);
                try
                {
                    IEnumerable<PlannedInput> inputs = job.Plan.Read(shard).Skip(first).Take(count);
                    await _rows.RunAsync(inputs, (place, row) => Receive(first + place, row), cancellation).ConfigureAwait(false);
                }
                finally
                {
                    journal.End(first, count);
                }
            }
            else if (count > 1)
            {
                await RunPartAsync(first, count / 2).ConfigureAwait(false);
                await RunPartAsync(first + (count / 2), count - (count / 2)).ConfigureAwait(false);
            }
            else
            {
                var error = new InputError(InputErrors.Killed, "the process died every time it ran this input");
                Receive(first, RowRunner.Failed(job.Plan.Read(shard).ElementAt(first), null, error));
            }
        }

        void Receive(int place, ShardRow row)
        {
            if (options.Strict && row.Error is { } error)
            {
                throw new InvalidDataException($"{row.Id}: {error.Message}");
            }

            rows[place] = row;
            report(row);
        }
    }

    /// <summary>Runs the bad inputs of a shard again, and replaces its file if any of them is another now.</summary>
    /// <param name="shard">A shard that is done.</param>
    /// <param name="killed">Whether to run inputs again that ended their process.</param>
    /// <param name="report">Receives each row that was run again.</param>
    /// <param name="cancellation">Ends the work. The file stays as it is then.</param>
    public async Task RetryAsync(Shard shard, bool killed, Action<ShardRow> report, CancellationToken cancellation)
    {
        DateTimeOffset started = DateTimeOffset.UtcNow;
        long since = Stopwatch.GetTimestamp();
        ShardRow[] rows = [.. (await ShardFile.ReadAsync(job.Files.Shard(shard.Number)).ConfigureAwait(false)).Rows];
        PlannedInput[] inputs = [.. job.Plan.Read(shard)];
        if (rows.Length != inputs.Length)
        {
            throw new InvalidDataException($"{job.Files.Shard(shard.Number)}: the file is damaged; delete it, and run the job again");
        }

        int[] bad = [.. Enumerable.Range(0, rows.Length).Where(i => rows[i].Error is { } error && (killed || error.Kind != InputErrors.Killed))];
        bool isChanged = false;
        await _rows.RunAsync(bad.Select(i => inputs[i]), Receive, cancellation).ConfigureAwait(false);
        if (isChanged)
        {
            await WriteAsync(shard, rows, started, since).ConfigureAwait(false);
        }

        void Receive(int place, ShardRow row)
        {
            isChanged |= row.Error != rows[bad[place]].Error || row.Sha256 != rows[bad[place]].Sha256;
            rows[bad[place]] = row;
            report(row);
        }
    }

    /// <summary>Writes the file of a shard, and the report beside it.</summary>
    private async Task<ShardReport> WriteAsync(Shard shard, ShardRow[] rows, DateTimeOffset started, long since)
    {
        using var content = new MemoryStream();
        Dictionary<string, string> facts = new(task.Facts) { [ShardWriter.JobFact] = job.Digest };
        await ShardWriter.WriteAsync(content, _schema, rows, facts).ConfigureAwait(false);
        ReadOnlyMemory<byte> bytes = content.GetBuffer().AsMemory(0, (int)content.Length);
        var report = new ShardReport
        {
            Rows = rows.Length,
            Errors = rows.Where(row => row.Error is not null).GroupBy(row => row.Error!.Value.Kind).ToDictionary(group => group.Key, group => group.Count()),
            ModelRows = rows.Sum(row => (long)(row.Rows ?? 0)),
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes.Span)),
            Started = started,
            Seconds = Stopwatch.GetElapsedTime(since).TotalSeconds,
            Host = Environment.MachineName,
        };

        // A report that does not belong to the file would be worse than none.
        File.Delete(job.Files.Report(shard.Number));
        WholeFile.Write(job.Files.Shard(shard.Number), stream => stream.Write(bytes.Span));
        report.Write(job.Files.Report(shard.Number));
        return report;
    }
}
