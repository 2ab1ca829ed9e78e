using System.Text.Json;

namespace Data2Vec.Training.Logging;

/// <summary>
/// The log of a run: a text file with a JSON object on each line (<c>log.jsonl</c>). A line has <c>num_updates</c>, the number of updates that were done, and numbers by fairseq's names.
/// </summary>
public sealed class TrainingLog : IDisposable
{
    private const string Updates = "num_updates";
    private const int LongestLine = 1 << 20;
    private const byte LineEnd = (byte)'\n';

    private readonly FileStream _file;

    private TrainingLog(FileStream file) => _file = file;

    /// <summary>Opens or creates a log, and cuts off what came after the update at which the run is resumed: those updates will be done again.</summary>
    /// <param name="path">The file.</param>
    /// <param name="update">The number of updates that are done; 0 begins a new log.</param>
    public static TrainingLog Open(string path, long update)
    {
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            long end = 0;
            foreach (TrainingLogEntry entry in Entries(file).TakeWhile(entry => update > 0 && entry.Update <= update))
            {
                end = entry.End;
            }

            file.SetLength(end);
            file.Position = end;
            return new TrainingLog(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads a log up to the first line that is not of one, such as one that a killed process left unfinished.</summary>
    public static IReadOnlyList<TrainingLogEntry> Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return [.. Entries(file)];
    }

    /// <summary>Appends a line. When the call returns, the line survives the end of the process.</summary>
    /// <param name="update">The number of updates that are done.</param>
    /// <param name="values">Names and numbers. Those that are not finite are written as null.</param>
    public void Append(long update, params IEnumerable<(string Name, double Value)> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        using var line = new MemoryStream();
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteNumber(Updates, update);
            foreach ((string name, double value) in values)
            {
                if (double.IsFinite(value))
                {
                    json.WriteNumber(name, value);
                }
                else
                {
                    json.WriteNull(name);
                }
            }

            json.WriteEndObject();
        }

        line.WriteByte(LineEnd);
        _file.Write(line.GetBuffer(), 0, (int)line.Length);
        _file.Flush();
    }

    /// <summary>Closes the log.</summary>
    public void Dispose() => _file.Dispose();

    private static IEnumerable<TrainingLogEntry> Entries(FileStream file)
    {
        byte[] buffer = new byte[LongestLine];
        long start = 0;
        for (int filled = 0; ;)
        {
            int read = file.Read(buffer, filled, buffer.Length - filled);
            filled += read;
            int begin = 0;
            for (int length; (length = buffer.AsSpan(begin, filled - begin).IndexOf(LineEnd)) >= 0; begin += length + 1)
            {
                start += length + 1;
                if (Parse(buffer.AsMemory(begin, length), start) is not { } entry)
                {
                    yield break;
                }

                yield return entry;
            }

            buffer.AsSpan(begin, filled - begin).CopyTo(buffer);
            filled -= begin;
            if (read == 0 || filled == buffer.Length)
            {
                yield break;
            }
        }
    }

    private static TrainingLogEntry? Parse(ReadOnlyMemory<byte> line, long end)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty(Updates, out JsonElement updates) && updates.ValueKind == JsonValueKind.Number && updates.TryGetInt64(out long update)
                ? new TrainingLogEntry(update, Numbers(json.RootElement)) { End = end }
                : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException) // The second is of escapes that are no text.
        {
            return null;
        }
    }

    private static Dictionary<string, double> Numbers(JsonElement line)
    {
        var numbers = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (JsonProperty property in line.EnumerateObject())
        {
            if (property.Name != Updates && property.Value.ValueKind == JsonValueKind.Number && property.Value.TryGetDouble(out double value))
            {
                numbers[property.Name] = value;
            }
        }

        return numbers;
    }
}

/// <summary>A line of a log.</summary>
/// <param name="Update">The number of updates that were done.</param>
/// <param name="Values">The finite numbers by name.</param>
public sealed record TrainingLogEntry(long Update, IReadOnlyDictionary<string, double> Values)
{
    /// <summary>Where the line ends in the file.</summary>
    internal long End { get; init; }
}
