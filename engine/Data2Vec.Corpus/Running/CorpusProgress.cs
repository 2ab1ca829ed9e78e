namespace Data2Vec.Corpus;

/// <summary>Where a worker stands.</summary>
/// <param name="Rows">The inputs that are done, also those of earlier runs.</param>
/// <param name="Total">All inputs that the worker knows of: those of the job, or of its part.</param>
/// <param name="RowsPerSecond">The inputs that this worker runs in a second; 0 before the first.</param>
/// <param name="Errors">The number of bad inputs of each kind in this run.</param>
public sealed record CorpusProgress(long Rows, long Total, double RowsPerSecond, IReadOnlyDictionary<string, long> Errors)
{
    /// <summary>The time that is left at this rate; null before the first input.</summary>
    public TimeSpan? Left => RowsPerSecond > 0 ? TimeSpan.FromSeconds(Math.Min((Total - Rows) / RowsPerSecond, TimeSpan.MaxValue.TotalSeconds / 2)) : null;
}
