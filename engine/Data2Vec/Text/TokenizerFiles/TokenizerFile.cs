using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Data2Vec.Text;

/// <summary>Reads the content of tokenizer files and checks their size and encoding.</summary>
internal static class TokenizerFile
{
    /// <summary>The most entries in a vocabulary or a list of merges: four times the largest in use.</summary>
    public const int MaxEntries = 1 << 20;

    /// <summary>Reads the lines of a file.</summary>
    /// <remarks>
    /// Lines end with LF or CR LF. Other characters that .NET treats as line ends are part of the line. The last line need not have an end.
    /// Empty lines at the end of the file are dropped.
    /// </remarks>
    public static string[] ReadLines(ReadOnlySpan<byte> file, string name)
    {
        Check(file, name);
        string[] lines = Encoding.UTF8.GetString(file).TrimEnd('\r', '\n').Split('\n');
        return lines.Length <= MaxEntries + 1
            ? [.. lines.Select(line => line.TrimEnd('\r'))]
            : throw new FilePlace(name).Error($"{lines.Length} lines, more than the {MaxEntries} supported");
    }

    /// <summary>Reads a JSON file with <paramref name="read"/>. Any error in the JSON becomes an <see cref="InvalidDataException"/>.</summary>
    public static T ReadJson<T>(ReadOnlyMemory<byte> file, string name, Func<JsonElement, T> read)
    {
        Check(file.Span, name);
        try
        {
            using JsonDocument document = JsonDocument.Parse(file, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return read(document.RootElement);
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{name} line {(exception.LineNumber ?? 0) + 1}: not valid JSON: {exception.Message}", exception);
        }
        catch (InvalidOperationException exception)
        {
            // The JSON reader throws this for an unpaired surrogate written as an escape.
            throw new InvalidDataException($"{name}: a string is not valid Unicode", exception);
        }
    }

    private static void Check(ReadOnlySpan<byte> file, string name)
    {
        string? fault = file.IsEmpty ? "the file is empty"
            : file.Length > TextTokenizer.MaxFileBytes ? $"{file.Length} bytes, more than the {TextTokenizer.MaxFileBytes} supported"
            : Utf8.IsValid(file) ? null
            : "not valid UTF-8";
        if (fault is not null)
        {
            throw new FilePlace(name).Error(fault);
        }
    }
}

/// <summary>A place in a file for error messages: <c>dict.txt</c>, <c>dict.txt line 12</c>, <c>vocab.json id 7</c>.</summary>
/// <param name="File">The usual name of such a file.</param>
/// <param name="Unit">The unit of <paramref name="Number"/>, or null for the whole file.</param>
/// <param name="Number">Lines and entries count from 1, ids from 0.</param>
internal readonly record struct FilePlace(string File, string? Unit = null, int Number = 0)
{
    /// <summary>A line, by its index from 0.</summary>
    public static FilePlace Line(string file, int index) => new(file, "line", index + 1);

    public InvalidDataException Error(string message) => new($"{this}: {message}");

    public override string ToString() => Unit is null ? File : $"{File} {Unit} {Number}";
}

/// <summary>Reads JSON objects that map tokens to ids: <c>encoder.json</c>, <c>vocab.json</c>, <c>model.vocab</c> of <c>tokenizer.json</c>.</summary>
internal static class JsonVocabulary
{
    /// <summary>Reads a file. Returns the tokens in the order of their ids, which must be 0, 1, 2, … without gaps.</summary>
    public static string[] Read(ReadOnlyMemory<byte> file, string name) => TokenizerFile.ReadJson(file, name, json =>
    {
        Dictionary<int, string> tokens = [];
        AddTo(tokens, json, name);
        return InOrder(tokens, name);
    });

    /// <summary>Adds the tokens of a JSON object.</summary>
    public static void AddTo(Dictionary<int, string> tokens, JsonElement json, string name)
    {
        FilePlace place = new(name);
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw place.Error("expected a JSON object that maps tokens to ids");
        }

        foreach (JsonProperty entry in json.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetInt32(out int id) || id is < 0 or >= TokenizerFile.MaxEntries)
            {
                throw place.Error($"the id of {entry.Name.Quote()} is not an integer from 0 to {TokenizerFile.MaxEntries - 1}");
            }

            if (!tokens.TryAdd(id, entry.Name))
            {
                throw place.Error($"{tokens[id].Quote()} and {entry.Name.Quote()} share the id {id}");
            }
        }
    }

    /// <summary>Returns the collected tokens in the order of their ids.</summary>
    public static string[] InOrder(Dictionary<int, string> tokens, string name) =>
    [
        .. Enumerable.Range(0, tokens.Count).Select(id => tokens.TryGetValue(id, out string? token)
            ? token
            : throw new FilePlace(name).Error($"no token has the id {id}, although higher ids are used")),
    ];
}
