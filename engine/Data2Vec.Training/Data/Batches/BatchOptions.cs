namespace Data2Vec.Training.Data;

/// <summary>How items are grouped into batches.</summary>
public sealed record BatchOptions
{
    /// <summary>The most rows in a batch, in the unit of the lengths; null for no limit.</summary>
    public long? MaxRows { get; init; }

    /// <summary>The most items in a batch; null for no limit.</summary>
    public int? MaxItems { get; init; }

    /// <summary>
    /// Whether each item counts as many rows as the longest of its batch, as if it were padded (fairseq's <c>max_tokens</c>). Otherwise it counts its own.
    /// </summary>
    public bool CountPadding { get; init; }

    /// <summary>Batches have a multiple of this number of items, or fewer items (fairseq's <c>required_batch_size_multiple</c>).</summary>
    public int Multiple { get; init; } = 1;

    /// <summary>Whether the order is random and new in each epoch. Otherwise it is by length, the longest first, always the same.</summary>
    public bool Shuffle { get; init; } = true;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Multiple, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRows ?? 1, 1, nameof(MaxRows));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxItems ?? 1, 1, nameof(MaxItems));
        if (MaxRows is null && MaxItems is null)
        {
            throw new ArgumentException($"Batches need a limit: set {nameof(MaxRows)} or {nameof(MaxItems)}.");
        }
    }
}
