using System.Text;

namespace Data2Vec.IO;

internal static class SpanExtensions
{
    /// <summary>Whether <paramref name="tag"/> stands at <paramref name="offset"/>.</summary>
    public static bool HasAt(this ReadOnlySpan<byte> bytes, int offset, ReadOnlySpan<byte> tag) => bytes.Length >= offset && bytes[offset..].StartsWith(tag);

    /// <summary>Quotes text from a file for an error message: shortened, and without characters that a terminal would interpret.</summary>
    public static string Quote(this ReadOnlySpan<char> text)
    {
        const int Longest = 40;
        StringBuilder quoted = new("'");
        foreach (char c in text[..Math.Min(text.Length, Longest)])
        {
            quoted.Append(char.IsControl(c) || char.IsSurrogate(c) ? '?' : c);
        }

        return quoted.Append(text.Length > Longest ? "…'" : "'").ToString();
    }
}

internal static class FileErrors
{
    /// <summary>Reads a file. Errors in its content name it.</summary>
    public static T Named<T>(string name, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{name}: {error.Message}", error);
        }
    }
}
