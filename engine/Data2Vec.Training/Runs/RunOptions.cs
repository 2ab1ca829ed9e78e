using Data2Vec.Training.Data;
using Data2Vec.Training.Exchange;

namespace Data2Vec.Training.Runs;

/// <summary>Where a run writes, and what it may use. Nothing here changes the result.</summary>
public sealed record RunOptions
{
    /// <summary>The folder of the run: its state, its log and its models. A run whose state is there is continued.</summary>
    public required string Folder { get; init; }

    /// <summary>The time between two saved states.</summary>
    public TimeSpan SaveEvery { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The threads that compute; 0 for one per core.</summary>
    public int Threads { get; init; }

    /// <summary>The batches that are loaded at the same time.</summary>
    public int Workers { get; init; } = 2;

    /// <summary>The bytes of activations that are kept for the backward pass; others are computed again.</summary>
    public long KeptBytes { get; init; } = 1L << 30;

    /// <summary>Whether a damaged item ends the run; otherwise it is named and left out.</summary>
    public bool Strict { get; init; }

    /// <summary>Whether a state in the folder is overwritten by a new run instead of continued.</summary>
    public bool Restart { get; init; }

    /// <summary>Receives the items that are left out.</summary>
    public Action<SkippedItem>? Skipped { get; init; }

    /// <summary>Adds up the gradients of several processes.</summary>
    public IGradientExchange Exchange { get; init; } = new SingleProcess();

    /// <summary>Whether this is a trial, which shows what updates take: each is of one micro-batch, and nothing is read from the folder or written.</summary>
    public bool IsTrial { get; init; }

    /// <summary>The update after which the run pauses, as if it had been cancelled; null for the end of the recipe.</summary>
    public long? PauseAfter { get; init; }
}
