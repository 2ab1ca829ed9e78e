using System.Globalization;

namespace Data2Vec.Converters.Checkpoints;

/// <summary>The named tensors of a checkpoint, under normalized names.</summary>
internal sealed class Weights
{
    private readonly Dictionary<string, (string Original, object? Value)> _entries = new(StringComparer.Ordinal);
    private readonly Func<string, string> _toOriginal;

    private Weights(IEnumerable<(string Name, string Original, object? Value)> entries, Func<string, string> toOriginal)
    {
        _toOriginal = toOriginal;
        foreach ((string name, string original, object? value) in entries)
        {
            // A module that is registered twice has its tensors twice in PyTorch's state_dict, in the same storage.
            InvalidData.ThrowIf(
                !_entries.TryAdd(name, (original, value)) && !IsSame(_entries[name].Value, value),
                $"{Quoted(_entries[name].Original)} and {Quoted(original)} are different tensors of the same name");
        }
    }

    /// <summary>No weights.</summary>
    public static Weights None { get; } = new([], name => name);

    /// <summary>All names, including those of values that are not tensors.</summary>
    public IReadOnlyCollection<string> Names => _entries.Keys;

    /// <summary>The weights of a pickled <c>state_dict</c>.</summary>
    /// <exception cref="InvalidDataException">A key is not a string, or two tensors have the same name.</exception>
    public static Weights FromPickle(PickleDictionary entries) => Normalize(entries
        .Select(entry => (entry.Key as string ?? throw new InvalidDataException("a name among the weights is not a string"), entry.Value)));

    /// <summary>The weights of a <c>state_dict</c> that was saved in several files.</summary>
    /// <exception cref="InvalidDataException">Two tensors have the same name.</exception>
    public static Weights FromEntries(IReadOnlyDictionary<string, object?> entries) => Normalize(entries.Select(entry => (entry.Key, entry.Value)));

    /// <summary>The weights of a file that holds nothing else.</summary>
    /// <exception cref="InvalidDataException">Two tensors have the same name.</exception>
    public static Weights FromTensors(IReadOnlyDictionary<string, CheckpointTensor> tensors) => Normalize(tensors.Select(entry => (entry.Key, (object?)entry.Value)));

    /// <summary>The name of a tensor as the checkpoint has it, or would have it if it had the tensor.</summary>
    public string Label(string name) => Quoted(OriginalName(name));

    /// <inheritdoc cref="Label"/>
    public string OriginalName(string name) => _entries.TryGetValue(name, out var entry) ? entry.Original : _toOriginal(name);

    /// <summary>Finds a tensor.</summary>
    /// <returns>The tensor, or null if there is none of that name.</returns>
    /// <exception cref="InvalidDataException">The value of that name is not a tensor.</exception>
    public CheckpointTensor? Find(string name) => _entries.TryGetValue(name, out var entry)
        ? entry.Value as CheckpointTensor ?? PyTorchTensor.Require(entry.Value, entry.Original)
        : null;

    /// <summary>Whether there is a value of a name.</summary>
    public bool Contains(string name) => _entries.ContainsKey(name);

    /// <summary>The weights in a dictionary among the weights, or null if there is none of that name.</summary>
    public Weights? Group(string name) =>
        _entries.TryGetValue(name, out var entry) && entry.Value is PickleDictionary group ? FromPickle(group) : null;

    /// <summary>The same weights with a prefix removed from, or replaced in, the names that have it.</summary>
    public Weights Without(string prefix, string replacement = "")
    {
        bool isUsed = prefix.Length > 0 && Names.Any(name => name.StartsWith(prefix, StringComparison.Ordinal));
        return isUsed
            ? new Weights(_entries.Select(entry => (Swap(entry.Key, prefix, replacement), entry.Value.Original, entry.Value.Value)), Original)
            : this;

        string Original(string name) => _toOriginal(Swap(name, replacement, prefix));

        static string Swap(string name, string prefix, string replacement) =>
            name.StartsWith(prefix, StringComparison.Ordinal) ? replacement + name[prefix.Length..] : name;
    }

    /// <summary>The same weights with those of a folder, whose names get the folder's before them.</summary>
    public Weights With(string folder, Weights others) => new(
        _entries.Select(entry => (entry.Key, entry.Value.Original, entry.Value.Value))
            .Concat(others._entries.Select(entry => ($"{folder}/{entry.Key}", $"{folder}/{entry.Value.Original}", entry.Value.Value))),
        _toOriginal);

