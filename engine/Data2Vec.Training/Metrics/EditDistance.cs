using System.Text;

namespace Data2Vec.Training.Metrics;

/// <summary>
/// The Levenshtein distance, and with it the error rates of words and characters: edits by the units of all references together, as fairseq's
/// <c>ctc</c> criterion logs them. Nothing is normalized but spaces: fold case and punctuation first if they shall not count.
/// </summary>
public static class EditDistance
{
    private static readonly char[] s_spaces = [' ', '\t', '\n', '\r', '\u00A0', '\u3000'];

    /// <summary>
    /// Counts the edits of a shortest way from the reference to the hypothesis. Where several are equally short, substitutions come first, then
    /// deletions.
    /// </summary>
    public static EditCounts Count<T>(ReadOnlySpan<T> reference, ReadOnlySpan<T> hypothesis)
        where T : IEquatable<T>
    {
        // One row of the table: the counts for a prefix of the reference and each prefix of the hypothesis.
        var row = new EditCounts[hypothesis.Length + 1];
        for (int j = 1; j < row.Length; j++)
        {
            row[j] = row[j - 1] with { Insertions = j };
        }

        for (int i = 0; i < reference.Length; i++)
        {
            EditCounts diagonal = row[0];
            row[0] = row[0] with { Deletions = i + 1 };
            for (int j = 1; j < row.Length; j++)
            {
                EditCounts best = reference[i].Equals(hypothesis[j - 1]) ? diagonal : diagonal with { Substitutions = diagonal.Substitutions + 1 };
                if (row[j].Errors + 1 < best.Errors)
                {
                    best = row[j] with { Deletions = row[j].Deletions + 1 };
                }

                if (row[j - 1].Errors + 1 < best.Errors)
                {
                    best = row[j - 1] with { Insertions = row[j - 1].Insertions + 1 };
                }

                diagonal = row[j];
                row[j] = best;
            }
        }

        return row[^1] with { ReferenceLength = reference.Length };
    }

    /// <summary>Counts the edits of words. Words are separated by spaces.</summary>
    public static EditCounts CountWords(string reference, string hypothesis) => Count<string>(Words(reference), Words(hypothesis));

    /// <summary>Counts the edits of characters (Unicode scalar values), with one space between words.</summary>
    public static EditCounts CountCharacters(string reference, string hypothesis) => Count<Rune>(Characters(reference), Characters(hypothesis));

    private static string[] Words(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Split(s_spaces, StringSplitOptions.RemoveEmptyEntries);
    }

    private static Rune[] Characters(string text) => [.. string.Join(' ', Words(text)).EnumerateRunes()];
}
