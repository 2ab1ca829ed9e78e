using Data2Vec.Kernels;

namespace Data2Vec;

/// <summary>How a model is loaded.</summary>
public sealed record ModelOptions
{
    /// <summary>Threads of the CPU backend, the caller's included; 0 for one a core.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// For vision models, the side of the square of pixels that the model shall see, a multiple of its patches' side; null for the
    /// size that it was made for. What the model knows about places is interpolated, and the preprocessing changes with the size.
    /// </summary>
    public int? ImageSize { get; init; }

    /// <summary>The device to run on; the CPU where none is given.</summary>
    public Backend? Backend { get; init; }

    /// <summary>
    /// Rows (tokens, frames, patches) of inputs that may wait for asynchronous calls; while as many wait, a further call gets a
    /// <see cref="QueueFullException"/>. Calls take turns, so that of each the rows of its next batch alone count: one call of any
    /// number of inputs is taken, and leaves room for others.
    /// </summary>
    public int MaxQueuedRows { get; init; } = 1 << 18;

    /// <summary>
    /// How long at the most the next batch waits for more asynchronous calls to join, where the last one served several; a call that
    /// finds the model idle never waits. In whole milliseconds.
    /// </summary>
    public TimeSpan GatherDelay { get; init; } = TimeSpan.FromMilliseconds(1);
}
