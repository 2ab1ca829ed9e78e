using System.Globalization;
using System.Text;

namespace Data2Vec.Text;

/// <summary>
/// Cuts a text into the pieces within which BPE merges, as GPT-2's pattern does:
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>. The pieces tile the text.
/// </summary>
/// <remarks>
/// Not a <see cref="System.Text.RegularExpressions.Regex"/>, because .NET's sees UTF-16 units: it takes the letters and digits above
/// U+FFFF for neither, and its <c>\s</c> is not Unicode's White_Space. Here a character is a code point, and a lone surrogate is
/// U+FFFD, a symbol.
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

    /// <summary>The end of the piece that begins at <paramref name="start"/>, which must lie before the end of the text.</summary>
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

        // One plain space belongs to the word, number or symbols that follow it.
        if (text[start] == ' ' && position < text.Length)
        {
            CharacterClass second = Classify(text[position..], out length);
            if (second != CharacterClass.Space)
            {
                return EndOfRun(text, position + length, second);
            }
        }

        int end = EndOfRun(text, position, CharacterClass.Space);

        // \s+(?!\S): a run before a visible character leaves its last one to it; a run of one is then all there is.
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

    private static int ContractionLength(ReadOnlySpan<char> text)
    {
        if (text.Length < 2 || text[0] != '\'')
        {
            return 0;
        }

        return text[1] switch
        {
            's' or 't' or 'm' or 'd' => 2,
            'r' or 'v' when text.Length > 2 && text[2] == 'e' => 3,
            'l' when text.Length > 2 && text[2] == 'l' => 3,
            _ => 0,
        };
    }

    private static CharacterClass Classify(ReadOnlySpan<char> text, out int length)
    {
        Rune.DecodeFromUtf16(text, out Rune rune, out length);
        if (rune.IsAscii)
        {
            int value = rune.Value;
            return value switch
            {
                ' ' or (>= '\t' and <= '\r') => CharacterClass.Space,
                >= '0' and <= '9' => CharacterClass.Number,
                (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') => CharacterClass.Letter,
                _ => CharacterClass.Symbol,
            };
        }

        if (Rune.IsWhiteSpace(rune))
        {
            return CharacterClass.Space;
        }

        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => CharacterClass.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterClass.Number,
            _ => CharacterClass.Symbol,
        };
    }
}
