using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace Data2Vec.Converters.Checkpoints;

/// <summary>
/// Options of a model: a pickled dictionary, an <c>argparse.Namespace</c>, OmegaConf's <c>DictConfig</c>, yacs' <c>CfgNode</c>, or a JSON file. A missing option
/// and one that is None or null have their default. Full stops in a name separate groups: <c>transformer.encoder.layers</c>.
/// </summary>
internal sealed class CheckpointOptions
{
    private const int MaxList = 100;
    private const int MaxReferences = 8;

    private readonly object _group;
    private readonly string _place;
    private readonly CheckpointOptions _root;

    private CheckpointOptions(object group, string place, CheckpointOptions? root) => (_group, _place, _root) = (group, place, root ?? this);

    /// <summary>The JSON object; undefined for pickled options.</summary>
    public JsonElement Json => _group is JsonElement json ? json : default;

    /// <summary>Options of a pickle, or null if a value does not hold any.</summary>
    public static CheckpointOptions? FromPickle(object? value) => FromPickle(value, null);

    /// <summary>Options of a JSON file, which messages name.</summary>
    public static CheckpointOptions FromJson(JsonElement json, string file) => new(json, $"{file}: ", null);

    /// <summary>A group of options, or null if it is missing.</summary>
    public CheckpointOptions? Group(string name) => Find(name) as CheckpointOptions;

    /// <summary>Whether an option has a value.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>Whether an option is a list without items.</summary>
    public bool IsEmpty(string name) => Find(name) is object?[] { Length: 0 };

    /// <summary>Whether a JSON object says null for an option, which is more than leaving it out.</summary>
    public bool HasNull(string name) => Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Null;

    /// <summary>A text, or null if the option is missing.</summary>
    /// <exception cref="InvalidDataException">The option is not a string.</exception>
    public string? Text(string name) => Find(name) switch
    {
        null => null,
        string text => text,
        _ => throw Bad(name, "is not a string"),
    };

    /// <summary>A whole number.</summary>
    /// <exception cref="InvalidDataException">The option is not a whole number, or out of range.</exception>
    public int Integer(string name, int whenMissing, int least, int most) => Find(name) is { } value ? Integer(name, value, least, most) : whenMissing;

    /// <summary>Whether an option is a list.</summary>
    public bool IsList(string name) => Find(name) is object?[];

    /// <summary>A list of whole numbers.</summary>
    /// <exception cref="InvalidDataException">The option is not such a list, or a number is out of range.</exception>
    public int[] Integers(string name, int[] whenMissing, int least, int most) => Find(name) switch
    {
        null => whenMissing,
        object?[] { Length: > 0 and <= MaxList } items => [.. items.Select(item => Integer(name, item, least, most))],
        _ => throw Bad(name, $"is not a list of 1 to {MaxList} numbers"),
    };

    /// <summary>A finite number.</summary>
    /// <exception cref="InvalidDataException">The option is not a number.</exception>
    public double Number(string name, double whenMissing) => Find(name) is { } value ? Number(name, value) : whenMissing;

    /// <summary>Numbers, or null if the option is missing.</summary>
    /// <exception cref="InvalidDataException">The option is not a list of this many numbers.</exception>
    public float[]? Numbers(string name, int count) => Find(name) switch
    {
        null => null,
        object?[] items when items.Length == count => [.. items.Select(item => (float)Number(name, item))],
        _ => throw Bad(name, $"is not a list of {count} numbers"),
    };

    /// <summary>A truth value, or null if the option is missing.</summary>
    /// <exception cref="InvalidDataException">The option is neither true nor false.</exception>
    public bool? Flag(string name) => Find(name) switch
    {
        null => null,
        bool value => value,
        _ => throw Bad(name, "is neither true nor false"),
    };

    /// <summary>Refuses an option that has none of the supported values, given as texts: <c>true</c>, <c>0</c>, <c>gelu</c>.</summary>
    public void Require(string name, string whenMissing, params string[] supported)
    {
        object value = Find(name) ?? whenMissing;
        string? text = value switch
        {
            bool flag => flag ? "true" : "false",
            string or long or double => Convert.ToString(value, CultureInfo.InvariantCulture),
            _ => null,
        };
        ThrowIf(!supported.Contains(text), name, $"is {(text is null ? "something else" : Quoted(text))}; only {Quoted(supported[0])} is supported");

        static string Quoted(string text) =>
            text is "true" or "false" || double.TryParse(text, CultureInfo.InvariantCulture, out _) ? text : $"'{PickleText.Quote(text)}'";
    }

    /// <summary>The entries of a JSON object whose values are whole numbers, such as a vocabulary.</summary>
    /// <exception cref="InvalidDataException">A value is not a whole number, or out of range.</exception>
    public IEnumerable<(string Name, int Value)> IntegerEntries(int least, int most) =>
        Json.EnumerateObject().Select(entry => (entry.Name, Integer(entry.Name, Plain(entry.Value), least, most)));

