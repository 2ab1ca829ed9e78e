using System.Globalization;
using System.Text.Json;
using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.HuggingFace;

/// <summary>Options of a JSON file that transformers saved. What is missing or null has the default of its class.</summary>
/// <param name="json">The options, an object.</param>
/// <param name="file">The file's name, for messages.</param>
internal sealed class HuggingFaceOptions(JsonElement json, string file)
{
    /// <summary>All of it.</summary>
    public JsonElement Json { get; } = json;

    /// <summary>A text, or null where it is missing.</summary>
    /// <exception cref="InvalidDataException">The option is something else.</exception>
    public string? Text(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw Bad(name, "is not a string"),
    };

    /// <summary>A whole number.</summary>
    /// <exception cref="InvalidDataException">The option is something else or out of range.</exception>
    public int Integer(string name, int whenMissing, int least, int most) =>
        Find(name) is { } value ? Integer(name, value, least, most) : whenMissing;

    /// <summary>Whole numbers, at most a hundred.</summary>
    public int[] Integers(string name, int[] whenMissing, int least, int most)
    {
        const int Most = 100;
        if (Find(name) is not { } value)
        {
            return whenMissing;
        }

        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() is > 0 and <= Most
            ? [.. value.EnumerateArray().Select(item => Integer(name, item, least, most))]
            : throw Bad(name, $"is not a list of 1 to {Most} numbers");
    }

    /// <summary>A number.</summary>
    public float Number(string name, float whenMissing)
    {
        if (Find(name) is not { } value)
        {
            return whenMissing;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out float number) && float.IsFinite(number)
            ? number
            : throw Bad(name, "is not a number");
    }

    /// <summary>A truth value.</summary>
    public bool Flag(string name, bool whenMissing) => Find(name) switch
    {
        null => whenMissing,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Bad(name, "is neither true nor false"),
    };

    /// <summary>All options by their names.</summary>
    public IEnumerable<(string Name, JsonElement Value)> Entries() =>
        Json.EnumerateObject().Select(entry => (entry.Name, entry.Value));

    /// <summary>Refuses another value than the one that is supported.</summary>
    public void Require(string name, string wanted)
    {
        if ((Text(name) ?? wanted) is var value && value != wanted)
        {
            throw Bad(name, $"is '{PickleText.Quote(value)}'; only '{wanted}' is supported");
        }
    }

    /// <summary>Refuses another value than the one that is supported.</summary>
    public void Require(string name, bool whenMissing, bool wanted)
    {
        if (Flag(name, whenMissing) != wanted)
        {
            throw Bad(name, $"is {(wanted ? "false" : "true")}; only {(wanted ? "true" : "false")} is supported");
        }
    }

    /// <summary>A number of heads or groups, which divides the hidden size.</summary>
    public int Divisor(string name, int whenMissing, int hidden)
    {
        int value = Integer(name, whenMissing, 1, hidden);
        return hidden % value == 0 ? value : throw Bad(name, $"is {value}, which does not divide hidden_size, {hidden}");
    }

    /// <summary>The labels of a head in the order of its outputs, or null where there are none.</summary>
    /// <param name="count">The outputs.</param>
    public IReadOnlyList<string>? Labels(int count)
    {
        const string Name = "id2label";
        if (Find(Name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Bad(Name, "is not an object");
        }

        var labels = new string?[count];
        foreach ((string id, JsonElement label) in new HuggingFaceOptions(value, file).Entries())
        {
            if (!int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number >= count || label.ValueKind != JsonValueKind.String || labels[number] is not null)
            {
                throw Bad(Name, $"does not give each of the head's {count} outputs a label");
            }

            labels[number] = label.GetString();
        }

        return labels.All(label => label is not null) ? [.. labels.OfType<string>()] : throw Bad(Name, $"does not give each of the head's {count} outputs a label");
    }

    /// <summary>An error about an option.</summary>
    public InvalidDataException Bad(string name, string what) => new($"{file}: {name} {what}");

    private JsonElement? Find(string name) =>
        Json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private int Integer(string name, JsonElement value, int least, int most)
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out long number))
        {
            throw Bad(name, "is not a whole number");
        }

        return number >= least && number <= most ? (int)number : throw Bad(name, $"is {number}; it must be from {least} to {most}");
    }
}
