using System.Text.Json;
using Data2Vec.Recognition.Scoring;

namespace Data2Vec.Recognition.Tests.Scoring;

public class AlignmentTests
{
    /// <summary>What <c>Fixtures/scoring/make_alignments.py</c> found.</summary>
    [Fact]
    public void Alignments_are_those_of_an_independent_aligner()
    {
        string[][] cases = JsonSerializer.Deserialize<string[][]>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", "scoring", "alignments.json")))!;
        Assert.Contains(cases, alignment => alignment[2] != alignment[3]);
        foreach (string[] alignment in cases)
        {
            Assert.Equal(alignment[2], Moves(EditDistance.Align<char>(alignment[0], alignment[1])));
            Assert.Equal(alignment[3], Moves(EditDistance.Align<char>(alignment[0], alignment[1], EditCosts.Sclite)));
        }

        static string Moves(EditKind[] edits) => string.Concat(edits.Select(edit => "msid"[(int)edit]));
    }

    /// <summary>Printed by sclite 2.10 (<c>-i rm -o pralign -e utf-8</c>, the second time with <c>-s</c>).</summary>
    [Theory]
    [InlineData("The cat sat", "the Cat sits on", true, "2 1 0 1", "the cat **** SAT ", "the cat SITS ON  ", "        I    S   ")]
    [InlineData("", "foo bar", true, "0 0 0 2", "*** *** ", "FOO BAR ", "I   I   ")]
    [InlineData("one two", "", true, "0 0 2 0", "ONE TWO ", "*** *** ", "D   D   ")]
    [InlineData("one", "x one y", true, "1 0 0 2", "* one * ", "X one Y ", "I     I ")]
    [InlineData("The cat sat", "the Cat sits on", false, "0 3 0 1", "*** The cat  sat ", "the Cat sits on  ", "I   S   S    S   ")]
    [InlineData("größe über alles", "grösse Über alle", false, "0 3 0 0", "größe  über alles ", "grösse Über alle  ", "S      S    S     ")]
    public void Rows_are_those_of_sclite(string reference, string hypothesis, bool foldCase, string counts, string said, string recognized, string errors) => Assert.Equal(
        ["id: (a-1)", $"Scores: (#C #S #D #I) {counts}", $"REF:  {said}", $"HYP:  {recognized}", $"Eval: {errors}"],
        ScoredTranscript.Score("a-1", reference, hypothesis, new ScoringOptions { Costs = EditCosts.Sclite, FoldCase = foldCase }).Rows());

    [Fact]
    public void A_long_alignment_needs_little_memory()
    {
        int[] reference = [.. Enumerable.Range(0, 12_000)], hypothesis = [.. reference.Where(number => number % 100 != 7), 5, 5];
        long before = GC.GetAllocatedBytesForCurrentThread();
        EditCounts counts = EditDistance.Count<int>(reference, hypothesis);
        Assert.Equal(new EditCounts(0, 2, 120, 12_000), counts);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 40_000_000);
    }

    [Fact]
    public void What_is_too_long_is_refused()
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => EditDistance.Align<byte>(new byte[40_000_000], new byte[1_000_000]));
        Assert.Contains("too long", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Costs_out_of_range_are_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => EditDistance.Align<char>("a", "b", new EditCosts(0, 1, 1)));
}
