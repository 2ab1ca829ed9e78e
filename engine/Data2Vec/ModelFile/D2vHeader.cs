using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Data2Vec.ModelFile;

/// <summary>The JSON header of a model file.</summary>
internal sealed class D2vHeader
{
    private static readonly JsonDocumentOptions s_options = new()
    {
        MaxDepth = D2vFormat.MaxDepth,
        AllowDuplicateProperties = false,
    };

    public required string Architecture { get; init; }

    public required JsonElement Config { get; init; }

    public required JsonElement Provenance { get; init; }

    public required IReadOnlyDictionary<string, TensorInfo> Tensors { get; init; }

    public required IReadOnlyDictionary<string, AssetInfo> Assets { get; init; }

    /// <summary>Reads a header whose CRC is correct.</summary>
    /// <exception cref="InvalidDataException">The header violates the format; the message does not name the file.</exception>
    public static D2vHeader Parse(byte[] json)
    {
        CheckText(json);
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, s_options);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw new InvalidDataException("the header is not a JSON object");
            }

            string architecture = Text(root, "architecture", "the header");
            if (!D2vFormat.IsName(architecture))
            {
                throw new InvalidDataException("the header's architecture is not a valid name");
            }

            return new D2vHeader
            {
                Architecture = architecture,
                Config = Object(root, "config", "the header").Clone(),
                Provenance = Object(root, "provenance", "the header").Clone(),
                Tensors = Entries(root, "tensors", ParseTensor),
                Assets = Entries(root, "assets", ParseAsset),
            };
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"the header is not valid JSON: {e.Message}", e);
        }
    }

    public static byte[] Write(D2vContents contents, IEnumerable<TensorInfo> tensors, IEnumerable<AssetInfo> assets)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { MaxDepth = D2vFormat.MaxDepth }))
        {
            writer.WriteStartObject();
            writer.WriteString("architecture", contents.Architecture);
            writer.WritePropertyName("config");
            contents.Config.WriteTo(writer);
            writer.WriteStartObject("tensors");
            foreach (TensorInfo tensor in tensors)
            {
                WriteEntry(writer, tensor);
            }

            writer.WriteEndObject();
            writer.WriteStartObject("assets");
            foreach (AssetInfo asset in assets)
            {
                WriteEntry(writer, asset);
            }

            writer.WriteEndObject();
            writer.WritePropertyName("provenance");
            contents.Provenance.WriteTo(writer);
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static void WriteEntry(Utf8JsonWriter writer, DataEntry entry)
    {
        writer.WriteStartObject(entry.Name);
        if (entry is TensorInfo tensor)
        {
            writer.WriteString("dtype", D2vFormat.TypeName(tensor.Type));
            writer.WriteStartArray("shape");
            foreach (int size in tensor.Shape)
            {
                writer.WriteNumberValue(size);
            }

            writer.WriteEndArray();
            if (tensor.Layout == WeightLayout.Panels)
            {
                writer.WriteString("layout", "panels");
                if (tensor.Groups != 1)
                {
                    writer.WriteNumber("groups", tensor.Groups);
                }
            }
        }

        writer.WriteNumber("offset", entry.Offset);
        writer.WriteNumber("bytes", entry.Bytes);
        writer.WriteString("crc32c", entry.Crc32C.ToString("x8", CultureInfo.InvariantCulture));
        writer.WriteEndObject();
    }

    // JsonDocument decodes strings when they are read. Reading those that can fail here means that no later use fails.
    private static void CheckText(byte[] json)
    {
        if (!Utf8.IsValid(json))
        {
            throw new InvalidDataException("the header is not valid UTF-8");
        }

        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = D2vFormat.MaxDepth });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                {
                    reader.GetString();
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"the header is not valid JSON: {e.Message}", e);
        }
    }

    private static Dictionary<string, T> Entries<T>(JsonElement root, string key, Func<string, JsonElement, T> parse)
    {
        JsonElement entries = Object(root, key, "the header");
        int count = entries.GetPropertyCount();
        if (count > D2vFormat.MaxEntries)
        {
            throw new InvalidDataException($"the header has {count} {key}; {D2vFormat.MaxEntries} is the most");
        }

        var result = new Dictionary<string, T>(count, StringComparer.Ordinal);
        foreach (JsonProperty entry in entries.EnumerateObject())
        {
            string name = entry.Name;
            if (!D2vFormat.IsName(name))
            {
                throw new InvalidDataException($"a name under '{key}' is not {D2vFormat.NameRule}");
            }

            result.Add(name, parse(name, entry.Value));
        }

        return result;
    }

    private static TensorInfo ParseTensor(string name, JsonElement entry)
    {
        string what = $"tensor '{name}'";
        RequireObject(entry, what);
        string typeName = Text(entry, "dtype", what);
        ElementType type = D2vFormat.ParseType(typeName)
            ?? throw new InvalidDataException($"{what} has an unknown dtype; this version reads f32, f16, bf16, i8");
        var layout = WeightLayout.Rows;
        if (entry.TryGetProperty("layout", out _))
        {
            layout = Text(entry, "layout", what) switch
            {
                "rows" => WeightLayout.Rows,
                "panels" => WeightLayout.Panels,
                _ => throw new InvalidDataException($"{what} has an unknown layout; this version reads rows, panels"),
            };
        }

        int groups = entry.TryGetProperty("groups", out _) ? Int32(entry, "groups", what) : 1;
        int[] shape = Shape(entry, what);
        string? complaint = D2vFormat.Measure(type, layout, shape, groups, out long expected);
        if (complaint is not null)
        {
            throw new InvalidDataException($"{what} {complaint}");
        }

        long bytes = Int64(entry, "bytes", what);
        if (bytes != expected)
        {
            throw new InvalidDataException($"{what} has {bytes} bytes in the header; {typeName} [{string.Join(", ", shape)}] takes {expected}");
        }

        return new TensorInfo
        {
            Name = name,
            Type = type,
            Layout = layout,
            Shape = Array.AsReadOnly(shape),
            Groups = groups,
            Offset = Int64(entry, "offset", what),
            Bytes = bytes,
            Crc32C = Crc(entry, what),
        };
    }

    private static AssetInfo ParseAsset(string name, JsonElement entry)
    {
        string what = $"asset '{name}'";
        RequireObject(entry, what);
        return new AssetInfo
        {
            Name = name,
            Offset = Int64(entry, "offset", what),
            Bytes = Int32(entry, "bytes", what),
            Crc32C = Crc(entry, what),
        };
    }

    private static int[] Shape(JsonElement entry, string what)
    {
        JsonElement array = Property(entry, "shape", what);
        if (array.ValueKind != JsonValueKind.Array)
        {
            throw new InvalidDataException($"{what}: 'shape' is not a JSON array");
        }

        int rank = array.GetArrayLength();
        if (rank > D2vFormat.MaxRank)
        {
            throw new InvalidDataException($"{what} has {rank} dimensions; {D2vFormat.MaxRank} is the most");
        }

        int[] shape = new int[rank];
        for (int i = 0; i < rank; i++)
        {
            JsonElement size = array[i];
            if (size.ValueKind != JsonValueKind.Number || !size.TryGetInt32(out shape[i]))
            {
                throw new InvalidDataException($"{what}: 'shape' has something that is not an integer below 2^31");
            }
        }

        return shape;
    }

    private static JsonElement Property(JsonElement owner, string key, string what) =>
        owner.TryGetProperty(key, out JsonElement value)
            ? value
            : throw new InvalidDataException($"{what} has no '{key}'");

    private static JsonElement Object(JsonElement owner, string key, string what)
    {
        JsonElement value = Property(owner, key, what);
        RequireObject(value, $"'{key}' of {what}");
        return value;
    }

    private static void RequireObject(JsonElement value, string what)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidDataException($"{what} is not a JSON object");
        }
    }

    private static string Text(JsonElement owner, string key, string what)
    {
        JsonElement value = Property(owner, key, what);
        return value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new InvalidDataException($"{what}: '{key}' is not a string");
    }

    private static long Int64(JsonElement owner, string key, string what)
    {
        JsonElement value = Property(owner, key, what);
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= 0
            ? number
            : throw new InvalidDataException($"{what}: '{key}' is not an integer from 0 to 2^63 - 1");
    }

    private static int Int32(JsonElement owner, string key, string what)
    {
        long value = Int64(owner, key, what);
        return value <= int.MaxValue
            ? (int)value
            : throw new InvalidDataException($"{what}: '{key}' is {value}; {int.MaxValue} is the most");
    }

    private static uint Crc(JsonElement owner, string what)
    {
        string text = Text(owner, "crc32c", what);
        return text.Length == 8
            && uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint crc)
                ? crc
                : throw new InvalidDataException($"{what}: 'crc32c' is not 8 hexadecimal digits");
    }
}
