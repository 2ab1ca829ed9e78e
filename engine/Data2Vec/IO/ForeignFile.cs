using System.Text;
using Data2Vec.Audio;
using Data2Vec.Vision.Images;

namespace Data2Vec.IO;

/// <summary>Tells what files are, for error messages.</summary>
public static class ForeignFile
{
    private const int TextBytes = 512;

    /// <summary>Describes a file by its first bytes, for example <c>an HTML page</c>.</summary>
    /// <param name="start">The beginning of the file, best a kilobyte.</param>
    public static string Describe(ReadOnlySpan<byte> start) => KindOf(start)
        ?? (IsText(start) ? "a text file" : $"a file of unknown kind, which begins with the bytes {Convert.ToHexString(start[..Math.Min(4, start.Length)])}");

    /// <summary>The kind of a file; null if it is text, or not known.</summary>
    internal static string? KindOf(ReadOnlySpan<byte> start)
    {
        ReadOnlySpan<byte> text = (start.HasAt(0, [0xEF, 0xBB, 0xBF]) ? start[3..] : start).TrimStart(" \t\r\n"u8);
        return start switch
        {
            [] => "an empty file",
            _ when text.StartsWith("version https://git-lfs"u8) => "a Git LFS pointer in place of the file (git lfs pull fetches the file)",
            _ when BeginsWith(text, "<!doctype html") || BeginsWith(text, "<html") || BeginsWith(text, "<head") || BeginsWith(text, "<body") => "an HTML page",
            _ when BeginsWith(text, "<?xml") => "an XML document",
            _ when start.StartsWith("%PDF"u8) => "a PDF document",
            _ when start.StartsWith("PK\x03\x04"u8) => "a zip archive",
            _ when start.HasAt(0, [0x1F, 0x8B]) => "a gzip archive",
            _ when start.HasAt(0, [(byte)'7', (byte)'z', 0xBC, 0xAF]) => "a 7-Zip archive",
            _ when start.StartsWith("BZh"u8) && start.HasAt(4, [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]) => "a bzip2 archive",
            _ when start.HasAt(0, [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]) => "an xz archive",
            _ when start.HasAt(0, [0x28, 0xB5, 0x2F, 0xFD]) => "a Zstandard archive",
            _ when start.StartsWith("Rar!"u8) => "a RAR archive",
            _ when start.HasAt(257, "ustar"u8) => "a tar archive",
            _ when start.HasAt(0, [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y']) => "a numpy array",
            _ when start.StartsWith(D2vFormat.Magic) => "a data2vec model file",
            _ when start.HasAt(0, [0x7F, (byte)'E', (byte)'L', (byte)'F']) || start.StartsWith("MZ"u8) => "a program",
            _ when start.StartsWith("SQLite format 3\0"u8) => "an SQLite database",
            _ when IsJson(text) => "a JSON document",
            _ when ImageFile.IsImage(start) => "an image",
            _ when IsText(start) => null,
            _ when AudioFile.IsAudio(start) => "a recording",
            _ => null,
        };
    }

    private static bool BeginsWith(ReadOnlySpan<byte> text, string tag) =>
        text.Length >= tag.Length && Encoding.Latin1.GetString(text[..tag.Length]).Equals(tag, StringComparison.OrdinalIgnoreCase);

    private static bool IsJson(ReadOnlySpan<byte> text) => IsText(text)
        && text is [(byte)'{', ..] or [(byte)'[', ..] && text[1..].TrimStart(" \t\r\n"u8) is [(byte)'"' or (byte)'{' or (byte)'[' or (byte)'}' or (byte)']', ..];

    /// <summary>Whether a file can be text in UTF-8, or says that it is UTF-16.</summary>
    /// <param name="start">The beginning of the file, best a kilobyte.</param>
    public static bool IsText(ReadOnlySpan<byte> start)
    {
        if (start.HasAt(0, [0xFF, 0xFE]) || start.HasAt(0, [0xFE, 0xFF]))
        {
            return true;
        }

        start = start[..Math.Min(start.Length, TextBytes)];
        return !start.IsEmpty && start.IndexOfAnyInRange((byte)0, (byte)8) < 0 && CompleteCharacters(start);
    }

    /// <summary>Whether all bytes are UTF-8, but for a character that the end of the span may cut.</summary>
    private static bool CompleteCharacters(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out _, out int length) is not System.Buffers.OperationStatus.Done and var status)
            {
                return status == System.Buffers.OperationStatus.NeedMoreData;
            }

            bytes = bytes[length..];
        }

        return true;
    }
}
