using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Data2Vec.Converters.PyTorch;

/// <summary>
/// A dictionary of a pickle in the order of the file: <c>dict</c>, <c>OrderedDict</c>, <c>defaultdict</c> or
/// <c>Counter</c>. Strings and numbers are found by value, every other key by reference. Like a list, it may contain
/// itself.
/// </summary>
[SuppressMessage("Naming", "CA1711", Justification = "It is a Python dict, and dictionary is what to look for.")]
public sealed class PickleDictionary : IReadOnlyCollection<KeyValuePair<object?, object?>>
{
    /// <summary>Longer strings are refused as keys: hashing one again and again would take for ever.</summary>
    internal const int MaxKeyLength = 1024;

    /// <summary>About how many bytes a dictionary takes, and each of its entries, to be charged before they are made.</summary>
    internal const int Cost = 400, EntryCost = 80;

    private static readonly object s_noneKey = new();

    private readonly List<KeyValuePair<object?, object?>> _entries = [];
    private Dictionary<object, int>? _positions;

    internal PickleDictionary()
    {
    }

    /// <summary>The number of entries.</summary>
    public int Count => _entries.Count;

    /// <summary>The keys in the order of the file.</summary>
    public IEnumerable<object?> Keys => _entries.Select(entry => entry.Key);

    /// <summary>The values in the order of the file.</summary>
    public IEnumerable<object?> Values => _entries.Select(entry => entry.Value);

    /// <summary>What the pickle set on the dictionary beside its entries (<c>_metadata</c> of a state dict), or null.</summary>
    public object? State { get; internal set; }

    /// <summary>The value of a key.</summary>
    /// <exception cref="InvalidDataException">There is no such key.</exception>
    public object? this[string key] => TryGetValue(key, out object? value)
        ? value
        : throw new InvalidDataException($"the dictionary has no entry '{PickleText.Quote(key)}'");

    /// <summary>Finds the value of a key, often a string.</summary>
    /// <returns>Whether there is such a key; its value may still be null.</returns>
    public bool TryGetValue(object? key, out object? value)
    {
        if (_positions is not null && _positions.TryGetValue(Widen(key), out int position))
        {
            value = _entries[position].Value;
            return true;
        }

        value = null;
        return false;
    }

    /// <summary>Finds the value of a key if it is of the wanted type.</summary>
    /// <returns>Whether there is such a key with a value of that type.</returns>
    public bool TryGet<T>(string key, [NotNullWhen(true)] out T? value)
    {
        if (TryGetValue(key, out object? found) && found is T wanted)
        {
            value = wanted;
            return true;
        }

        value = default;
        return false;
    }

    /// <summary>Whether there is such a key.</summary>
    public bool ContainsKey(object? key) => TryGetValue(key, out _);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<object?, object?>> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _entries.GetEnumerator();

    /// <summary>As in Python, setting a key again keeps its place and replaces its value.</summary>
    internal void Set(object? key, object? value)
    {
        if (key is string { Length: > MaxKeyLength } text)
        {
            throw new InvalidDataException(
                $"a dictionary key has {text.Length} characters; keys of up to {MaxKeyLength} are read");
        }

        _positions ??= new Dictionary<object, int>(PickleKeyComparer.Instance);
        object indexed = Widen(key);
        if (_positions.TryGetValue(indexed, out int position))
        {
            _entries[position] = new(_entries[position].Key, value);
            return;
        }

        _positions.Add(indexed, _entries.Count);
        _entries.Add(new(key, value));
    }

    // None is a key like any other, and the integers of a pickle are longs.
    private static object Widen(object? key) => key switch
    {
        null => s_noneKey,
        int number => (long)number,
        _ => key,
    };
}
