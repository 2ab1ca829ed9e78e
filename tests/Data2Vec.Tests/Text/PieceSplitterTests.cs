using Data2Vec.Text;

namespace Data2Vec.Tests.Text;

public class PieceSplitterTests
{
    [Theory]
    [InlineData("don't we're I've I'm they'll he'd it's", "don|'t| we|'re| I|'ve| I|'m| they|'ll| he|'d| it|'s")]
    [InlineData("IT'S rock'n'roll 'tis", "IT|'|S| rock|'|n|'|roll| '|tis")]
    [InlineData("a  b   c", "a| | b|  | c")]
    [InlineData("a\n b\n\nc", "a|\n| b|\n|\n|c")]
    [InlineData("end  ", "end|  ")]
    [InlineData(" \t", " \t")]
    [InlineData("\u3000x\u00a0y", "\u3000|x|\u00a0|y")]
    [InlineData("a1b22", "a|1|b|22")]
    [InlineData("x²½Ⅷ٣", "x|²½Ⅷ٣")]
    [InlineData("cafe\u0301!", "cafe|\u0301!")]
    [InlineData("𝒜𝒷𝟘𠀀", "𝒜𝒷|𝟘|𠀀")]
    [InlineData("hi 👩‍🚀🇩🇪", "hi| 👩‍🚀🇩🇪")]
    [InlineData("a\u001cb\u200bc", "a|\u001c|b|\u200b|c")]
    [InlineData("!!'s", "!!'|s")]
    public void Pieces_equal_those_of_the_GPT2_pattern(string text, string pieces)
    {
        List<string> actual = [];
        for (int start = 0; start < text.Length;)
        {
            int end = PieceSplitter.EndOfPiece(text, start);
            actual.Add(text[start..end]);
            start = end;
        }

        Assert.Equal(pieces.Split('|'), actual);
    }
}
