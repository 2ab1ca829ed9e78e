using System.Text;
using System.Text.Json.Nodes;
using Data2Vec.Text;

namespace Data2Vec.Tests.Text;

/// <summary>Added tokens, as the rules of Hugging Face's tokenizers (<c>AddedVocabulary</c>) have them. The expected ids are worked out by hand.</summary>
public sealed class AddedTokenTests
{
    private const int Plain = 4105, Left = 4106, Word = 4107;

    private static readonly TextTokenizer s_tokenizer = TokenizerFixtures.Tokenizer;

    private static readonly AddedToken s_special = new(Plain, "[USER]") { Special = true };

    private static TextTokenizer With(params AddedToken[] tokens) => s_tokenizer.With(tokens, false);

    private static int[] Ids(string text) => s_tokenizer.EncodeWithoutSpecials(text);

    [Fact]
    public void A_token_in_a_text_becomes_its_id_and_the_parts_around_it_are_tokenized_apart()
    {
        TextTokenizer tokenizer = With(s_special);
        Assert.Equal([0, Plain, 2], tokenizer.Encode("[USER]"));
        Assert.Equal([0, .. Ids("a film "), Plain, .. Ids(" by"), 2], tokenizer.Encode("a film [USER] by"));
        Assert.Equal([Plain, Plain, .. Ids("x"), Plain], tokenizer.EncodeWithoutSpecials("[USER][USER]x[USER]"));
        Assert.Equal(Ids("[USER"), tokenizer.EncodeWithoutSpecials("[USER"));
        Assert.Equal(4106, tokenizer.VocabularySize);
        Assert.Equal("a [USER]", tokenizer.Decode(tokenizer.Encode("a [USER]")));
    }

    [Fact]
    public void Special_tokens_can_be_split_like_text_and_others_cannot()
    {
        TextTokenizer tokenizer = With(s_special, new AddedToken(Word, "filmz"));
        Assert.Equal([.. Ids("[USER]"), Word], tokenizer.EncodeWithoutSpecials("[USER]filmz", splitSpecialTokens: true));
        Assert.Equal([Plain, Word], tokenizer.EncodeWithoutSpecials("[USER]filmz"));
    }

    [Fact]
    public void White_space_is_taken_in_on_the_sides_that_the_token_says()
    {
        TextTokenizer left = With(new AddedToken(Left, "<m>") { LeftStrip = true });
        Assert.Equal([.. Ids("a"), Left, .. Ids(" b")], left.EncodeWithoutSpecials("a  <m> b"));
        Assert.Equal([Left, Left], left.EncodeWithoutSpecials(" <m>\t<m>"));
        TextTokenizer right = With(new AddedToken(Left, "<m>") { RightStrip = true });
        Assert.Equal([.. Ids("a "), Left, .. Ids("b"), Left], right.EncodeWithoutSpecials("a <m>  b<m> \n"));
    }

    [Fact]
    public void A_token_of_a_single_word_counts_only_between_other_characters_than_letters()
    {
        TextTokenizer tokenizer = With(new AddedToken(Word, "filmz") { SingleWord = true });
        Assert.Equal([.. Ids("a "), Word, .. Ids(".")], tokenizer.EncodeWithoutSpecials("a filmz."));
        foreach (string text in (string[])["afilmz", "filmzé", "filmz_", "9filmz"])
        {
            Assert.Equal(Ids(text), tokenizer.EncodeWithoutSpecials(text));
        }
    }

    [Fact]
    public void The_longest_token_counts_and_the_leftmost()
    {
        TextTokenizer tokenizer = With(new AddedToken(Plain, "ab"), new AddedToken(Left, "abc"), new AddedToken(Word, "bcd"));
        Assert.Equal([Left, .. Ids("d")], tokenizer.EncodeWithoutSpecials("abcd"));
        Assert.Equal([Plain, .. Ids("x"), Word], tokenizer.EncodeWithoutSpecials("abxbcd"));
    }

    [Fact]
    public void A_prefix_space_stands_before_each_part_that_begins_with_none()
    {
        TextTokenizer tokenizer = s_tokenizer.With([s_special], addPrefixSpace: true);
        Assert.Equal(Ids(" a gripping film"), tokenizer.EncodeWithoutSpecials("a gripping film"));
        Assert.Equal(Ids(" a"), tokenizer.EncodeWithoutSpecials(" a"));
        Assert.Equal([.. Ids(" a"), Plain, .. Ids(" b")], tokenizer.EncodeWithoutSpecials("a[USER]b"));
        Assert.Equal(Ids(" \na"), tokenizer.EncodeWithoutSpecials("\na"));
        Assert.Equal([0, 2], tokenizer.Encode(""));
    }

