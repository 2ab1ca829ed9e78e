using System.Text.Encodings.Web;
using System.Text.Json;

namespace Data2Vec.Cli;

/// <summary>Formats foreign text for a terminal.</summary>
internal static class TerminalText
{
    /// <summary>Escapes only what JSON requires.</summary>
    public static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const int LongestName = 40;

    /// <summary>The text on one line, with control characters replaced.</summary>
    public static string OneLine(string text) => string.Join(
        ' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(word => string.Concat(word.Select(letter => char.IsControl(letter) ? '\uFFFD' : letter))));

    /// <summary>An exception's message without the parameter name that argument exceptions append.</summary>
    public static string WithoutParameter(string message) => message.Split(" (Parameter '")[0];

    /// <summary>The name of an input in messages: a path as it was given, and the beginning of a text.</summary>
    public static string Label(string name) => File.Exists(name) ? name : Short(name);

    /// <summary>A short name of an input: the end of a file's path, the beginning of a text.</summary>
    public static string Short(string name)
    {
        string line = OneLine(name);
        return line.Length <= LongestName ? line
            : name.Length < 1000 && File.Exists(name) ? $"…{line[^(LongestName - 1)..]}"
            : $"{line[..(LongestName - 1)]}…";
    }

    /// <summary>A duration in minutes and seconds, hours or days.</summary>
    public static string Duration(TimeSpan time) => time.TotalDays >= 2 ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalDays:N0} days")
        : time.TotalHours >= 1 ? $"{(int)time.TotalHours}:{time:mm\\:ss}" : $"{time:m\\:ss}";
}
