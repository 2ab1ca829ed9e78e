using Data2Vec.Training.Data;

namespace Data2Vec.Training.Tests.Data;

public sealed class TranscriptLabelsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static (int[] Numbers, string Unknown) Encode(TranscriptLabels labels, string transcript)
    {
        var unknown = new List<string>();
        return (labels.Encode(transcript, unknown.Add), string.Join(' ', unknown));
    }

    [Theory]
    [InlineData("ab ba", new[] { 5, 6, 4, 6, 5, 4 }, "")]
    [InlineData("  AB\t\u00A0Ba\n", new[] { 5, 6, 4, 6, 5, 4 }, "")]
    [InlineData("a, b!", new[] { 5, 4, 6, 4 }, ", !")]
    [InlineData("a - b", new[] { 5, 4, 6, 4 }, "-")]
    [InlineData("acß 7", new[] { 5, 3, 3, 4, 3, 4 }, "c ß 7")]
    [InlineData("\u00E9 a\u0301\u200B 😀", new[] { 7, 4, 5, 4 }, "U+0301 U+200B 😀")]
    [InlineData("a|b", new[] { 5, 4, 6, 4 }, "")]
    [InlineData("", new int[0], "")]
    [InlineData(" ", new int[0], "")]
    public void Transcripts_become_numbers(string transcript, int[] numbers, string unknown)
    {
        (int[] actual, string left) = Encode(new TranscriptLabels(["<s>", "<pad>", "</s>", "<unk>", "|", "A", "B", "É"]), transcript);
        Assert.Equal(numbers, actual);
        Assert.Equal(unknown, left);
    }

    [Fact]
    public void Labels_of_other_layouts_are_used()
    {
        // As Hugging Face has them: lower case, the padding is the blank, no unknown label.
        (int[] numbers, string unknown) = Encode(new TranscriptLabels(["a", "b", "|", "<pad>"], blank: 3), "A? ÄB");
        Assert.Equal([0, 2, 1, 2], numbers);
        Assert.Equal("? Ä", unknown);

        Assert.Equal([1, 2, 1, 3], new TranscriptLabels(["<s>", "X", "'", "|"]).Encode("x\u2019x"));

        // Without a delimiter, as for Chinese. Characters beyond the basic plane are one label.
        Assert.Equal([1, 2, 1], new TranscriptLabels(["<s>", "語", "𠮷"]).Encode("語𠮷 語"));
        Assert.Equal([1, 2, 1, 2], new TranscriptLabels(["<s>", "x", " "]).Encode("X x"));
    }

    [Fact]
    public void A_dictionary_is_read_as_fairseq_does()
    {
        var labels = TranscriptLabels.FromDictionary(_folder.Write("dict.ltr.txt", "\uFEFF| 94802\r\nE 51860\r\n' 5\r\nä 3\r\n\r\n"));
        Assert.Equal(["<s>", "<pad>", "</s>", "<unk>", "|", "E", "'", "ä"], labels.Names);
        Assert.Equal([5, 3, 4], labels.EncodeLetters("E Q |"));
        Assert.Equal([7, 6], labels.EncodeLetters("  Ä  '\t"));
    }

    [Theory]
    [InlineData("A 1\nB 2\nA 3\n", "dict.ltr.txt:3: the label 'A' occurs twice")]
    [InlineData("<pad> 1\n", "dict.ltr.txt:1")]
    [InlineData("\n", "no labels")]
    public void Damaged_dictionaries_are_refused(string text, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => TranscriptLabels.FromDictionary(_folder.Write("dict.ltr.txt", text))).Message, StringComparison.Ordinal);

    [Fact]
    public void Labels_are_made_of_transcripts() =>
        Assert.Equal(["<s>", "<pad>", "</s>", "<unk>", "|", "'", "a", "b", "é", "𠮷"], TranscriptLabels.FromTranscripts(["ba| ab", "\u00E9\t'𠮷"]).Names);

    [Fact]
    public void Labels_that_contradict_themselves_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new TranscriptLabels(["<s>", "A", "A"]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TranscriptLabels(["<s>", "A"], 2));
    }

    [Theory]
    [InlineData(new int[0], 0)]
    [InlineData(new[] { 5 }, 1)]
    [InlineData(new[] { 5, 5, 5 }, 5)]
    [InlineData(new[] { 5, 6, 6, 5 }, 5)]
    public void Frames_for_labels_are_counted(int[] labels, int frames) => Assert.Equal(frames, TranscribedData.FramesFor(labels));
}
