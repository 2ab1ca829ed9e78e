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
            var header = new JsonFields(document.RootElement, "the header");
            string architecture = header.Text("architecture");
            return new D2vHeader
            {
                Architecture = D2vFormat.IsName(architecture) ? architecture : throw header.Bad("architecture", D2vFormat.NameRule),
                Config = header.Object("config").Json.Clone(),
                Provenance = header.Object("provenance").Json.Clone(),
                Tensors = Entries(header, "tensors", "tensor", ParseTensor),
                Assets = Entries(header, "assets", "asset", ParseAsset),
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

    private static Dictionary<string, T> Entries<T>(JsonFields header, string key, string kind, Func<string, JsonFields, T> parse)
    {
        JsonElement entries = header.Object(key).Json;
        int count = entries.GetPropertyCount();
        if (count > D2vFormat.MaxEntries)
        {
            throw new InvalidDataException($"the header has {count} {key}; {D2vFormat.MaxEntries} is the most");
        }

        return entries.EnumerateObject().ToDictionary(entry => entry.Name, entry => D2vFormat.IsName(entry.Name)
            ? parse(entry.Name, new JsonFields(entry.Value, $"{kind} '{entry.Name}'"))
            : throw new InvalidDataException($"a name under '{key}' is not {D2vFormat.NameRule}"));
    }

    private static TensorInfo ParseTensor(string name, JsonFields entry)
    {
        var tensor = new TensorDeclaration(
            name,
            entry.Choice("dtype", D2vFormat.TypeNames),
            Array.AsReadOnly(entry.Integers("shape", D2vFormat.MaxRank)),
            entry.Has("layout") ? entry.Choice("layout", ("rows", WeightLayout.Rows), ("panels", WeightLayout.Panels)) : WeightLayout.Rows,
            entry.Has("groups") ? entry.Integer("groups", 0, int.MaxValue) : 1);
        if (D2vFormat.Measure(tensor, out long expected) is { } complaint)
        {
            throw new InvalidDataException($"tensor '{name}' {complaint}");
        }

        long bytes = entry.Long("bytes");
        return bytes == expected
            ? TensorInfo.Create(tensor, bytes, entry.Long("offset"), Crc(entry))
            : throw new InvalidDataException(
                $"tensor '{name}' has {bytes} bytes in the header; {D2vFormat.TypeName(tensor.Type)} [{string.Join(", ", tensor.Shape)}] takes {expected}");
    }

    private static AssetInfo ParseAsset(string name, JsonFields entry) => new()
    {
        Name = name,
        Offset = entry.Long("offset"),
        Bytes = entry.Integer("bytes", 0, int.MaxValue),
        Crc32C = Crc(entry),
    };

    private static uint Crc(JsonFields entry) =>
        entry.Text("crc32c") is { Length: 8 } text && uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint crc)
            ? crc
            : throw entry.Bad("crc32c", "8 hexadecimal digits");
}
