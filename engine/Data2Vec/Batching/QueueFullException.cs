namespace Data2Vec;

/// <summary>More inputs wait for a model than it may keep waiting: try again later.</summary>
public sealed class QueueFullException : Exception
{
    internal QueueFullException(long waitingRows, int limit)
        : base($"{waitingRows} rows of input wait for the model and {limit} are the most: try again later, or raise ModelOptions.MaxQueuedRows.") =>
        (WaitingRows, Limit) = (waitingRows, limit);

    /// <summary>Rows (tokens, frames, patches) that waited when the call came, of each call those of its next batch.</summary>
    public long WaitingRows { get; }

    /// <summary>The most that may wait, <see cref="ModelOptions.MaxQueuedRows"/>.</summary>
    public int Limit { get; }
}
