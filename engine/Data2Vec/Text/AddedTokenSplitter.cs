using System.Buffers;
using System.Globalization;
using System.Text;

namespace Data2Vec.Text;

/// <summary>
/// Cuts a text at added tokens: from the left, the longest token at each place, as Hugging Face's <c>AddedVocabulary</c> does. The text is read
/// only as far as its pieces are taken.
/// </summary>
internal sealed class AddedTokenSplitter
{
    private readonly SearchValues<string> _search;

    // Longest first: at one place the longest token counts.
    private readonly Dictionary<char, AddedToken[]> _byFirst;

    private AddedTokenSplitter(IReadOnlyList<(string Text, AddedToken Token)> tokens)
    {
        _search = SearchValues.Create([.. tokens.Select(token => token.Text)], StringComparison.Ordinal);
        _byFirst = tokens.GroupBy(token => token.Text[0]).ToDictionary(
            group => group.Key,
            group => group.OrderByDescending(token => token.Text.Length).Select(token => token.Token with { Content = token.Text }).ToArray());
    }

    /// <summary>A splitter for tokens, with the text that each is searched for; null without tokens.</summary>
    public static AddedTokenSplitter? Create(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        // Of two tokens with the same text the later one counts. A text that normalization makes empty is never found.
        (string, AddedToken)[] distinct = [.. tokens.Where(token => token.Text.Length > 0).GroupBy(token => token.Text, StringComparer.Ordinal).Select(same => same.Last())];
        return distinct.Length == 0 ? null : new AddedTokenSplitter(distinct);
    }

    /// <summary>Finds the next token from a position on.</summary>
    /// <param name="text">The text.</param>
    /// <param name="position">Where the last piece ended.</param>
    /// <param name="splitSpecial">Whether special tokens are ordinary text.</param>
    /// <param name="range">The place of the token, with the white space that it takes in; without a token the end of the text.</param>
    /// <returns>The token, or null if there is none.</returns>
    public AddedToken? Next(ReadOnlySpan<char> text, int position, bool splitSpecial, out Range range)
    {
        for (int from = position; ;)
        {
            int found = text[from..].IndexOfAny(_search);
            if (found < 0)
            {
                range = text.Length..text.Length;
                return null;
            }

            int start = from + found;
            AddedToken token = Longest(text[start..]);
            int end = start + token.Content.Length;
            if ((splitSpecial && token.Special) || (token.SingleWord && (EndsWithWord(text[..start]) || StartsWithWord(text[end..]))))
            {
                from = end;
                continue;
            }

            if (token.LeftStrip)
            {
                start = Math.Max(position, text[..start].TrimEnd().Length);
            }

            range = start..(token.RightStrip ? text.Length - text[end..].TrimStart().Length : end);
            return token;
        }
    }

    private AddedToken Longest(ReadOnlySpan<char> text)
    {
        foreach (AddedToken token in _byFirst[text[0]])
        {
            if (text.StartsWith(token.Content, StringComparison.Ordinal))
            {
                return token;
            }
        }

        throw new InvalidOperationException("The search found a token that is not there.");
    }

    private static bool EndsWithWord(ReadOnlySpan<char> text) => Rune.DecodeLastFromUtf16(text, out Rune rune, out _) == OperationStatus.Done && IsWord(rune);

    private static bool StartsWithWord(ReadOnlySpan<char> text) => Rune.DecodeFromUtf16(text, out Rune rune, out _) == OperationStatus.Done && IsWord(rune);

    // \w of regular expressions.
    private static bool IsWord(Rune rune) => Rune.IsLetterOrDigit(rune)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.NonSpacingMark
            or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark or UnicodeCategory.LetterNumber;
}
