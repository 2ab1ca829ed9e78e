using System.Text;

namespace Data2Vec.IO;

internal static class ErrorText
{
    /// <summary>Quotes text from a file for an error message: shortened, and without characters that a terminal would interpret.</summary>
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
}
