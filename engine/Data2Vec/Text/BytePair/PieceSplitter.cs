using System.Globalization;
using System.Text;

namespace Data2Vec.Text;

/// <summary>
/// Splits text into the pieces within which BPE merges, like GPT-2's pattern
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>. The pieces cover the text without gaps.
/// </summary>
/// <remarks>
/// .NET's <see cref="System.Text.RegularExpressions.Regex"/> is unsuitable because it matches UTF-16 units: it does not recognize letters
/// and digits above U+FFFF, and its <c>\s</c> differs from Unicode's White_Space. Here a character is a code point, and an unpaired
/// surrogate counts as U+FFFD, a symbol.
/// </remarks>
internal static class PieceSplitter
{
    private enum CharacterClass
    {
        Symbol,
        Letter,
        Number,
        Space,
    }

    /// <summary>Returns the end of the piece that begins at <paramref name="start"/>, which must be before the end of the text.</summary>
    public static int EndOfPiece(ReadOnlySpan<char> text, int start)
    {
        int contraction = ContractionLength(text[start..]);
        if (contraction > 0)
        {
            return start + contraction;
        }

        CharacterClass first = Classify(text[start..], out int length);
        int position = start + length;
        if (first != CharacterClass.Space)
        {
            return EndOfRun(text, position, first);
        }

        // A single space belongs to the word, number or symbols after it.
        if (text[start] == ' ' && position < text.Length)
        {
            CharacterClass second = Classify(text[position..], out length);
            if (second != CharacterClass.Space)
            {
                return EndOfRun(text, position + length, second);
            }
        }

        int end = EndOfRun(text, position, CharacterClass.Space);

        // \s+(?!\S): a run of more than one space leaves its last space to the visible character after it.
        return end < text.Length && end - start > 1 ? end - 1 : end;
    }

    private static int EndOfRun(ReadOnlySpan<char> text, int position, CharacterClass wanted)
    {
        while (position < text.Length && Classify(text[position..], out int length) == wanted)
        {
            position += length;
        }

        return position;
    }

    private static int ContractionLength(ReadOnlySpan<char> text) => text switch
    {
        ['\'', 's' or 't' or 'm' or 'd', ..] => 2,
        ['\'', 'r' or 'v', 'e', ..] or ['\'', 'l', 'l', ..] => 3,
        _ => 0,
    };

    private static CharacterClass Classify(ReadOnlySpan<char> text, out int length)
    {
        Rune.DecodeFromUtf16(text, out Rune rune, out length);
        return rune.Value switch
        {
            ' ' or (>= '\t' and <= '\r') => CharacterClass.Space,
            >= '0' and <= '9' => CharacterClass.Number,
            (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') => CharacterClass.Letter,
            < 0x80 => CharacterClass.Symbol,
            _ when Rune.IsWhiteSpace(rune) => CharacterClass.Space,
            _ => Rune.GetUnicodeCategory(rune) switch
            {
                UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                    or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => CharacterClass.Letter,
                UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterClass.Number,
                _ => CharacterClass.Symbol,
            },
        };
    }
}
