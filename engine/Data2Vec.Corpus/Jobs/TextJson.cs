using System.Text.Encodings.Web;
using System.Text.Json;

namespace Data2Vec.Corpus;

/// <summary>How JSON is written.</summary>
internal static class TextJson
{
    /// <summary>On one line; escapes only what JSON requires.</summary>
    public static JsonSerializerOptions Options { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>On several lines, the same on every system.</summary>
    public static JsonSerializerOptions Indented { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true, NewLine = "\n" };
}
