using System.Collections;

namespace Data2Vec.Converters.PyTorch;

/// <summary>
/// A list of a pickle; sets are lists of their items in the order of the file. A list of a hostile pickle may contain
/// itself: look up what you need, never walk a whole pickle without counting.
/// </summary>
public sealed class PickleList : IReadOnlyList<object?>
{
    /// <summary>About how many bytes a list takes, and each of its items, to be charged before they are made.</summary>
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
