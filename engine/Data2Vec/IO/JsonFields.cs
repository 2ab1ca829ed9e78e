using System.Text.Json;

namespace Data2Vec.IO;

/// <summary>Checked access to the fields of a JSON object in a file. A null field counts as absent.</summary>
/// <param name="json">The object.</param>
/// <param name="source">The name of the file or of its part for error messages.</param>
/// <param name="path">The place of the object in the source: empty, or names that end with a dot.</param>
/// <exception cref="InvalidDataException">The value is not an object.</exception>
internal sealed class JsonFields(JsonElement json, string source, string path = "")
{
    /// <summary>The largest size in a model's configuration, unless a field has another limit.</summary>
    public const int LargestSize = 1 << 16;

    public JsonElement Json { get; } = json.ValueKind == JsonValueKind.Object ? json : throw new InvalidDataException($"{source}: not a JSON object");

    /// <summary>The configuration of a model file.</summary>
    public static JsonFields Configuration(JsonElement json) => new(json, "the configuration");

    /// <summary>An error that names a field, the expected value and the actual value.</summary>
    public InvalidDataException Bad(string name, string expected)
    {
        string actual = Find(name) is { } value ? $", not {value.GetRawText().Quote()}" : " but is missing";
        return new InvalidDataException($"{source}: \"{path}{name}\" must be {expected}{actual}");
    }

    /// <summary>Finds a field, or returns null.</summary>
    public JsonElement? Find(string name) =>
        Json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>Whether the object has a field, null included. Model files leave fields out instead of writing null.</summary>
    public bool Has(string name) => Json.TryGetProperty(name, out _);

    public JsonElement.ArrayEnumerator Array(string name) =>
        Find(name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : throw Bad(name, "an array");

    public JsonFields Object(string name) => Find(name) is { ValueKind: JsonValueKind.Object } value
        ? new JsonFields(value, source, $"{path}{name}.")
        : throw Bad(name, "an object");

    public string Text(string name) => Find(name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : throw Bad(name, "a string");

    public bool Flag(string name, bool? fallback = null) => Find(name)?.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        null when fallback is { } absent => absent,
        _ => throw Bad(name, "true or false"),
    };

    /// <summary>A finite number.</summary>
    public double Number(string name, double fallback) => Find(name) is not { } value ? fallback
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number) ? number
        : throw Bad(name, "a finite number");

    /// <summary>The epsilon of a normalization: above 0, less than 1.</summary>
    public float Epsilon(string name) =>
        Find(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetSingle(out float number) && number is > 0 and < 1
            ? number
            : throw Bad(name, "a number between 0 and 1");

    public long Long(string name, long least = 0, long most = long.MaxValue) =>
        Find(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out long number) && number >= least && number <= most
            ? number
            : throw Bad(name, $"an integer from {least} to {most}");

    public int Integer(string name, int least, int most) => (int)Long(name, least, most);

    public int Size(string name, int largest = LargestSize) => Integer(name, 1, largest);

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

    /// <summary>An array of at most <paramref name="most"/> integers.</summary>
    public int[] Integers(string name, int most)
    {
        JsonElement.ArrayEnumerator array = Array(name);
        int[] numbers = new int[Math.Min(array.Count(), most)];
        return array.Index().All(item => item.Index < most && item.Item.ValueKind == JsonValueKind.Number && item.Item.TryGetInt32(out numbers[item.Index]))
            ? numbers
            : throw Bad(name, $"an array of at most {most} integers below 2^31");
    }

    /// <summary>Throws if the object has a field that is not listed, or has a field twice.</summary>
    public void CheckNames(params IEnumerable<string> names)
    {
        var left = names.ToHashSet(StringComparer.Ordinal);
        foreach (JsonProperty property in Json.EnumerateObject())
        {
            if (!left.Remove(property.Name))
            {
                throw new InvalidDataException(
                    $"{source}: {(names.Contains(property.Name) ? "duplicate" : "unknown")} field \"{path}{property.Name}\"");
            }
        }
    }
}
