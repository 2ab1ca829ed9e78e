using System.Collections;

namespace Data2Vec.Converters.PyTorch;

/// <summary>
/// A tuple of a pickle; frozen sets are tuples too. Compared by reference, since the values of a hostile pickle may be
/// shared so often that walking them would never end.
/// </summary>
public sealed class PickleTuple : IReadOnlyList<object?>
{
    private readonly object?[] _items;

    internal PickleTuple(params object?[] items) => _items = items;

    /// <summary>The number of items.</summary>
    public int Count => _items.Length;

    /// <summary>The item at a position.</summary>
    public object? this[int index] => _items[index];

    /// <inheritdoc/>
    public IEnumerator<object?> GetEnumerator() => ((IEnumerable<object?>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _items.GetEnumerator();
}
