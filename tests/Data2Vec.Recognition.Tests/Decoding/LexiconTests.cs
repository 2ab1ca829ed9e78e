using Data2Vec.Audio;
using Data2Vec.Recognition.Decoding;

namespace Data2Vec.Recognition.Tests.Decoding;

public class LexiconTests
{
    private static readonly CtcLabels s_letters = CtcLabels.Letters(["<s>", "|", "A", "B", "'"]);

    [Fact]
    public void Spellings_are_those_of_the_file_or_the_letters_of_the_word()
    {
        Lexicon lexicon = Read("AB\tA B |", "", "two  B B |\r", "two A |", "two B B |", "B'A", "ba");
        Assert.Equal(["AB", "two", "B'A", "ba"], lexicon.Words);
        Assert.Equal([0, 1, 1, 2, 3], lexicon.SpellingWords);
        Assert.Equal(["2 3 1", "3 3 1", "2 1", "3 4 2 1", "3 2 1"], Enumerable.Range(0, 5).Select(i => string.Join(' ', lexicon.Spelling(i).ToArray())));
        Assert.Equal(0, lexicon.Skipped);
    }

    [Fact]
    public void Words_of_a_list_that_cannot_be_spelled_are_left_out()
    {
        Lexicon lexicon = Lexicon.FromWords(["AB", "ÉA", "B", ""], s_letters);
        Assert.Equal(["AB", "B"], lexicon.Words);
        Assert.Equal(2, lexicon.Skipped);
        Assert.Contains("none of the 1 words", Assert.Throws<InvalidDataException>(() => Lexicon.FromWords(["É"], s_letters)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Word_pieces_spell_by_the_longest_that_fit()
    {
        var pieces = new CtcLabels(0, ["", " the", " t", "he", "y", " "[..0], "h"]);
        Lexicon lexicon = Lexicon.FromWords(["they", "the", "thh"], pieces);
        Assert.Equal(["1 4", "1", "2 6 6"], Enumerable.Range(0, 3).Select(i => string.Join(' ', lexicon.Spelling(i).ToArray())));
    }

    [Fact]
    public void Word_pieces_beside_a_label_for_the_space_begin_with_theirs()
    {
        var pieces = new CtcLabels(0, ["", " the", " cat", "s", " ", "a", " ca", "ts"]);
        Lexicon lexicon = Lexicon.FromWords(["the", "cats", "as"], pieces);
        Assert.Equal(["1", "2 3", "4 5 3"], Enumerable.Range(0, 3).Select(i => string.Join(' ', lexicon.Spelling(i).ToArray())));
        string message = Assert.Throws<InvalidDataException>(() => Lexicon.FromWords(["dog"], pieces)).Message;
        Assert.EndsWith("which are ▁the ▁cat s ▁ a ▁ca ts", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pieces_are_found_where_the_longest_first_one_leads_nowhere()
    {
        Lexicon lexicon = Lexicon.FromWords(["abc"], new CtcLabels(0, ["", "ab", "bc", "a", " "]));
        Assert.Equal([3, 2, 4], lexicon.Spelling(0).ToArray().Select(label => (int)label));
    }

    [Fact]
    public void A_lexicon_of_which_hardly_any_word_can_be_spelled_is_refused() => Assert.Contains(
        "only 1 of the 20 words of the lexicon can be spelled",
        Assert.Throws<InvalidDataException>(() => Lexicon.FromWords(["A", .. Enumerable.Range(0, 19).Select(i => $"É{i}")], s_letters)).Message, StringComparison.Ordinal);

    [Fact]
    public void Labels_that_end_words_spell_too()
    {
        var pieces = new CtcLabels(0, ["", "th", "e", "e ", "y "]);
        Lexicon lexicon = Lexicon.FromWords(["they", "the", "th"], pieces);
        Assert.Equal(["they", "the"], lexicon.Words);
        Assert.Equal(["1 2 4", "1 3"], Enumerable.Range(0, 2).Select(i => string.Join(' ', lexicon.Spelling(i).ToArray())));
    }

    [Theory]
    [InlineData("line 2: the model has no label 'X', with which 'AX' is spelled", "A A |", "AX A X |")]
    [InlineData("line 1: the model has no label '<s>'", "A <s> |")]
    [InlineData("the lexicon has no words", "", "  ")]
    public void Bad_lexicons_are_refused_with_the_line(string reason, params string[] lines) =>
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => Read(lines)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(new[] { "A", "B" }, "knows only 0 of the 2 words of the lexicon (0 %), for example not 'A'; in lower case it knows 100 %")]
    [InlineData(new[] { "AA", "BB" }, "knows only 0 of the 2 words of the lexicon (0 %), for example not 'AA'; give the lexicon")]
    public void A_lexicon_that_the_model_does_not_know_is_refused(string[] words, string reason)
    {
        var model = new ArpaModel(["-1\ta\t0", "-1\tb\t0", "-1\t<s>\t0", "-1\t</s>"]);
        string message = Assert.Throws<InvalidDataException>(() => new LexiconCtcDecoder(s_letters, Lexicon.FromWords(words, s_letters), model)).Message;
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lexicon_that_the_model_knows_a_part_of_is_taken()
    {
        var model = new ArpaModel(["-1\tA\t0", "-1\t<s>\t0", "-1\t</s>"]);
        string[] words = [.. Enumerable.Range(1, 40).Select(i => new string('A', i))];
        Assert.Equal(1 / 40.0, new LexiconCtcDecoder(s_letters, Lexicon.FromWords(words, s_letters), model).KnownShare, 12);
    }

    private static Lexicon Read(params string[] lines)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(path, lines);
            return Lexicon.Read(path, s_letters);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
