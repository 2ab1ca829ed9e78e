using System.Text.Json;

namespace Data2Vec.IO;

/// <summary>Checked access to the fields of a JSON object in a file. A null field counts as absent.</summary>
internal sealed class JsonFields
{
    private readonly JsonElement _json;
    private readonly string _source;
    private readonly string _path;

    /// <summary>Wraps a JSON value, which must be an object.</summary>
    /// <param name="json">The value.</param>
    /// <param name="source">The name of the file for error messages.</param>
    /// <exception cref="InvalidDataException">The value is not an object.</exception>
    public JsonFields(JsonElement json, string source)
        : this(json, source, "")
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidDataException($"{source}: not a JSON object");
        }
    }

    private JsonFields(JsonElement json, string source, string path) => (_json, _source, _path) = (json, source, path);

    /// <summary>An error that names a field, the expected value and the actual value.</summary>
    public InvalidDataException Bad(string name, string expected) =>
        new($"{_source}: \"{_path}{name}\" must be {expected}{(Find(name) is { } value ? $", not {value.GetRawText().Quote()}" : " but is missing")}");

    /// <summary>Finds a field, or returns null.</summary>
    public JsonElement? Find(string name) =>
        _json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>Finds an array, or returns null.</summary>
    public JsonElement? FindArray(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Array ? value
        : throw Bad(name, "an array");

    public JsonFields Object(string name) => Find(name) is { ValueKind: JsonValueKind.Object } value
        ? new JsonFields(value, _source, $"{_path}{name}.")
        : throw Bad(name, "an object");

    public string Text(string name) => Find(name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : throw Bad(name, "a string");

    public bool Flag(string name, bool fallback) => Find(name)?.ValueKind switch
    {
        null => fallback,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Bad(name, "true or false"),
    };

    /// <summary>A finite number.</summary>
    public double Number(string name, double fallback) => Find(name) is not { } value ? fallback
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number) ? number
        : throw Bad(name, "a finite number");

    public int Integer(string name, int least, int most) =>
        Find(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out int number) && number >= least && number <= most
            ? number
            : throw Bad(name, $"an integer from {least} to {most}");

    /// <summary>One of several strings, each with the value it stands for.</summary>
    public T Choice<T>(string name, params ReadOnlySpan<(string Text, T Value)> choices)
    {
        string text = Text(name);
        foreach ((string choice, T value) in choices)
        {
            if (choice == text)
            {
                return value;
            }
        }

        throw Bad(name, string.Join(" or ", choices.ToArray().Select(choice => $"\"{choice.Text}\"")));
    }

    /// <summary>An array of <paramref name="count"/> numbers.</summary>
    public float[] Numbers(string name, int count)
    {
        float[] numbers = new float[count];
        return Find(name) is { ValueKind: JsonValueKind.Array } array && array.GetArrayLength() == count
            && array.EnumerateArray().Index().All(item => item.Item.ValueKind == JsonValueKind.Number && item.Item.TryGetSingle(out numbers[item.Index]))
            ? numbers
            : throw Bad(name, $"an array of {count} numbers");
    }

    /// <summary>Throws if the object has a field that is not listed, or has a field twice.</summary>
    public void CheckNames(params IEnumerable<string> names)
    {
        var left = names.ToHashSet(StringComparer.Ordinal);
        foreach (JsonProperty property in _json.EnumerateObject())
        {
            if (!left.Remove(property.Name))
            {
                throw new InvalidDataException(
                    $"{_source}: {(names.Contains(property.Name) ? "duplicate" : "unknown")} field \"{_path}{property.Name}\"");
            }
        }
    }
}
