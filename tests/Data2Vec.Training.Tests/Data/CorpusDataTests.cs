using Data2Vec.Training.Data;
using Data2Vec.Training.State;

namespace Data2Vec.Training.Tests.Data;

public sealed class CorpusDataTests : IDisposable
{
    private const int Begin = 0, End = 2;

    // A word of n letters is the token 10 + n.
    private static readonly TextEncoding s_encoding = new()
    {
        Tokenize = text => text.Contains('!', StringComparison.Ordinal)
            ? throw new ArgumentException("cannot be encoded")
            : [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => 10 + word.Length)],
        BeginId = Begin,
        EndId = End,
        MaxTokens = 8,
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static int[][] Items(TrainingData<int, NoTarget> data) => [.. Enumerable.Range(0, data.Count).Select(item => data.Load(item, default).Input.ToArray())];

    [Fact]
    public void Blocks_are_whole_sentences_of_one_document()
    {
        string path = _folder.Write("c.txt", "a b\nc\nd e\nf\n\n\n  \ng\n\nh i\n");
        var data = CorpusData.Open(path, s_encoding);
        Assert.Equal(
            [
                [Begin, 11, 11, End, 11, End],
                [Begin, 11, 11, End, 11, End],
                [Begin, 11, End],
                [Begin, 11, 11, End],
            ],
            Items(data));
        Assert.Equal([$"{path}:1", $"{path}:3", $"{path}:8", $"{path}:10"], Enumerable.Range(0, 4).Select(data.Name));
        Assert.Equal([6, 6, 3, 4], Enumerable.Range(0, 4).Select(data.Length));
        Assert.Equal(19, data.TokenCount);
    }

    [Fact]
    public void A_block_is_filled_to_its_last_token()
    {
        // <s> and 7 more are 8.
        Assert.Equal([[Begin, 11, 11, 11, End, 11, 11, End]], Items(CorpusData.Open(_folder.Write("c.txt", "a b c\nd e\n"), s_encoding)));
        Assert.Equal([[Begin, 11, 11, 11, End], [Begin, 11, 11, 11, End]], Items(CorpusData.Open(_folder.Write("c.txt", "a b c\nd e f\n"), s_encoding)));
    }

    [Fact]
    public void A_sentence_that_is_longer_than_a_block_is_divided_and_loses_nothing()
    {
        string path = _folder.Write("c.txt", "z\na bb ccc dddd eeeee ffffff ggggggg hhhhhhhh\ny\n");
        var data = CorpusData.Open(path, s_encoding);
        Assert.Equal([[Begin, 11, End], [Begin, 11, 12, 13, 14, 15, 16, End], [Begin, 17, 18, End, 11, End]], Items(data));
        Assert.Equal([$"{path}:1", $"{path}:2", $"{path}:2"], Enumerable.Range(0, 3).Select(data.Name));
        Assert.Equal([[Begin, 11, 11, 11, 11, 11, 11, End]], Items(CorpusData.Open(_folder.Write("c.txt", "a b c d e f"), s_encoding)));
    }

    [Fact]
    public void Lines_can_be_items_of_their_own() =>
        Assert.Equal(
            [[Begin, 11, End], [Begin, 12, End], [Begin, 13, End]],
            Items(CorpusData.Open(_folder.Write("c.txt", "\uFEFFa\r\n bb \r\n\r\nccc"), s_encoding, CorpusItems.Lines)));

    [Fact]
    public void The_files_of_a_folder_are_separate_documents()
    {
        _folder.Write("d/2.txt", "a\n");
        _folder.Write("d/10.TXT", "bb");
        _folder.Write("d/sub/3.txt", "ccc\n");
        _folder.Write("d/note.md", "dddd\n");
        Assert.Equal([[Begin, 12, End], [Begin, 11, End], [Begin, 13, End]], Items(CorpusData.Open(_folder["d"], s_encoding)));
    }

    [Fact]
    public void Lines_that_cannot_be_encoded_are_named()
    {
        string path = _folder.Write("c.txt", "a\nb!\nc\n");
        var data = CorpusData.Open(path, s_encoding);
        Assert.Equal([[Begin, 11, End, 11, End]], Items(data));
        Assert.Equal($"{path}:2: cannot be encoded", Assert.Single(data.Skipped).ToString());
        Assert.Throws<InvalidDataException>(() => CorpusData.Open(path, s_encoding, strict: true));
    }

    [Fact]
    public void Many_lines_keep_their_order()
    {
        string path = _folder.Write("c.txt", string.Concat(Enumerable.Range(0, 20000).Select(i => new string('a', i % 50) + " x\n")));
        var data = CorpusData.Open(path, s_encoding, CorpusItems.Lines);
        Assert.Equal(20000, data.Count);
        Assert.Equal(Enumerable.Range(0, 20000).Select(i => i % 50 == 0 ? 11 : 10 + (i % 50)), Items(data).Select(ids => ids[1]));
        Assert.Equal($"{path}:19999", data.Name(19998));
    }

    [Fact]
    public void Files_without_text_are_refused()
    {
        Assert.Contains("no items", Assert.Throws<InvalidDataException>(() => CorpusData.Open(_folder.Write("c.txt", "\n \n"), s_encoding)).Message, StringComparison.Ordinal);
        Assert.Contains("no items", Assert.Throws<InvalidDataException>(() => CorpusData.Open(_folder.Write("c.txt", ""), s_encoding)).Message, StringComparison.Ordinal);
        string path = _folder.Write("c.txt", [.. "good\nb"u8, 0xE4, .. "d\n"u8]);
        Assert.StartsWith($"{path}: line 2 is not UTF-8", Assert.Throws<InvalidDataException>(() => CorpusData.Open(path, s_encoding)).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => CorpusData.Open(_folder["none.txt"], s_encoding));
    }

    [Fact]
    public void The_fingerprint_depends_on_the_text_and_not_on_its_place()
    {
        DataFingerprint first = CorpusData.Open(_folder.Write("c.txt", "a bb\n"), s_encoding).Fingerprint;
        Assert.Equal(first, CorpusData.Open(_folder.Write("other/d.txt", "a bb\r\n"), s_encoding).Fingerprint);
        Assert.NotEqual(first, CorpusData.Open(_folder.Write("c.txt", "bb a\n"), s_encoding).Fingerprint);
    }
}
