namespace Data2Vec;

/// <summary>Too many inputs wait for a model. Try again later.</summary>
public sealed class QueueFullException : Exception
{
    internal QueueFullException(long waitingRows, int limit, TimeSpan estimatedWait)
        : base($"{waitingRows} rows of input wait for the model; the limit is {limit}. Try again later, or raise ModelOptions.MaxQueuedRows.") =>
        (WaitingRows, Limit, EstimatedWait) = (waitingRows, limit, estimatedWait);

    internal QueueFullException(long waitingRows, int limit, TimeSpan estimatedWait, TimeSpan longestWait)
        : base(FormattableString.Invariant(
            $"an input would wait about {estimatedWait.TotalSeconds:0.0} s for the model; the limit is {longestWait.TotalSeconds:0.###} s. Try again later, or raise ModelOptions.MaxWait.")) =>
        (WaitingRows, Limit, EstimatedWait) = (waitingRows, limit, estimatedWait);

    /// <summary>Rows (tokens, frames, patches) that waited when the call was made. Of each waiting call only the next batch counts.</summary>
    public long WaitingRows { get; }

    /// <summary>The limit of rows, <see cref="ModelOptions.MaxQueuedRows"/>.</summary>
    public int Limit { get; }

    /// <summary>The time after which the model is done with what waits now, by the speed of its last batches; zero before the first batch.</summary>
    public TimeSpan EstimatedWait { get; }
}
