using System.Collections;

namespace Data2Vec.Converters.PyTorch;

/// <summary>
/// A list of a pickle; sets are lists of their items in the order of the file. A list of a hostile pickle may contain
/// itself: look up what you need, never walk a whole pickle without counting.
/// </summary>
public sealed class PickleList : IReadOnlyList<object?>
{
    /// <summary>Approximate sizes of a list and of an item in bytes, for the budget.</summary>
    internal const int Cost = 112, ItemCost = 16;

    private readonly List<object?> _items = [];

    internal PickleList()
    {
    }

    /// <summary>The number of items.</summary>
    public int Count => _items.Count;

    /// <summary>The item at a position.</summary>
    public object? this[int index] => _items[index];

    /// <inheritdoc/>
    public IEnumerator<object?> GetEnumerator() => _items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _items.GetEnumerator();

    internal void Add(object? item) => _items.Add(item);
}

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
