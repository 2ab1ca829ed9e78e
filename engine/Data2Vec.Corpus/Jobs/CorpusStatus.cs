namespace Data2Vec.Corpus;

/// <summary>What a job has done, from the files in its output folder.</summary>
/// <param name="Shards">The number of shards.</param>
/// <param name="ShardsDone">Those that are done.</param>
/// <param name="Rows">The number of inputs.</param>
/// <param name="RowsDone">The inputs of shards that are done.</param>
/// <param name="Errors">The number of bad inputs of each kind in them.</param>
/// <param name="Seconds">The time that workers took for them, added up.</param>
public sealed record CorpusStatus(int Shards, int ShardsDone, long Rows, long RowsDone, IReadOnlyDictionary<string, long> Errors, double Seconds)
{
    /// <summary>Whether all shards are done.</summary>
    public bool IsComplete => ShardsDone == Shards;

    /// <summary>Reads the state of a job.</summary>
    /// <param name="job">The job.</param>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public static CorpusStatus Read(CorpusJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        var errors = new SortedDictionary<string, long>(StringComparer.Ordinal);
        IReadOnlySet<int> done = job.ReadDone();
        long rows = 0;
        double seconds = 0;
        foreach (int number in done)
        {
            rows += job.ShardAt(number).Rows;
            ShardReport? report = ShardReport.Read(job.Files.Report(number));
            seconds += report?.Seconds ?? 0;
            foreach ((string kind, int count) in report?.Errors ?? job.CountErrors(number))
            {
                errors[kind] = errors.GetValueOrDefault(kind) + count;
            }
        }

        return new CorpusStatus(job.Shards, done.Count, job.Rows, rows, errors, seconds);
    }
}
