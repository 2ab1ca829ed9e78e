using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.IO;

namespace Data2Vec.Cli;

/// <summary>
/// What an evaluation has found so far: a file of JSON lines, with the job in the first line and an item in each other one. A command that was stopped goes on where
/// it was. Without a file, nothing is kept.
/// </summary>
internal sealed class ResultFile : IDisposable
{
    private const string Job = "job", Id = "id";

    private readonly Dictionary<string, JsonObject> _found = new(StringComparer.Ordinal);
    private readonly FileStream? _file;

    private ResultFile(FileStream? file) => _file = file;

    /// <summary>The number of results in the file; 0 without one.</summary>
    public int Count => _file is null ? 0 : _found.Count;

    /// <summary>The number of items that were in the file when it was opened.</summary>
    public int Kept { get; private set; }

    /// <summary>Opens or creates a file.</summary>
    /// <param name="path">The file; null for none.</param>
    /// <param name="job">What is evaluated: all that changes a result.</param>
    /// <exception cref="UsageException">The file has the results of another job.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or has no results.</exception>
    public static ResultFile Open(string? path, JsonObject job)
    {
        if (path is null)
        {
            return new ResultFile(null);
        }

        var results = new ResultFile(new FileStream(Files.RequireFolderOf(path), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read));
        try
        {
            results.Read(path, job);
            return results;
        }
        catch
        {
            results.Dispose();
            throw;
        }
    }

    /// <summary>The result of an item; null if it is not known.</summary>
    public JsonObject? Find(string id) => _found.GetValueOrDefault(id);

    /// <summary>Adds the result of an item, and writes it.</summary>
    public void Add(string id, JsonObject result)
    {
        if (!_found.TryAdd(id, result))
        {
            throw new InvalidDataException($"{id}: two items have this name");
        }

        var line = new JsonObject { [Id] = id };
        foreach ((string name, JsonNode? value) in result)
        {
            line[name] = value?.DeepClone();
        }

        Write(line);
    }

    /// <summary>Reads a kept result.</summary>
    /// <param name="id">The name of the item.</param>
    /// <param name="read">Reads it.</param>
    /// <exception cref="InvalidDataException">The result is damaged.</exception>
    public static T Read<T>(string id, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is FormatException or InvalidOperationException or NullReferenceException or JsonException)
        {
            throw new InvalidDataException($"the result of {id} is damaged; delete the line, or give another --results", error);
        }
    }

    public void Dispose() => _file?.Dispose();

    private void Read(string path, JsonObject job)
    {
        if (_file!.Length == 0)
        {
            Write(new JsonObject { [Job] = job.DeepClone() });
            return;
        }

        // A command that was killed may have left the beginning of a line.
        long end = EndOfLastLine(_file);
        if (end == 0)
        {
            throw NotResults(path);
        }

        // Nothing is cut before the file is known to be the right one.
        _file.Position = 0;
        RequireSame(path, Parse(TextFile.ReadLines(_file, path).First())?[Job] as JsonObject ?? throw NotResults(path), job);
        _file.SetLength(end);
        _file.Position = 0;
        int number = 1;
        foreach (string line in TextFile.ReadLines(_file, path).Skip(1))
        {
            JsonObject? json = Parse(line);
            number++;
            if (json?[Id] is JsonValue name && name.TryGetValue(out string? id) && _found.TryAdd(id, json))
            {
                json.Remove(Id);
                Kept++;
            }
            else
            {
                throw new InvalidDataException($"{path}:{number}: the line is damaged, or its item has two lines; delete it, or give another --results");
            }
        }

        _file.Position = end;
    }

    private static void RequireSame(string path, JsonObject before, JsonObject job)
    {
        foreach (string name in before.Select(pair => pair.Key).Union(job.Select(pair => pair.Key)))
        {
            if (!JsonNode.DeepEquals(before[name], job[name]))
            {
                throw new UsageException($"{path}: these are the results of another job: its {name} is {Text(before[name])}, and now {Text(job[name])}; give another --results");
            }
        }

        static string Text(JsonNode? value) => value?.ToJsonString(TerminalText.Json) ?? "missing";
    }

    private static InvalidDataException NotResults(string path) => new($"{path}: these are no results of an evaluation; give another --results");

    private static JsonObject? Parse(string line)
    {
        try
        {
            return JsonNode.Parse(line) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static long EndOfLastLine(FileStream file)
    {
        byte[] buffer = new byte[1 << 16];
        for (long end = file.Length; end > 0;)
        {
            int count = (int)Math.Min(buffer.Length, end);
            file.Position = end - count;
            file.ReadExactly(buffer, 0, count);
            if (buffer.AsSpan(0, count).LastIndexOf((byte)'\n') is >= 0 and var found)
            {
                return end - count + found + 1;
            }

            end -= count;
        }

        return 0;
    }

    private void Write(JsonObject line)
    {
        _file?.Write(Encoding.UTF8.GetBytes(line.ToJsonString(TerminalText.Json) + "\n"));
        _file?.Flush();
    }
}