    /// <summary>The same weights without some of them.</summary>
    public Weights Except(Func<string, bool> isLeftOut) => new(
        _entries.Where(entry => !isLeftOut(entry.Key)).Select(entry => (entry.Key, entry.Value.Original, entry.Value.Value)), _toOriginal);

    /// <summary>The same weights with tensors that others were computed from replaced by the computed ones.</summary>
    /// <param name="isReplaced">Whether a name is replaced.</param>
    /// <param name="computed">The computed tensors, each with the name that the checkpoint has for one that it was computed from.</param>
    public Weights With(Func<string, bool> isReplaced, IEnumerable<(string Name, string Original, CheckpointTensor Tensor)> computed) => new(
        _entries.Where(entry => !isReplaced(entry.Key)).Select(entry => (entry.Key, entry.Value.Original, entry.Value.Value))
            .Concat(computed.Select(entry => (entry.Name, entry.Original, (object?)entry.Tensor))),
        _toOriginal);

    /// <summary>The number of layers, which are numbered from 0.</summary>
    /// <param name="pattern">The name of a tensor that each layer has, with <c>{i}</c> for the number.</param>
    /// <exception cref="InvalidDataException">A layer is missing before others.</exception>
    public int CountLayers(string pattern)
    {
        string Name(int i) => pattern.Replace("{i}", i.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        string start = pattern[..pattern.IndexOf("{i}", StringComparison.Ordinal)];
        int count = Enumerable.Range(0, Limits.Layers).TakeWhile(i => Contains(Name(i))).Count();
        int last = Names.Where(name => name.StartsWith(start, StringComparison.Ordinal)).Select(name => Number(name.AsSpan(start.Length))).DefaultIfEmpty(-1).Max();
        InvalidData.ThrowIf(last >= count && last < Limits.Layers, $"{Label(Name(count))} is missing, and there is a layer {last}; the layers must be complete from 0 on");
        return count;

        static int Number(ReadOnlySpan<char> text) =>
            text.IndexOf('.') is > 0 and var length && int.TryParse(text[..length], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;
    }

    /// <summary>The size of a dimension of a tensor, or null if there is no such tensor.</summary>
    /// <exception cref="InvalidDataException">It has another number of dimensions, or the size is out of range.</exception>
    public int? Size(string tensor, int dimensions, int dimension, int most)
    {
        IReadOnlyList<long>? shape = Find(tensor)?.Shape;
        InvalidData.ThrowIf(
            shape is not null && (shape.Count != dimensions || shape[dimension] < 1 || shape[dimension] > most),
            $"{Label(tensor)} has the shape [{string.Join(", ", shape ?? [])}], which no model has");
        return (int?)shape?[dimension];
    }

    /// <summary>The size of a dimension of a tensor that must exist.</summary>
    /// <exception cref="InvalidDataException">The tensor is missing, or <see cref="Size"/> throws.</exception>
    public int RequireSize(string tensor, int dimensions, int dimension, int most) =>
        Size(tensor, dimensions, dimension, most) ?? throw new InvalidDataException($"{Label(tensor)} is missing; {ShowNames()}");

    /// <summary>Some names, for messages.</summary>
    public string ShowNames()
    {
        const int Most = 5;
        string names = string.Join(", ", _entries.Values.Take(Most).Select(entry => Quoted(entry.Original)));
        string more = _entries.Count > Most ? $" and {_entries.Count - Most} more" : "";
        return _entries.Count == 0 ? "the checkpoint has no tensors" : $"the checkpoint has {names}{more}";
    }

    private static Weights Normalize(IEnumerable<(string Name, object? Value)> entries)
    {
        Dictionary<string, object?> values = entries.ToDictionary(entry => entry.Name, entry => entry.Value, StringComparer.Ordinal);
        return new Weights(WeightNames.Normalize(values.Keys).Select(name => (name.Name, name.Original, values[name.Original])), name => name);
    }

    private static bool IsSame(object? one, object? other) =>
        ReferenceEquals(one, other)
        || (one is PyTorchTensor first && other is PyTorchTensor second && first.StorageKey == second.StorageKey && first.Shape.SequenceEqual(second.Shape));

    private static string Quoted(string name) => PickleText.Quote(name);
}

/// <summary>What is accepted of the sizes that checkpoints give.</summary>
internal static class Limits
{
    /// <summary>The most features, channels, positions or outputs.</summary>
    public const int Size = 1 << 16;

    /// <summary>The most layers.</summary>
    public const int Layers = 1_000;

    /// <summary>The most token ids.</summary>
    public const int Tokens = 1 << 24;
}
