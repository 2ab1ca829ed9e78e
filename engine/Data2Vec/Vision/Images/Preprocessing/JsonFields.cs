using System.Text.Json;

namespace Data2Vec.Vision.Images;

/// <summary>Checked access to the fields of a JSON object that describes a preprocessing.</summary>
internal readonly struct JsonFields(JsonElement json, string thing)
{
    public InvalidDataException Bad(string name, string expected) => new($"{thing}: \"{name}\" must be {expected}");

    /// <summary>A field, or null where it is absent or JSON's null.</summary>
    public JsonElement? Find(string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public string Text(string name) =>
        Find(name) is JsonElement { ValueKind: JsonValueKind.String } value ? value.GetString()! : throw Bad(name, "a string");

    public bool Flag(string name, bool otherwise) => Find(name)?.ValueKind switch
    {
        null => otherwise,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Bad(name, "true or false"),
    };

    public double Number(string name, double otherwise)
    {
        if (Find(name) is not JsonElement value)
        {
            return otherwise;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number)
            ? number
            : throw Bad(name, "a finite number");
    }

    /// <summary>A size in pixels, 1 to <see cref="ImagePreprocessing.MaxSize"/>.</summary>
    public int Size(string name) =>
        Find(name) is JsonElement { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out int size) && size is >= 1 and <= ImagePreprocessing.MaxSize
            ? size
            : throw Bad(name, $"an integer from 1 to {ImagePreprocessing.MaxSize}");

    public ChannelValues Channels(string name)
    {
        if (Find(name) is not JsonElement { ValueKind: JsonValueKind.Array } array || array.GetArrayLength() != 3)
        {
            throw Bad(name, "three numbers");
        }

        Span<float> values = stackalloc float[3];
        for (int channel = 0; channel < 3; channel++)
        {
            JsonElement value = array[channel];
            if (value.ValueKind != JsonValueKind.Number || !value.TryGetSingle(out values[channel]))
            {
                throw Bad(name, "three numbers");
            }
        }

        return new(values[0], values[1], values[2]);
    }

    /// <summary>Makes a preprocessing of values that came from the file.</summary>
    public ImagePreprocessing Create(
        ResizeMode resize, int resizeSize, int cropSize, ChannelValues mean, ChannelValues deviation, Interpolation interpolation,
        ChannelOrder channels = ChannelOrder.Rgb)
    {
        try
        {
            return new(resize, resizeSize, cropSize, mean, deviation, interpolation, channels);
        }
        catch (ArgumentException exception)
        {
            throw new InvalidDataException($"{thing}: {exception.Message}", exception);
        }
    }
}
