using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Data2Vec.IO;
using Data2Vec.Text;

namespace Data2Vec.Cli;

/// <summary>Writes embeddings in the formats of <c>data2vec embed</c>; numbers are the shortest that read back the same.</summary>
/// <param name="records">The embeddings: for each input, its layers.</param>
/// <param name="pooled">Whether each has one vector, and not one for each of its rows.</param>
/// <param name="layered">Whether each input has several layers.</param>
internal sealed class EmbeddingWriter(IReadOnlyList<EmbeddingRecord> records, bool pooled, bool layered)
{
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    public static readonly string[] Formats = ["json", "jsonl", "csv", "npy"];

    public void Write(Stream stream, string format)
    {
        if (format is "csv" or "npy" && records.Select(record => record.ModelPath).Distinct().Count() > 1)
        {
            throw new UsageException($"--format {format} has one table for all, and these are vectors of different models; use json or jsonl, or embed one kind at a time");
        }

        switch (format)
        {
            case "json":
                WriteJson(stream);
                break;
            case "jsonl":
                foreach (EmbeddingRecord record in records)
                {
                    using (Utf8JsonWriter json = Json(stream))
                    {
                        WriteJson(json, record);
                    }

                    stream.WriteByte((byte)'\n');
                }

                break;
            case "csv":
                WriteCsv(stream);
                break;
            case "npy":
                WriteNpy(stream);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(format));
        }
    }

    private static Utf8JsonWriter Json(Stream stream) =>
        new(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private void WriteJson(Stream stream)
    {
        using (Utf8JsonWriter json = Json(stream))
        {
            json.WriteStartArray();
            foreach (EmbeddingRecord record in records)
            {
                WriteJson(json, record);
            }

            json.WriteEndArray();
        }

        stream.WriteByte((byte)'\n');
    }

    private void WriteJson(Utf8JsonWriter json, EmbeddingRecord record)
    {
        json.WriteStartObject();
        json.WriteString("input", record.Input);
        json.WriteString("model", Path.GetFileName(record.ModelPath));
        json.WriteNumber("layer", record.Layer);
        json.WriteNumber("dimensions", record.Dimensions);
        if (record.Text is { } text)
        {
            WriteText(json, text);
        }

        if (pooled)
        {
            json.WritePropertyName("vector");
            WriteNumbers(json, record.Values);
        }
        else
        {
            json.WriteNumber("rows", record.Rows);
            json.WriteStartArray("vectors");
            foreach (float[] row in record.Values.Chunk(record.Dimensions))
            {
                WriteNumbers(json, row);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, TextWindows text)
    {
        json.WriteNumber("tokens", text.TokenCount);
        if (text.TruncatedCount > 0)
        {
            json.WriteNumber("truncated_tokens", text.TruncatedCount);
        }

        if (text.Windows.Count > 1)
        {
            json.WriteNumber("windows", text.Windows.Count);
        }
    }

    private static void WriteNumbers(Utf8JsonWriter json, float[] numbers)
    {
        json.WriteStartArray();
        foreach (float number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    private void WriteCsv(Stream stream)
    {
        using var text = new StreamWriter(stream, s_utf8, leaveOpen: true) { NewLine = "\n" };
        text.Write("input");
        if (layered)
        {
            text.Write(",layer");
        }

        if (!pooled)
        {
            text.Write(",row");
        }

        for (int i = 0; i < records[0].Dimensions; i++)
        {
            text.Write(string.Create(CultureInfo.InvariantCulture, $",v{i}"));
        }

        text.WriteLine();
        foreach (EmbeddingRecord record in records)
        {
            for (int row = 0; row < record.Rows; row++)
            {
                text.Write(Quote(record.Input));
                if (layered)
                {
                    text.Write(string.Create(CultureInfo.InvariantCulture, $",{record.Layer}"));
                }

                if (!pooled)
                {
                    text.Write(string.Create(CultureInfo.InvariantCulture, $",{row}"));
                }

                foreach (float number in record.Values.AsSpan(row * record.Dimensions, record.Dimensions))
                {
                    text.Write(',');
                    text.Write(number.ToString("R", CultureInfo.InvariantCulture));
                }

                text.WriteLine();
            }
        }
    }

    // RFC 4180.
    private static string Quote(string field) =>
        field.AsSpan().ContainsAny(",\"\r\n") ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;

    private void WriteNpy(Stream stream)
    {
        // Layers come first in the file, and last in the order of the records.
        EmbeddingRecord[] ordered = [.. records.OrderBy(record => record.Layer)];
        int layers = ordered.Select(record => record.Layer).Distinct().Count();
        float[] values = [.. ordered.SelectMany(record => record.Values)];
        long rows = pooled ? ordered.Length / layers : ordered[0].Rows;
        long[] shape = layered ? [layers, rows, ordered[0].Dimensions] : [rows, ordered[0].Dimensions];
        NpyFile.Write(stream, values, shape);
    }
}
