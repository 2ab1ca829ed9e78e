using System.Buffers;
using System.Globalization;
using System.Text;

namespace Data2Vec.Text;

/// <summary>Python's <c>str.strip</c> and <c>str.lower</c>, which differ from .NET's for a few characters.</summary>
internal static class PythonText
{
    private static readonly Rune s_dottedI = new('\u0130'), s_sigma = new('\u03A3');

    /// <summary>Removes white space at both ends.</summary>
    public static string Strip(string text)
    {
        int start = 0, end = text.Length;
        while (start < end && IsSpace(text[start]))
        {
            start++;
        }

        while (end > start && IsSpace(text[end - 1]))
        {
            end--;
        }

        return text[start..end];
    }

    /// <summary>Converts to lower case. A sigma at the end of a word has another form, and the dot of a Turkish capital I stays.</summary>
    public static string ToLower(string text)
    {
        if (!text.AsSpan().ContainsAny('\u0130', '\u03A3'))
        {
            return text.ToLowerInvariant();
        }

        var lower = new StringBuilder(text.Length);
        int position = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            position += rune.Utf16SequenceLength;
            if (rune == s_dottedI)
            {
                lower.Append("i\u0307");
            }
            else if (rune == s_sigma)
            {
                bool ends = EndsWithLetter(text.AsSpan(0, position - 1)) && !StartsWithLetter(text.AsSpan(position));
                lower.Append(ends ? 'ς' : 'σ');
            }
            else
            {
                lower.Append(Rune.ToLowerInvariant(rune).ToString());
            }
        }

        return lower.ToString();
    }

    // The separators of files, groups, records and units count in Python.
    private static bool IsSpace(char character) => char.IsWhiteSpace(character) || character is >= '\u001C' and <= '\u001F';

    private static bool EndsWithLetter(ReadOnlySpan<char> text)
    {
        while (Rune.DecodeLastFromUtf16(text, out Rune rune, out int length) == OperationStatus.Done)
        {
            if (!IsIgnored(rune))
            {
                return IsCased(rune);
            }

            text = text[..^length];
        }

        return false;
    }

    private static bool StartsWithLetter(ReadOnlySpan<char> text)
    {
        while (Rune.DecodeFromUtf16(text, out Rune rune, out int length) == OperationStatus.Done)
        {
            if (!IsIgnored(rune))
            {
                return IsCased(rune);
            }

            text = text[length..];
        }

        return false;
    }

    private static bool IsCased(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    // Unicode's property Case_Ignorable.
    private static bool IsIgnored(Rune rune) =>
        rune.Value is '\'' or '.' or ':' or '^' or '`' or 0xA8 or 0xAD or 0xAF or 0xB4 or 0xB7 or 0xB8 or 0x2018 or 0x2019 or 0x2024 or 0x2027
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format
            or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;
}
