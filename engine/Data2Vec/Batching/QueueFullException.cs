namespace Data2Vec;

/// <summary>Too many inputs wait for a model. Try again later.</summary>
public sealed class QueueFullException : Exception
{
    internal QueueFullException(long waitingRows, int limit)
        : base($"{waitingRows} rows of input wait for the model; the limit is {limit}. Try again later, or raise ModelOptions.MaxQueuedRows.") =>
        (WaitingRows, Limit) = (waitingRows, limit);

    /// <summary>Rows (tokens, frames, patches) that waited when the call was made. Of each waiting call only the next batch counts.</summary>
    public long WaitingRows { get; }

    /// <summary>The limit, <see cref="ModelOptions.MaxQueuedRows"/>.</summary>
    public int Limit { get; }
}
