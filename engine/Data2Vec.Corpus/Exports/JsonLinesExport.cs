using System.Text.Encodings.Web;
using System.Text.Json;

namespace Data2Vec.Corpus;

/// <summary>Writes results as lines of JSON.</summary>
internal static class JsonLinesExport
{
    public static async Task<long> RunAsync(CorpusJob job, Stream stream, CancellationToken cancellation)
    {
        long count = 0;
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        await foreach (CorpusRow row in job.ReadRowsAsync(cancellation).ConfigureAwait(false))
        {
            if (row.Error is null)
            {
                Write(json, row);
                json.Flush();
                json.Reset();
                stream.WriteByte((byte)'\n');
                count++;
            }
        }

        return count;
    }

    private static void Write(Utf8JsonWriter json, CorpusRow row)
    {
        json.WriteStartObject();
        json.WriteString("id", row.Id);
        json.WriteString("source", row.Source);
        if (row.Reference is { } reference)
        {
            json.WriteString("reference", reference);
        }

        foreach (string column in row.Columns)
        {
            json.WritePropertyName(column);
            switch (row[column])
            {
                case string text:
                    json.WriteStringValue(text);
                    break;
                case float number:
                    json.WriteNumberValue(number);
                    break;
                case double number:
                    json.WriteNumberValue(number);
                    break;
                case bool value:
                    json.WriteBooleanValue(value);
                    break;
                case float[] numbers:
                    json.WriteStartArray();
                    foreach (float number in numbers)
                    {
                        json.WriteNumberValue(number);
                    }

                    json.WriteEndArray();
                    break;
                default:
                    json.WriteNullValue();
                    break;
            }
        }

        json.WriteEndObject();
    }
}
