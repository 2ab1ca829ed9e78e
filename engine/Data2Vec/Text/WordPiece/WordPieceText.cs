using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Data2Vec.Text;

/// <summary>Classifies and normalizes characters before words are split into pieces (<c>BasicTokenizer</c> in BERT's code).</summary>
internal static class WordPieceText
{
    // The arithmetic decomposition of Hangul syllables (The Unicode Standard, section 3.12).
    private const int FirstSyllable = 0xAC00, Syllables = 11_172, FirstLead = 0x1100, FirstVowel = 0x1161, BeforeTrail = 0x11A7, Vowels = 21, Trails = 28;

    private static readonly Lazy<FrozenDictionary<Rune, Rune[]>> s_folding = new(ReadFolding);

    /// <summary>Whether a character is dropped: control characters, unassigned characters and the replacement character.</summary>
    public static bool IsDropped(Rune rune) => rune.Value is 0 or 0xFFFD
        || (rune.Value is not ('\t' or '\n' or '\r') && Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate);

    public static bool IsSpace(Rune rune) => rune.Value is ' ' or '\t' or '\n' or '\r'
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    /// <summary>Whether a character is punctuation: Unicode's punctuation, and visible ASCII other than letters and digits.</summary>
    public static bool IsPunctuation(Rune rune) => rune.IsAscii
        ? rune.Value is > ' ' and < 0x7F && !Rune.IsLetterOrDigit(rune)
        : Rune.GetUnicodeCategory(rune) is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation;

    /// <summary>Whether a character is in a block of Chinese characters. Hangul, Hiragana and Katakana do not count.</summary>
    public static bool IsChinese(Rune rune) => rune.Value is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF)
        or (>= 0x2A700 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);

    /// <summary>Converts a character to lower case and optionally strips accents: decomposes it (NFD) and drops nonspacing marks.</summary>
    /// <remarks>The data is built in because the system may have none (<c>InvariantGlobalization</c>).</remarks>
    public static IEnumerable<Rune> Fold(Rune rune, bool stripAccents)
    {
        if (!stripAccents)
        {
            return [Rune.ToLowerInvariant(rune)];
        }

        if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark)
        {
            return [];
        }

        int syllable = rune.Value - FirstSyllable;
        if ((uint)syllable < Syllables)
        {
            var lead = new Rune(FirstLead + syllable / (Vowels * Trails));
            var vowel = new Rune(FirstVowel + syllable / Trails % Vowels);
            return syllable % Trails == 0 ? [lead, vowel] : [lead, vowel, new Rune(BeforeTrail + syllable % Trails)];
        }

        return s_folding.Value.TryGetValue(rune, out Rune[]? folded) ? folded : [Rune.ToLowerInvariant(rune)];
    }

    private static FrozenDictionary<Rune, Rune[]> ReadFolding()
    {
        using Stream stream = typeof(WordPieceText).Assembly.GetManifestResourceStream("Folding.txt")!;
        using var reader = new StreamReader(stream);
        var folding = new Dictionary<Rune, Rune[]>();
        while (reader.ReadLine() is { } line)
        {
            Rune[] runes = [.. line.EnumerateRunes()];
            folding.Add(runes[0], runes[1..]);
        }

        return folding.ToFrozenDictionary();
    }
}
