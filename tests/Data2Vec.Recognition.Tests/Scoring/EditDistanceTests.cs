using Data2Vec.Recognition.Scoring;

namespace Data2Vec.Recognition.Tests.Scoring;

public class EditDistanceTests
{
    [Theory]
    [InlineData("kitten", "sitting", 2, 1, 0)]
    [InlineData("intention", "execution", 5, 0, 0)]
    [InlineData("abc", "", 0, 0, 3)]
    [InlineData("", "abc", 0, 3, 0)]
    [InlineData("abc", "abc", 0, 0, 0)]
    [InlineData("abcd", "bcd", 0, 0, 1)]
    [InlineData("bcd", "abcd", 0, 1, 0)]
    [InlineData("saturday", "sunday", 1, 0, 2)]
    public void Counts_the_edits_of_characters(string reference, string hypothesis, int substitutions, int insertions, int deletions) =>
        Assert.Equal(new EditCounts(substitutions, insertions, deletions, reference.Length), EditDistance.CountCharacters(reference, hypothesis));

    [Fact]
    public void Counts_as_few_edits_as_a_full_search()
    {
        string[] texts = [.. from a in "abc" from b in "abc" from c in "abc" from length in Enumerable.Range(0, 4) select $"{a}{b}{c}"[..length]];
        foreach (string reference in texts.Distinct())
        {
            foreach (string hypothesis in texts.Distinct())
            {
                EditCounts counts = EditDistance.Count<char>(reference, hypothesis);
                Assert.Equal(Search(reference, hypothesis), counts.Errors);
                Assert.Equal(hypothesis.Length - reference.Length, counts.Insertions - counts.Deletions);
            }
        }

        static int Search(string a, string b) => a.Length == 0 || b.Length == 0 ? a.Length + b.Length
            : Math.Min(Search(a[1..], b[1..]) + (a[0] == b[0] ? 0 : 1), 1 + Math.Min(Search(a[1..], b), Search(a, b[1..])));
    }

    [Fact]
    public void Words_are_separated_by_any_space()
    {
        Assert.Equal(new EditCounts(1, 1, 0, 3), EditDistance.CountWords("FOUR TWO ONE", "  four TWO\tONE  ONE\n"));
        Assert.Equal(0, EditDistance.CountCharacters("A  B", " A B ").Errors);
    }

    [Fact]
    public void Characters_beyond_16_bits_count_once() => Assert.Equal(new EditCounts(1, 0, 0, 1), EditDistance.CountCharacters("😀", "😁"));

    [Fact]
    public void Rates_are_those_of_all_transcripts_together()
    {
        EditCounts total = EditDistance.CountWords("one two three four", "one two three") + EditDistance.CountWords("five", "six seven");
        Assert.Equal(3 / 5.0, total.Rate);
        Assert.Equal(0, default(EditCounts).Rate);
        Assert.Equal(double.PositiveInfinity, EditDistance.CountWords("", "one").Rate);
    }
}
