namespace Data2Vec.Training.Data;

/// <summary>Collects the items that are left out while data is read.</summary>
/// <param name="strict">Whether a bad item ends the reading.</param>
internal sealed class SkippedItems(bool strict)
{
    private readonly List<SkippedItem> _items = [];
    private int _bad;

    /// <summary>The items left out so far.</summary>
    public IReadOnlyList<SkippedItem> All => _items;

    /// <summary>Leaves out an item that is wrong.</summary>
    /// <exception cref="InvalidDataException">The reading is strict.</exception>
    public void AddBad(string name, string reason)
    {
        var item = new SkippedItem(name, reason);
        if (strict)
        {
            throw new InvalidDataException(item.ToString());
        }

        _items.Add(item);
        _bad++;
    }

    /// <summary>Leaves out an item because of an option.</summary>
    public void Add(string name, string reason) => _items.Add(new SkippedItem(name, reason, IsBad: false));

    /// <summary>Adds items that another part of the reading left out.</summary>
    public void Add(SkippedItem item)
    {
        if (item.IsBad)
        {
            AddBad(item.Name, item.Reason);
        }
        else
        {
            _items.Add(item);
        }
    }

    /// <summary>The items left out.</summary>
    /// <param name="source">The name of the data.</param>
    /// <param name="kept">The number of items that were kept.</param>
    /// <exception cref="InvalidDataException">Nothing was kept, or too many items are bad.</exception>
    public IReadOnlyList<SkippedItem> Finish(string source, int kept)
    {
        if (kept == 0)
        {
            throw new InvalidDataException(_items.Count == 0
                ? $"{source}: there are no items in it"
                : $"{source}: none of its {_items.Count} items can be used; the first is {_items[0]}");
        }

        BadItemLimit.Check(_bad, kept + _bad, () => _items.First(item => item.IsBad), source);
        return _items;
    }
}
