using Data2Vec.Audio;
using Data2Vec.Recognition.Decoding;

namespace Data2Vec.Recognition.Tests.Decoding;

public class CtcLabelFileTests
{
    [Theory]
    [InlineData("| 9\nE 5\n' 1 #fairseq:overwrite\n", 0, "", "", "", "", " ", "E", "'")]
    [InlineData("{\"<pad>\": 1, \"<s>\": 0, \"|\": 2, \"a\": 3, \"[UNK]\": 4}", 1, "", "", " ", "a", "")]
    [InlineData("{\n\"labels\": [\"a\", \" \", \"\"],\n\"is_bpe\": false}", 2, "a", " ", "")]
    [InlineData("[\"_\", \"a\", \"▁b\"]", 0, "", "a", " b")]
    [InlineData("<s>\n<pad>\n</s>\n<unk>\n|\nE\n", 0, "", "", "", "", " ", "E")]
    [InlineData("<pad>\n<s>\n</s>\n<unk>\n|\nE\n\n", 0, "", "", "", "", " ", "E")]
    [InlineData("[PAD]\n[UNK]\n|\ne\n", 0, "", "", " ", "e")]
    [InlineData(" \na\nb\n\n", 3, " ", "a", "b", "")]
    [InlineData("{\"labels\": [\"\", \"<pad>\", \"a\"]}", 0, "", "", "a")]
    [InlineData("a\n▁\n<blank>\n", 2, "a", " ", "")]
    public void Reads_the_labels_of_other_programs(string content, int blank, params string[] texts)
    {
        CtcLabels labels = Read(content, null);
        Assert.Equal(texts, labels.Texts);
        Assert.Equal(blank, labels.Blank);
    }

    [Theory]
    [InlineData("<pad>\n[PAD]\na\n", null, "the blank may be '<pad>' or '[PAD]'; name the blank")]
    [InlineData("-\n<pad>\na\n", null, "the blank may be '-' or '<pad>'")]
    [InlineData("a\nb\n", null, "none of the 2 labels is a usual blank")]
    [InlineData("a\nb\n", "c", "the blank 'c' is not among the 2 labels")]
    [InlineData("a\nb\na\n", "a", "the label 'a' occurs twice")]
    [InlineData("", null, "there are no labels")]
    [InlineData("{\"a\": 0, \"b\": 2}", "a", "numbers of its 2 labels")]
    [InlineData("{\"a\": 0, \"b\": 0}", "a", "the label 'b' is not a whole number of its own")]
    [InlineData("{\"a\": 0", "a", "not valid JSON")]
    [InlineData("[1, 2]", "a", "a label is not a string")]
    public void Bad_labels_are_refused(string content, string? blank, string reason)
    {
        string message = Assert.Throws<InvalidDataException>(() => Read(content, blank)).Message;
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_blank_can_be_named() => Assert.Equal(["a", "", "b"], Read("a\n*\nb\n", "*").Texts);

    private static CtcLabels Read(string content, string? blank)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, content);
            return CtcLabelFile.Read(path, blank);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
