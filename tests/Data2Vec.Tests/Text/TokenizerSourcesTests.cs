using System.Text;
using System.Text.Json.Nodes;
using Data2Vec.Text;

namespace Data2Vec.Tests.Text;

public class TokenizerSourcesTests
{
    public static TheoryData<string> Sources =>
        ["vocab.json and merges.txt", "tokenizer.json, merges as text", "tokenizer.json, merges as pairs", "assets", "files with CR LF"];

    [Theory]
    [MemberData(nameof(Sources))]
    public void Every_file_format_gives_the_same_ids_and_assets(string source)
    {
        TextTokenizer tokenizer = Create(source);

        Assert.All(TokenizerFixtures.Reference, item => Assert.Equal(item.Ids, tokenizer.Encode(item.Text, splitSpecialTokens: true)));
        Assert.Equal(source.StartsWith("tokenizer.json", StringComparison.Ordinal) ? [0, 0, 2] : TokenizerFixtures.Tokenizer.Encode("<s>"), tokenizer.Encode("<s>"));
        Assert.Equal(TokenizerFixtures.Tokenizer.VocabularySize, tokenizer.VocabularySize);
        Assert.Equal(TokenizerFixtures.Tokenizer.MaskId, tokenizer.MaskId);
        TextTokenizerAssets expected = TokenizerFixtures.Tokenizer.ToAssets();
        TextTokenizerAssets actual = tokenizer.ToAssets();
        Assert.Equal(expected.Vocabulary.ToArray(), actual.Vocabulary.ToArray());
        Assert.Equal(expected.Merges!.Value.ToArray(), actual.Merges!.Value.ToArray());
    }

    [Fact]
    public void Assets_are_lines_in_the_byte_alphabet_with_names_after_a_space()
    {
        TextTokenizerAssets assets = TokenizerFixtures.Tokenizer.ToAssets();
        string[] vocabulary = Encoding.UTF8.GetString(assets.Vocabulary.Span).Split('\n');

        Assert.Equal([" <s>", " <pad>", " </s>", " <unk>", "Ġthe"], vocabulary[..5]);
        Assert.Equal([" madeupword0002", " <mask>", ""], vocabulary[^3..]);
        Assert.Equal(TokenizerFixtures.VocabBpe, assets.Merges!.Value.ToArray());
    }

    [Fact]
    public void A_token_missing_from_the_dictionary_becomes_unknown()
    {
        // The only line of the dictionary is for BPE id 11, which is ','.
        TextTokenizer fairseq = TextTokenizer.FromFairseq(TokenizerFixtures.EncoderJson, TokenizerFixtures.VocabBpe, "11 5\n"u8.ToArray());
        TextTokenizerAssets assets = fairseq.ToAssets();
        TextTokenizer again = TextTokenizer.FromAssets(assets.Vocabulary.Span, assets.Merges!.Value.Span);

        Assert.Equal([0, 4, 3, 2], fairseq.Encode(",\n"));
        Assert.Equal([0, 4, 3, 2], again.Encode(",\n"));
        Assert.Equal(6, again.VocabularySize);
    }

    [Fact]
    public void A_word_in_the_dictionary_other_than_an_id_is_a_name()
    {
        TextTokenizer tokenizer = FromDictionary("11 5\na 4\n007 3\n");

        Assert.Equal([0, 4, 3, 2], tokenizer.Encode(",a"));
        Assert.Equal(",a007", tokenizer.Decode([4, 5, 6]));
    }

    [Fact]
    public void An_overwritten_word_gets_the_id_of_its_later_line()
    {
        TextTokenizer tokenizer = FromDictionary("11 5\n13 4\n11 3 #fairseq:overwrite\n<s> 2 #fairseq:overwrite\n");

        Assert.Equal([0, 6, 2], tokenizer.Encode(","));
        Assert.Equal(0, tokenizer.BeginId);
        Assert.Equal(8, tokenizer.MaskId);
        Assert.Equal("", tokenizer.Decode([4, 7]));
        TextTokenizerAssets assets = tokenizer.ToAssets();
        Assert.Equal([0, 6, 2], TextTokenizer.FromAssets(assets.Vocabulary.Span, assets.Merges!.Value.Span).Encode(","));
    }

    [Fact]
    public void A_mask_in_the_dictionary_keeps_its_id()
    {
        TextTokenizer tokenizer = FromDictionary("11 5\n<mask> 0\n13 4\n");

        Assert.Equal(5, tokenizer.MaskId);
        Assert.Equal(7, tokenizer.VocabularySize);
    }

    private static TextTokenizer FromDictionary(string dictionary) =>
        TextTokenizer.FromFairseq(TokenizerFixtures.EncoderJson, TokenizerFixtures.VocabBpe, Encoding.UTF8.GetBytes(dictionary));

    private static TextTokenizer Create(string source)
    {
        TextTokenizerAssets assets = TokenizerFixtures.Tokenizer.ToAssets();
        return source switch
        {
            "vocab.json and merges.txt" => TextTokenizer.FromVocabAndMerges(TokenizerFixtures.VocabJson(), TokenizerFixtures.VocabBpe),
            "tokenizer.json, merges as text" => FromJson(TokenizerFixtures.TokenizerJson(mergesAsPairs: false)),
            "tokenizer.json, merges as pairs" => FromJson(WithoutSpecialsInTheModel(TokenizerFixtures.TokenizerJson(mergesAsPairs: true))),
            "assets" => TextTokenizer.FromAssets(assets.Vocabulary.Span, assets.Merges!.Value.Span),
            "files with CR LF" => TextTokenizer.FromFairseq(TokenizerFixtures.EncoderJson, CrLf(TokenizerFixtures.VocabBpe), CrLf(TokenizerFixtures.DictTxt)),
            _ => throw new ArgumentException(source),
        };
    }

    private static TextTokenizer FromJson(JsonObject json) => TextTokenizer.FromTokenizerJson(TokenizerFixtures.Utf8(json));

    // Special tokens may be in model.vocab or only in added_tokens.
    private static JsonObject WithoutSpecialsInTheModel(JsonObject json)
    {
        json["model"]!["vocab"]!.AsObject().Remove("<mask>");
        return json;
    }

    private static byte[] CrLf(byte[] file) => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(file).Replace("\n", "\r\n", StringComparison.Ordinal));
}
