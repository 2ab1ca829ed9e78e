namespace Data2Vec;

/// <summary>How a model is loaded.</summary>
public sealed record ModelOptions
{
    /// <summary>Threads of the CPU backend, the caller's included; 0 for one per core.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// For vision transformers, height and width of the images after preprocessing, a multiple of the patch size; null for the size the model was trained on.
    /// Position information is interpolated, and the preprocessing changes with the size.
    /// </summary>
    public int? ImageSize { get; init; }

    /// <summary>The device to run on; null for the CPU.</summary>
    public Backend? Backend { get; init; }

    /// <summary>
    /// The most rows (tokens, frames, patches) that may wait in asynchronous calls; a call beyond them fails with a <see cref="QueueFullException"/>.
    /// Calls take turns, so only the rows of a call's next batch count: a call with any number of inputs is accepted, and leaves room for others.
    /// </summary>
    public int MaxQueuedRows { get; init; } = 1 << 18;

    /// <summary>
    /// The longest time that a new asynchronous call may wait for its first batch, by the speed of the last batches and what waits; null for any. A call that
    /// would wait longer fails with a <see cref="QueueFullException"/>.
    /// </summary>
    public TimeSpan? MaxWait { get; init; }

    /// <summary>
    /// The longest time that the next batch waits for more asynchronous calls to join, if the last batch served several calls. A call that finds the
    /// model idle never waits. In whole milliseconds.
    /// </summary>
    public TimeSpan GatherDelay { get; init; } = TimeSpan.FromMilliseconds(1);

    internal void Validate()
    {
        const string Options = "options";
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueuedRows, 1, Options);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxWait ?? TimeSpan.Zero, TimeSpan.Zero, Options);
        ArgumentOutOfRangeException.ThrowIfLessThan(GatherDelay, TimeSpan.Zero, Options);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(GatherDelay, TimeSpan.FromMinutes(1), Options);
    }
}
