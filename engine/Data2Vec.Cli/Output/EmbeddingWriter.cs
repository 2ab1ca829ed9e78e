using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Data2Vec.Cli;

/// <summary>
/// The vectors of one layer for one input: one vector, or <c>[rows, features]</c> if they are not pooled. A text has its extent, and the line of a file has its text.
/// The layer is null for the encoder's output, which can differ from that of the last layer.
/// </summary>
internal sealed record EmbeddingRecord(string Input, string ModelPath, string ModelName, int? Layer, int Dimensions, float[] Values, TextExtent? Text, string? Line)
{
    public int Rows => Values.Length / Dimensions;
}

/// <summary>Writes embeddings in one format of <c>data2vec embed</c> as they come. Numbers have the shortest form that reads back equal.</summary>
internal abstract class EmbeddingWriter : IDisposable
{
    public static readonly string[] Formats = ["json", "jsonl", "csv", "npy"];

    /// <summary>Creates the writer of a format.</summary>
    /// <param name="format">The format.</param>
    /// <param name="stream">The stream to write to, which is left open.</param>
    /// <param name="pooled">Whether each record has one vector instead of one per row.</param>
    /// <param name="layered">Whether each input has a record for each layer.</param>
    public static EmbeddingWriter Create(string format, Stream stream, bool pooled, bool layered) => format switch
    {
        "json" => new JsonEmbeddingWriter(stream, pooled, isArray: true),
        "jsonl" => new JsonEmbeddingWriter(stream, pooled, isArray: false),
        "csv" => new CsvEmbeddingWriter(stream),
        _ => new NpyEmbeddingWriter(stream, pooled, layered),
    };

    /// <summary>Whether a record fits with those before. A format with one table takes those of one model.</summary>
    public virtual bool Accepts(EmbeddingRecord record) => true;

    /// <summary>Writes the record of an input, or those of its layers.</summary>
    public abstract void Write(EmbeddingRecord[] records);

    /// <summary>Completes the output, so that what was written is valid. Does nothing if nothing was written.</summary>
    public abstract void Dispose();
}

/// <summary>One JSON array, or one JSON object per line.</summary>
internal sealed partial class JsonEmbeddingWriter(Stream stream, bool pooled, bool isArray) : EmbeddingWriter
{
    private static readonly Json s_json = new(new JsonSerializerOptions(TerminalText.Json)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    });

    private bool _begun;

    public override void Write(EmbeddingRecord[] records)
    {
        foreach (EmbeddingRecord record in records)
        {
            if (isArray)
            {
                stream.Write(_begun ? ",\n"u8 : "["u8);
            }

            _begun = true;
            JsonSerializer.Serialize(stream, Describe(record), s_json.JsonRecord);
            if (!isArray)
            {
                stream.Write("\n"u8);
            }
        }

        stream.Flush();
    }

    public override void Dispose()
    {
        if (_begun && isArray)
        {
            stream.Write("]\n"u8);
        }
    }

    private JsonRecord Describe(EmbeddingRecord record) => new(
        record.Input,
        record.ModelName,
        OptionFactory.LayerJson(record.Layer),
        record.Dimensions,
        record.Text?.Tokens,
        record.Text is { IsTruncated: true } ? true : null,
        record.Text is { Windows: > 1 and var windows } ? windows : null,
        pooled ? record.Values : null,
        pooled ? null : record.Rows,
        pooled ? null : record.Values.Chunk(record.Dimensions));

    /// <summary>The JSON form of a record. Null properties are left out.</summary>
    private sealed record JsonRecord(
        string Input, string Model, JsonNode Layer, int Dimensions, int? Tokens, bool? Truncated, int? Windows, float[]? Vector, int? Rows, IEnumerable<float[]>? Vectors);

    // Generated code starts faster than reflection.
    [JsonSerializable(typeof(JsonRecord))]
    private sealed partial class Json : JsonSerializerContext;
}

/// <summary>A format with one table for all inputs, so that all must come from one model.</summary>
internal abstract class TableEmbeddingWriter : EmbeddingWriter
{
    private string? _model;

    public override bool Accepts(EmbeddingRecord record) => (_model ??= record.ModelPath) == record.ModelPath;
}

/// <summary>Comma-separated values by RFC 4180, one row per vector.</summary>
internal sealed class CsvEmbeddingWriter(Stream stream) : TableEmbeddingWriter
{
    private readonly StreamWriter _text = new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true) { NewLine = "\n" };
    private bool _begun;

    public override void Write(EmbeddingRecord[] records)
    {
        foreach (EmbeddingRecord record in records)
        {
            if (!_begun)
            {
                _begun = true;
                WriteLine("input", "layer", "row", Enumerable.Range(0, record.Dimensions).Select(i => $"v{i}"));
            }

            string input = Quote(record.Input);
            for (int row = 0; row < record.Rows; row++)
            {
                var numbers = new ArraySegment<float>(record.Values, row * record.Dimensions, record.Dimensions);
                WriteLine(input, OptionFactory.LayerName(record.Layer), $"{row}", numbers.Select(number => number.ToString("R", CultureInfo.InvariantCulture)));
            }
        }

        _text.Flush();
        stream.Flush();
    }

    public override void Dispose() => _text.Dispose();

    private void WriteLine(string input, string layer, string row, IEnumerable<string> values)
    {
        _text.Write($"{input},{layer},{row}");
        foreach (string value in values)
        {
            _text.Write(',');
            _text.Write(value);
        }

        _text.WriteLine();
    }

    private static string Quote(string field) =>
        field.AsSpan().ContainsAny(",\"\r\n") ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;
}
