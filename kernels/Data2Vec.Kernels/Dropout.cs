namespace Data2Vec.Kernels;

/// <summary>
/// Which features or probabilities become 0 at random (Srivastava et al. 2014). Whether one does is a function of the key and of its place alone: the
/// item, the row within the item and the column. So the mask is drawn again in the backward pass instead of being kept, and depends on neither the packing of
/// items nor the threads.
/// </summary>
/// <param name="rate">The share that becomes 0; the others are divided by <c>1 - rate</c>.</param>
/// <param name="key">Tells apart places in the network, updates and runs.</param>
/// <param name="rows">The place of each row in the data; in working memory.</param>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Performance", "CA1815", Justification = "Never compared.")]
public readonly unsafe struct Dropout(float rate, ulong key, RowPlace* rows)
{
    /// <summary>The share that becomes 0.</summary>
    public float Rate { get; } = rate;

    /// <summary>Tells apart places in the network, updates and runs.</summary>
    public ulong Key { get; } = key;

    /// <summary>The place of each row in the data.</summary>
    public RowPlace* Rows { get; } = rows;

    /// <summary>Whether nothing is dropped.</summary>
    public bool IsNone => Rate == 0;

    internal RowPlace Place(int row) => Rows[row];
}

/// <summary>The place of a row in the data.</summary>
/// <param name="Item">The number of the item.</param>
/// <param name="Row">The number of the row in the item.</param>
public readonly record struct RowPlace(long Item, int Row);