    /// <summary>The labels of a head in the order of its outputs, or null if the option is missing.</summary>
    /// <exception cref="InvalidDataException">The option does not name each output once.</exception>
    public IReadOnlyList<string>? Labels(string name, int count)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        ThrowIf(value is not CheckpointOptions { _group: JsonElement }, name, "is not an object");
        string incomplete = $"does not give each of the head's {count} outputs a label";
        string?[] labels = new string?[count];
        foreach (JsonProperty entry in ((CheckpointOptions)value).Json.EnumerateObject())
        {
            bool isOutput = int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number < count;
            ThrowIf(!isOutput || entry.Value.ValueKind != JsonValueKind.String || labels[number] is not null, name, incomplete);
            labels[number] = entry.Value.GetString();
        }

        ThrowIf(labels.Contains(null), name, incomplete);
        return [.. labels.OfType<string>()];
    }

    /// <summary>An error about an option.</summary>
    public InvalidDataException Bad(string name, string what) => new($"{_place}{name} {what}");

    /// <summary>Throws <see cref="Bad"/> if something is wrong with an option.</summary>
    public void ThrowIf([DoesNotReturnIf(true)] bool condition, string name, string what) =>
        InvalidData.ThrowIf(condition, $"{_place}{name} {what}");
    private static CheckpointOptions? FromPickle(object? value, CheckpointOptions? root) => value switch
    {
        PickleDictionary => new CheckpointOptions(value, "the option ", root),
        PickleObject { Name: "Namespace" or "DictConfig" } instance when Entries(instance) is { } entries =>
            new CheckpointOptions(entries, "the option ", root),

        // yacs' CfgNode and other subclasses of dict.
        PickleObject { Entries: { } entries } => new CheckpointOptions(entries, "the option ", root),
        _ => null,
    };

    // DictConfig keeps its options under _content; Namespace's attributes are the options.
    private static PickleDictionary? Entries(PickleObject value) => value.Name == "Namespace"
        ? value.State as PickleDictionary
        : value.TryGetAttribute("_content", out object? content) ? content as PickleDictionary : null;

    private int Integer(string name, object? value, int least, int most)
    {
        long number = value as long? ?? throw Bad(name, "is not a whole number");
        return number >= least && number <= most ? (int)number : throw Bad(name, $"is {number}; it must be from {least} to {most}");
    }

    private double Number(string name, object? value) => value switch
    {
        long number => number,
        double number when double.IsFinite(number) => number,
        _ => throw Bad(name, "is not a number"),
    };

    private object? Find(string name, int references = 0)
    {
        CheckpointOptions? options = this;
        string[] words = name.Split('.');
        foreach (string word in words.SkipLast(1))
        {
            options = options?.Value(word, references) as CheckpointOptions;
        }

        return options?.Value(words[^1], references);
    }

    private object? Value(string name, int references)
    {
        object? value = _group is JsonElement json
            ? json.TryGetProperty(name, out JsonElement property) ? Plain(property) : null
            : ((PickleDictionary)_group).TryGetValue(name, out object? pickled) ? Plain(pickled) : null;
        return value switch
        {
            // OmegaConf's mark of a value that was never set, and its reference to another option.
            "???" when _group is not JsonElement => null,
            string text when _group is not JsonElement && text.StartsWith("${", StringComparison.Ordinal) && text.EndsWith('}') => references < MaxReferences
                ? _root.Find(text[2..^1], references + 1)
                : throw Bad(name, "refers to itself"),
            _ => value,
        };
    }

    /// <summary>A value as null, bool, long, double, string, an array of such values, or a group; anything else as it is.</summary>
    private object? Plain(object? value) => value switch
    {
        JsonElement json => Plain(json),
        PickleObject { Name: "ListConfig", Module: "omegaconf.listconfig" } list =>
            list.TryGetAttribute("_content", out object? content) && content is PickleList items ? Items(items) : null,
        _ => Scalar(value) switch
        {
            IReadOnlyList<object?> and (PickleList or PickleTuple) and var items => Items(items),
            var scalar => FromPickle(scalar, _root) ?? scalar,
        },
    };

    // Items are not unwrapped further: a hostile pickle may nest lists without end, and options are lists of numbers and texts.
    private static object?[] Items(IReadOnlyList<object?> items) => [.. items.Take(MaxList + 1).Select(Scalar)];

    /// <summary>The value in a node of OmegaConf, or of a member of an enumeration, which is pickled as its class called with its value.</summary>
    private static object? Scalar(object? value)
    {
        object? held = value is PickleObject { Module: "omegaconf.nodes" } node ? node.TryGetAttribute("_val", out object? inner) ? inner : null : value;
        return held is PickleObject { Arguments.Count: 1 } member && member.Arguments[0] is string or long ? ((PickleObject)held).Arguments[0] : held;
    }

    private object? Plain(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => json.GetString(),
        JsonValueKind.Number => json.TryGetInt64(out long number) ? (object)number : json.GetDouble(),
        JsonValueKind.Array => json.EnumerateArray().Take(MaxList + 1).Select(Plain).ToArray(),
        _ => new CheckpointOptions(json, _place, _root),
    };
}
