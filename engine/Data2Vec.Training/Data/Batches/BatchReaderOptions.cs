namespace Data2Vec.Training.Data;

/// <summary>How batches are read.</summary>
public sealed record BatchReaderOptions
{
    /// <summary>How items are grouped.</summary>
    public required BatchOptions Batches { get; init; }

    /// <summary>The seed of the run.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// The number of rows that a length stands for, for example the frames of a number of samples; null for the length itself. It is what
    /// <see cref="BatchOptions.MaxRows"/> limits.
    /// </summary>
    public Func<int, int>? Rows { get; init; }

    /// <summary>The number of this process among those that train together, from 0.</summary>
    public int Rank { get; init; }

    /// <summary>The number of processes that train together.</summary>
    public int Ranks { get; init; } = 1;

    /// <summary>The number of batches that are loaded at the same time.</summary>
    public int Workers { get; init; } = 2;

    /// <summary>The number of batches that are kept ready. Each takes memory.</summary>
    public int Ahead { get; init; } = 4;

    /// <summary>
    /// Whether items are cut to the shortest of their batch, at a random place, as fairseq's pretraining on speech does because it does not pad. Packed batches
    /// do not need it.
    /// </summary>
    public bool CropToShortest { get; init; }

    /// <summary>Whether a bad item ends the run.</summary>
    public bool Strict { get; init; }

    /// <summary>Receives each item that is left out, once, when its turn comes. It is called by the reader of the batches.</summary>
    public Action<SkippedItem>? Report { get; init; }

    internal void Check()
    {
        Batches.Check();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Ranks);
        ArgumentOutOfRangeException.ThrowIfNegative(Rank);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(Rank, Ranks);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Workers);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Ahead);
    }
}
