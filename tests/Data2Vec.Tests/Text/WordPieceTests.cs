using System.Text;
using System.Text.Json.Nodes;
using Data2Vec.Text;

namespace Data2Vec.Tests.Text;

/// <summary>Compares BERT's tokenizer with the ids of Fixtures/make_wordpiece.py.</summary>
public sealed class WordPieceTests
{
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "Text", "Fixtures");
    private static readonly byte[] s_vocabulary = File.ReadAllBytes(Path.Combine(s_folder, "wordpiece_vocab.txt"));

    [Theory, InlineData("cased"), InlineData("uncased")]
    public void Ids_equal_those_of_the_published_algorithm(string kind)
    {
        TextTokenizer tokenizer = Create(kind == "uncased");
        JsonArray cases = JsonNode.Parse(File.ReadAllBytes(Path.Combine(s_folder, "wordpiece.json")))!.AsArray();
        Assert.Equal(249, cases.Count);
        foreach (JsonNode? node in cases)
        {
            string text = (string)node!["text"]!;
            int[] expected = [.. node[kind]!.AsArray().Select(id => (int)id!)];
            Assert.True(expected.SequenceEqual(tokenizer.EncodeWithoutSpecials(text)), $"{kind}: {text}");
            Assert.Equal([3, .. expected, 4], tokenizer.Encode(text));
        }
    }

    [Fact]
    public void Special_ids_come_from_the_vocabulary_and_never_from_a_text()
    {
        TextTokenizer tokenizer = Create(false);
        Assert.Equal((0, 2, 3, 4, 5), (tokenizer.PadId, tokenizer.UnknownId, tokenizer.BeginId, tokenizer.EndId, tokenizer.MaskId));
        Assert.Equal(540, tokenizer.VocabularySize);
        int[] ids = tokenizer.EncodeWithoutSpecials("[CLS] [SEP] [MASK] [PAD]");
        Assert.DoesNotContain(ids, id => id is 0 or 3 or 4 or 5);
    }

    [Fact]
    public void Ids_decode_to_words()
    {
        TextTokenizer tokenizer = Create(false);
        Assert.Equal("The people unable , [UNK] !", tokenizer.Decode(tokenizer.Encode("The people  unable, ßßŒŒ!")));
        Assert.Equal("##", tokenizer.Decode(tokenizer.Encode("##")).Replace(" ", "", StringComparison.Ordinal));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([540]));
    }

    [Fact]
    public void Dropped_characters_and_long_texts_are_supported()
    {
        TextTokenizer tokenizer = Create(true);
        Assert.Equal(tokenizer.EncodeWithoutSpecials("thethe"), tokenizer.EncodeWithoutSpecials("the\0\ufffd\u200bthe"));
        Assert.Equal(100_000, tokenizer.EncodeWithoutSpecials(string.Concat(Enumerable.Repeat("the ", 100_000))).Length);
        Assert.Single(tokenizer.EncodeWithoutSpecials(new string('x', 1_000_000)));
    }

    [Fact]
    public void The_vocabulary_asset_equals_the_file()
    {
        TextTokenizerAssets assets = Create(false).ToAssets();
        Assert.Null(assets.Merges);
        Assert.Equal(s_vocabulary, assets.Vocabulary.ToArray());
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("[PAD]\n[UNK]\n[CLS]\n[SEP]\n", "the special token '[MASK]' is missing")]
    [InlineData("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nthe\n", "line 7: 'the' already has the id 5")]
    [InlineData("[PAD]\n[UNK]\n\n[CLS]\n[SEP]\n[MASK]\n", "line 3: the piece is empty")]
    public void A_damaged_vocabulary_is_rejected(string vocabulary, string message)
    {
        byte[] file = Encoding.UTF8.GetBytes(vocabulary);
        var error = Assert.Throws<InvalidDataException>(() => TextTokenizer.FromWordPieces(file, new WordPieceOptions()));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private static TextTokenizer Create(bool uncased) =>
        TextTokenizer.FromWordPieces(s_vocabulary, new WordPieceOptions { Lowercase = uncased, StripAccents = uncased });
}
