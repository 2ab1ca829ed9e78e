using System.Text;

namespace Data2Vec.Recognition.Scoring;

/// <summary>
/// Aligns references with hypotheses (Levenshtein), and counts the errors of words and characters. Nothing is normalized but spaces: fold case and
/// punctuation first if they shall not count. Of equally cheap alignments the one is taken that from the end prefers matches and substitutions, then
/// insertions: that of sclite.
/// </summary>
public static class EditDistance
{
    private static readonly char[] s_spaces = [' ', '\t', '\n', '\r', '\u00A0', '\u3000'];

    /// <summary>Counts the errors of the cheapest alignment.</summary>
    /// <inheritdoc cref="Align{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, EditCosts?)"/>
    public static EditCounts Count<T>(ReadOnlySpan<T> reference, ReadOnlySpan<T> hypothesis, EditCosts? costs = null)
        where T : IEquatable<T> => EditCounts.Of(Align(reference, hypothesis, costs));

    /// <summary>Counts the errors of words. Words are separated by spaces.</summary>
    public static EditCounts CountWords(string reference, string hypothesis, EditCosts? costs = null) => Count<string>(Words(reference), Words(hypothesis), costs);

    /// <summary>Counts the errors of characters (Unicode scalar values).</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="hypothesis">The hypothesis.</param>
    /// <param name="costs">The costs; null for <see cref="EditCosts.Unit"/>.</param>
    /// <param name="withSpaces">Whether one space between words counts as a character.</param>
    public static EditCounts CountCharacters(string reference, string hypothesis, EditCosts? costs = null, bool withSpaces = true)
    {
        string between = withSpaces ? " " : "";
        return Count<Rune>(Characters(reference), Characters(hypothesis), costs);

        Rune[] Characters(string text) => [.. string.Join(between, Words(text)).EnumerateRunes()];
    }

    /// <summary>Finds the cheapest alignment, in time of the product of both lengths, and in far less memory.</summary>
    /// <param name="reference">The units of the reference.</param>
    /// <param name="hypothesis">The units of the hypothesis.</param>
    /// <param name="costs">The costs; null for <see cref="EditCosts.Unit"/>.</param>
    /// <returns>What became of each unit, in their order.</returns>
    /// <exception cref="InvalidDataException">Both are too long to be aligned.</exception>
    public static EditKind[] Align<T>(ReadOnlySpan<T> reference, ReadOnlySpan<T> hypothesis, EditCosts? costs = null)
        where T : IEquatable<T>
    {
        costs ??= EditCosts.Unit;
        costs.Check();
        int width = hypothesis.Length + 1, height = (int)Math.Sqrt(reference.Length) + 1;
        if ((long)width * height > Array.MaxLength / 4)
        {
            throw new InvalidDataException($"a reference of {reference.Length} units and a hypothesis of {hypothesis.Length} are too long to be aligned; divide them");
        }

        // The costs of the row before each block of rows. The moves of a block are found again when the way back reaches it.
        var row = new long[width];
        for (int j = 1; j < width; j++)
        {
            row[j] = row[j - 1] + costs.Insertion;
        }

        var blocks = new List<long[]> { (long[])row.Clone() };
        var moves = new EditKind[width * height];
        for (int i = 1; i <= reference.Length; i++)
        {
            Advance(row, reference[i - 1], hypothesis, costs, moves.AsSpan(0, width));
            if (i % height == 0)
            {
                blocks.Add((long[])row.Clone());
            }
        }

        var edits = new List<EditKind>(Math.Max(reference.Length, hypothesis.Length));
        int left = reference.Length, right = hypothesis.Length;
        for (int block = blocks.Count - 1; block >= 0; block--)
        {
            int first = block * height;
            for (int i = first; i < left; i++)
            {
                Advance(blocks[block], reference[i], hypothesis, costs, moves.AsSpan((i - first) * width, width));
            }

            while (left > first)
            {
                EditKind edit = moves[((left - first - 1) * width) + right];
                edits.Add(edit);
                left -= edit == EditKind.Insertion ? 0 : 1;
                right -= edit == EditKind.Deletion ? 0 : 1;
            }
        }

        edits.AddRange(Enumerable.Repeat(EditKind.Insertion, right));
        edits.Reverse();
        return [.. edits];
    }

    /// <summary>The words of a text.</summary>
    internal static string[] Words(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Split(s_spaces, StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Computes the next row of the table of costs, and the last move to each of its cells.</summary>
    private static void Advance<T>(long[] row, T unit, ReadOnlySpan<T> hypothesis, EditCosts costs, Span<EditKind> moves)
        where T : IEquatable<T>
    {
        long diagonal = row[0];
        row[0] += costs.Deletion;
        moves[0] = EditKind.Deletion;
        for (int j = 1; j < row.Length; j++)
        {
            EditKind move = unit.Equals(hypothesis[j - 1]) ? EditKind.Match : EditKind.Substitution;
            long best = diagonal + (move == EditKind.Match ? 0 : costs.Substitution);
            if (row[j - 1] + costs.Insertion < best)
            {
                (best, move) = (row[j - 1] + costs.Insertion, EditKind.Insertion);
            }

            if (row[j] + costs.Deletion < best)
            {
                (best, move) = (row[j] + costs.Deletion, EditKind.Deletion);
            }

            (diagonal, row[j], moves[j]) = (row[j], best, move);
        }
    }
}
