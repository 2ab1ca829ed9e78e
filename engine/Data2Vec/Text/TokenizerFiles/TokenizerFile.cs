using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Data2Vec.Text;

/// <summary>What reading the files of all tokenizers has in common: limits, lines, JSON and the wording of errors.</summary>
internal static class TokenizerFile
{
    /// <summary>The most entries a vocabulary or a list of merges may have: four times the largest in use.</summary>
    public const int MaxEntries = 1 << 20;

    /// <summary>An error at one place of a file.</summary>
    public static InvalidDataException Error(FilePlace place, string message) => new($"{place}: {message}");

    /// <summary>An error in a file as a whole, or in a part that the message names.</summary>
    public static InvalidDataException Error(string kind, string message) => new($"{kind}: {message}");

    /// <summary>A piece of a file for an error message: short, and without anything that a terminal would act on.</summary>
    public static string Quote(ReadOnlySpan<char> text)
    {
        const int Longest = 40;
        StringBuilder quoted = new("'");
        foreach (char c in text[..Math.Min(text.Length, Longest)])
        {
            quoted.Append(char.IsControl(c) || char.IsSurrogate(c) ? '?' : c);
        }

        return quoted.Append(text.Length > Longest ? "…'" : "'").ToString();
    }

    /// <summary>The text of a file, after its size and its UTF-8 were checked.</summary>
    public static string ReadText(ReadOnlySpan<byte> file, string kind)
    {
        CheckEncoding(file, kind);
        return Encoding.UTF8.GetString(file);
    }

    /// <summary>
    /// The lines of a file. A line ends with LF or CR LF; what other characters .NET's readers take for line ends stay in the line.
    /// The last line may lack its end; empty lines are left out only at the end of the file.
    /// </summary>
    public static string[] ReadLines(ReadOnlySpan<byte> file, string kind)
    {
        string[] lines = ReadText(file, kind).TrimEnd('\r', '\n').Split('\n');
        if (lines.Length > MaxEntries + 1)
        {
            throw Error(kind, $"{lines.Length} lines, more than the {MaxEntries} supported");
        }

        for (int i = 0; i < lines.Length; i++)
        {
            lines[i] = lines[i].TrimEnd('\r');
        }

        return lines;
    }

    /// <summary>Reads a JSON file with <paramref name="read"/>; whatever is wrong with the JSON comes out as one kind of exception.</summary>
    public static T ReadJson<T>(ReadOnlyMemory<byte> file, string kind, Func<JsonElement, T> read)
    {
        CheckEncoding(file.Span, kind);
        try
        {
            using JsonDocument document = JsonDocument.Parse(file, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return read(document.RootElement);
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{kind} line {(exception.LineNumber ?? 0) + 1}: not valid JSON: {exception.Message}", exception);
        }
        catch (InvalidOperationException exception)
        {
            // The JSON reader's answer to half a surrogate pair written as an escape.
            throw new InvalidDataException($"{kind}: a string is not valid Unicode", exception);
        }
    }

    private static void CheckEncoding(ReadOnlySpan<byte> file, string kind)
    {
        if (file.IsEmpty)
        {
            throw Error(kind, "the file is empty");
        }

        if (file.Length > TextTokenizer.MaxFileBytes)
        {
            throw Error(kind, $"{file.Length} bytes, more than the {TextTokenizer.MaxFileBytes} supported");
        }

        if (!Utf8.IsValid(file))
        {
            throw Error(kind, "not valid UTF-8");
        }
    }
}