    [Fact]
    public void A_normalized_token_is_found_in_any_case()
    {
        TextTokenizer words = TextTokenizer.FromWordPieces("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nfilm\n"u8.ToArray(), new() { Lowercase = true, StripAccents = true });
        TextTokenizer tokenizer = words.With([new AddedToken(7, "Covid") { Normalized = true }, new AddedToken(8, "[Q]") { Special = true }], false);
        Assert.Equal([5, 7, 6, 8, 1], tokenizer.EncodeWithoutSpecials("The CÖVID film [Q] Q"));
        Assert.Equal([7, 6], tokenizer.EncodeWithoutSpecials("covidfilm"));
        Assert.Equal([1, 1, 1], tokenizer.EncodeWithoutSpecials("[q]"));
        Assert.Equal("the Covid", tokenizer.Decode([5, 7]));
    }

    [Fact]
    public void A_token_with_the_id_of_another_is_refused()
    {
        Assert.Contains("'x' has the id 5", Refuse(new AddedToken(5, "x")), StringComparison.Ordinal);
        Assert.Contains("that of 'y'", Refuse(new AddedToken(Plain, "y"), new AddedToken(Plain, "x")), StringComparison.Ordinal);
        Assert.Contains("is empty", Refuse(new AddedToken(Plain, "")), StringComparison.Ordinal);

        static string Refuse(params AddedToken[] tokens) => Assert.Throws<InvalidDataException>(() => With(tokens)).Message;
    }

    [Fact]
    public void BERTs_tokenizer_json_gives_the_ids_of_its_vocabulary()
    {
        string[] pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "people", "love", "##s", "e", "東"];
        TextTokenizer expected = TextTokenizer.FromWordPieces(Encoding.UTF8.GetBytes(string.Join('\n', pieces)), new() { Lowercase = true, StripAccents = false });
        TextTokenizer actual = TextTokenizer.FromTokenizerJson(WordPieceJson(pieces, lowercase: true, strip: false));
        Assert.Equal(new WordPieceOptions { Lowercase = true, SplitChinese = true }, actual.WordPieces);
        foreach (string text in (string[])["The people LOVE", "loves é E", "東東", "\0the\t\r\nlove!"])
        {
            Assert.Equal(expected.Encode(text), actual.Encode(text));
        }

        Assert.Equal([2, 4, 5, 3], actual.Encode("[MASK] the"));
        Assert.Equal(expected.Encode("[MASK] the"), actual.Encode("[MASK] the", splitSpecialTokens: true));
    }

    [Theory]
    [InlineData("normalizer", """{"type":"BertNormalizer","clean_text":false}""", "normalizer.clean_text")]
    [InlineData("normalizer", """{"type":"BertNormalizer","lowercase":false,"strip_accents":true}""", "normalizer.strip_accents")]
    [InlineData("normalizer", """{"type":"NFKC"}""", "normalizer.type")]
    [InlineData("pre_tokenizer", """{"type":"Whitespace"}""", "pre_tokenizer.type")]
    [InlineData("post_processor", """{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",4]}""", "post_processor.cls")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]"}},{"Sequence":{"id":"A"}}],"special_tokens":{}}""", "post_processor.single")]
    public void A_setting_of_BERTs_tokenizer_json_that_changes_ids_is_refused_by_name(string name, string value, string message)
    {
        JsonObject json = JsonNode.Parse(WordPieceJson(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], true, true).Span)!.AsObject();
        json[name] = JsonNode.Parse(value);
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => TextTokenizer.FromTokenizerJson(TokenizerFixtures.Utf8(json))).Message, StringComparison.Ordinal);
    }

    private static ReadOnlyMemory<byte> WordPieceJson(string[] pieces, bool lowercase, bool strip) => TokenizerFixtures.Utf8(new JsonObject
    {
        ["added_tokens"] = new JsonArray([.. Enumerable.Range(0, 5).Select(id => (JsonNode)new JsonObject { ["id"] = id, ["content"] = pieces[id], ["special"] = true })]),
        ["normalizer"] = new JsonObject { ["type"] = "BertNormalizer", ["clean_text"] = true, ["handle_chinese_chars"] = true, ["strip_accents"] = strip, ["lowercase"] = lowercase },
        ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
        ["post_processor"] = new JsonObject { ["type"] = "BertProcessing", ["sep"] = new JsonArray("[SEP]", 3), ["cls"] = new JsonArray("[CLS]", 2) },
        ["model"] = new JsonObject
        {
            ["type"] = "WordPiece",
            ["unk_token"] = "[UNK]",
            ["continuing_subword_prefix"] = "##",
            ["max_input_chars_per_word"] = 100,
            ["vocab"] = new JsonObject([.. pieces.Select((piece, id) => KeyValuePair.Create(piece, (JsonNode?)id))]),
        },
    });
}
