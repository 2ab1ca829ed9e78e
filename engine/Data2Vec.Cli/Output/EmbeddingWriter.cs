using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Data2Vec.IO;
using Data2Vec.Text;

namespace Data2Vec.Cli;

/// <summary>The vectors of one layer for one input: one vector, or <c>[rows, features]</c> if they are not pooled. A text has its windows.</summary>
internal sealed record EmbeddingRecord(string Input, string ModelPath, int Layer, int Dimensions, float[] Values, TextWindows? Text)
{
    public int Rows => Values.Length / Dimensions;
}

/// <summary>Writes embeddings in the formats of <c>data2vec embed</c>. Numbers have the shortest form that reads back equal.</summary>
/// <param name="records">The embeddings: the layers of each input.</param>
/// <param name="pooled">Whether each record has one vector instead of one per row.</param>
/// <param name="layered">Whether each input has several layers.</param>
internal sealed partial class EmbeddingWriter(IReadOnlyList<EmbeddingRecord> records, bool pooled, bool layered)
{
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);
    private static readonly Json s_json = new(new JsonSerializerOptions(TerminalText.Json)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    });

    public static readonly string[] Formats = ["json", "jsonl", "csv", "npy"];

    public void Write(Stream stream, string format)
    {
        if (format is "csv" or "npy" && records.Select(record => record.ModelPath).Distinct().Count() > 1)
        {
            throw new UsageException($"--format {format} has one table for all inputs, but these vectors come from different models; use json or jsonl, or embed one kind at a time");
        }

        Action<Stream> write = format switch
        {
            "json" => WriteJson,
            "jsonl" => WriteJsonLines,
            "csv" => WriteCsv,
            _ => WriteNpy,
        };
        write(stream);
    }

    private void WriteJson(Stream stream)
    {
        JsonSerializer.Serialize(stream, records.Select(Describe), s_json.IEnumerableJsonRecord);
        stream.WriteByte((byte)'\n');
    }

    private void WriteJsonLines(Stream stream)
    {
        foreach (EmbeddingRecord record in records)
        {
            JsonSerializer.Serialize(stream, Describe(record), s_json.JsonRecord);
            stream.WriteByte((byte)'\n');
        }
    }

    private JsonRecord Describe(EmbeddingRecord record) => new(
        record.Input,
        Path.GetFileName(record.ModelPath),
        record.Layer,
        record.Dimensions,
        record.Text?.TokenCount,
        record.Text is { TruncatedCount: > 0 and var truncated } ? truncated : null,
        record.Text is { Windows.Count: > 1 and var windows } ? windows : null,
        pooled ? record.Values : null,
        pooled ? null : record.Rows,
        pooled ? null : record.Values.Chunk(record.Dimensions));

    private void WriteCsv(Stream stream)
    {
        using var text = new StreamWriter(stream, s_utf8, leaveOpen: true) { NewLine = "\n" };
        WriteLine("input", "layer", "row", Enumerable.Range(0, records[0].Dimensions).Select(i => $"v{i}"));
        foreach (EmbeddingRecord record in records)
        {
            string input = Quote(record.Input);
            for (int row = 0; row < record.Rows; row++)
            {
                var numbers = new ArraySegment<float>(record.Values, row * record.Dimensions, record.Dimensions);
                WriteLine(input, $"{record.Layer}", $"{row}", numbers.Select(number => number.ToString("R", CultureInfo.InvariantCulture)));
            }
        }

        void WriteLine(string input, string layer, string row, IEnumerable<string> values)
        {
            text.Write(input);
            text.Write(layered ? $",{layer}" : "");
            text.Write(pooled ? "" : $",{row}");
            foreach (string value in values)
            {
                text.Write(',');
                text.Write(value);
            }

            text.WriteLine();
        }
    }

    // RFC 4180.
    private static string Quote(string field) =>
        field.AsSpan().ContainsAny(",\"\r\n") ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;

    private void WriteNpy(Stream stream)
    {
        // The layer is the first axis of the file, but changes fastest in the records.
        EmbeddingRecord[] ordered = [.. records.OrderBy(record => record.Layer)];
        int layers = ordered.Select(record => record.Layer).Distinct().Count();
        float[] values = [.. ordered.SelectMany(record => record.Values)];
        long rows = pooled ? ordered.Length / layers : ordered[0].Rows;
        long[] shape = layered ? [layers, rows, ordered[0].Dimensions] : [rows, ordered[0].Dimensions];
        NpyFile.Write(stream, values, shape);
    }

    /// <summary>The JSON form of a record. Null properties are left out.</summary>
    private sealed record JsonRecord(
        string Input, string Model, int Layer, int Dimensions, int? Tokens, int? TruncatedTokens, int? Windows, float[]? Vector, int? Rows, IEnumerable<float[]>? Vectors);

    // Generated code starts faster than reflection.
    [JsonSerializable(typeof(IEnumerable<JsonRecord>))]
    private sealed partial class Json : JsonSerializerContext;
}
