using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Data2Vec.Converters.PyTorch;

/// <summary>
/// A dictionary of a pickle in the order of the file: <c>dict</c>, <c>OrderedDict</c>, <c>defaultdict</c> or <c>Counter</c>. Strings and numbers are
/// found by value, every other key by reference. Like a list, it may contain itself.
/// </summary>
[SuppressMessage("Naming", "CA1711", Justification = "It is a Python dict, and dictionary is what to look for.")]
public sealed class PickleDictionary : IReadOnlyCollection<KeyValuePair<object?, object?>>
{
    /// <summary>The longest string key. Hashing longer ones repeatedly would take too long.</summary>
    internal const int MaxKeyLength = 1024;

    /// <summary>Approximate sizes of a dictionary and of an entry in bytes, for the budget.</summary>
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

    /// <summary>The state that the pickle set in addition to the entries (<c>_metadata</c> of a state dict), or null.</summary>
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

    /// <summary>Finds the value of a key if it has the requested type.</summary>
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

    /// <summary>Sets a value. As in Python, a key that is set again keeps its position.</summary>
    internal void Set(object? key, object? value)
    {
        InvalidData.ThrowIf(
            key is string { Length: > MaxKeyLength },
            $"a dictionary key has {(key as string)?.Length} characters; keys of up to {MaxKeyLength} are read");
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

    // None is a valid key, and the integers of a pickle are longs.
    private static object Widen(object? key) => key switch
    {
        null => s_noneKey,
        int number => (long)number,
        _ => key,
    };
}

/// <summary>
/// Compares keys of pickled dictionaries: strings and numbers by value with hashes that an attacker cannot predict, everything else by reference.
/// </summary>
internal sealed class PickleKeyComparer : IEqualityComparer<object>
{
    public static readonly PickleKeyComparer Instance = new();

    public new bool Equals(object? x, object? y) =>
        ReferenceEquals(x, y) || (x is string or long or bool or double or BigInteger && x.Equals(y));

    // long and double hash themselves predictably, so their halves go through the seeded HashCode.
    public int GetHashCode(object obj) => obj switch
    {
        string or bool or BigInteger => obj.GetHashCode(),
        long number => HashHalves(number),
        double number => HashHalves(BitConverter.DoubleToInt64Bits(number)),
        _ => RuntimeHelpers.GetHashCode(obj),
    };

    private static int HashHalves(long number) => HashCode.Combine((int)number, (int)(number >> 32));
}
