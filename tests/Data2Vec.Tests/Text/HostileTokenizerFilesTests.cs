using System.Text;
using System.Text.Json.Nodes;
using Data2Vec.Text;

namespace Data2Vec.Tests.Text;

public class HostileTokenizerFilesTests
{
    private const string Merges = "#version: 0.2\nĠ t\nh e\nĠt he\n";

    [Theory]
    [InlineData("", "vocab.bpe: the file is empty")]
    [InlineData("Ġ t\n", "vocab.bpe line 1: expected '#version")]
    [InlineData("#version: 0.2\nĠ t\nh e x\n", "vocab.bpe line 3: 'h e x' is not two tokens")]
    [InlineData("#version: 0.2\n t\n", "vocab.bpe line 2: ' t' is not two tokens")]
    [InlineData("#version: 0.2\nĠ t\n\nh e\n", "vocab.bpe line 3: '' is not two tokens")]
    [InlineData("#version: 0.2\nhe l\n", "vocab.bpe line 2: 'he' is neither a byte nor the result of an earlier merge")]
    [InlineData("#version: 0.2\n東 l\n", "vocab.bpe line 2: '東' is neither a byte")]
    [InlineData("#version: 0.2\nh e\nh e\n", "vocab.bpe line 3: 'he' is already the result")]
    [InlineData("#version: 0.2\na b\nb c\nab c\na bc\n", "vocab.bpe line 5: 'abc' is already the result")]
    public void Damaged_merges_are_rejected_with_the_line(string merges, string message) =>
        Rejected(message, () => TextTokenizer.FromFairseq(TokenizerFixtures.EncoderJson, Utf8(merges), TokenizerFixtures.DictTxt));

    [Theory]
    [InlineData("", "dict.txt: the file is empty")]
    [InlineData("11\n", "dict.txt line 1: '11' is not 'token count'")]
    [InlineData("11 5\n13 many\n", "dict.txt line 2: '13 many' is not 'token count'")]
    [InlineData("11 5\n\n13 4\n", "dict.txt line 2: '' is not 'token count'")]
    [InlineData("11 5\n11 4\n", "dict.txt line 2: ',' already has the id 4")]
    [InlineData("11 5\n<s> 4\n", "dict.txt line 2: '<s>' already has the id 0")]
    [InlineData("11 5\n99999 4\n", "dict.txt line 2: '99999' is not an id of encoder.json")]
    [InlineData("11 5\n99999999999999999999 4\n", "dict.txt line 2: '99999999999999999999' is not an id")]
    [InlineData("tok0 5\ntok1 4\n", "dict.txt: no line names an id of encoder.json")]
    [InlineData("11 5\na\u0001b 4\n", "dict.txt line 2: 'a?b' is empty or has a control character")]
    public void Damaged_dictionaries_are_rejected_with_the_line(string dictionary, string message) =>
        Rejected(message, () => TextTokenizer.FromFairseq(TokenizerFixtures.EncoderJson, TokenizerFixtures.VocabBpe, Utf8(dictionary)));

    [Theory]
    [InlineData("[1, 2]", "encoder.json: expected a JSON object")]
    [InlineData("{\"a\": 0,\n \"b\" 1}", "encoder.json line 2: not valid JSON")]
    [InlineData("{\"a\": 0, \"a\": 1}", "not valid JSON")]
    [InlineData("{\"a\": 0, \"b\": 0}", "encoder.json: 'a' and 'b' share the id 0")]
    [InlineData("{\"a\": -1}", "encoder.json: the id of 'a' is not an integer")]
    [InlineData("{\"a\": 1.5}", "the id of 'a' is not an integer")]
    [InlineData("{\"a\": \"1\"}", "the id of 'a' is not an integer")]
    [InlineData("{\"a\": 2000000000}", "the id of 'a' is not an integer")]
    [InlineData("{\"a\": 0, \"b\": 2}", "encoder.json: no token has the id 1")]
    [InlineData("{\"a\": 0}", "encoder.json: no id for")]
    [InlineData("{\"\\ud800\": 0}", "encoder.json: a string is not valid Unicode")]
    public void Damaged_encoders_are_rejected(string encoder, string message) =>
        Rejected(message, () => TextTokenizer.FromFairseq(Utf8(encoder), TokenizerFixtures.VocabBpe, TokenizerFixtures.DictTxt));

    [Fact]
    public void Files_that_are_not_UTF8_are_rejected_by_name()
    {
        byte[] bad = [(byte)'a', 0xC3, 0x28];
        Rejected("encoder.json: not valid UTF-8", () => TextTokenizer.FromFairseq(bad, TokenizerFixtures.VocabBpe, TokenizerFixtures.DictTxt));
        Rejected("vocab.bpe: not valid UTF-8", () => TextTokenizer.FromFairseq(TokenizerFixtures.EncoderJson, bad, TokenizerFixtures.DictTxt));
        Rejected("dict.txt: not valid UTF-8", () => TextTokenizer.FromFairseq(TokenizerFixtures.EncoderJson, TokenizerFixtures.VocabBpe, bad));
        Rejected("tokenizer.json: not valid UTF-8", () => TextTokenizer.FromTokenizerJson(bad));
    }

    [Fact]
    public void Files_above_the_size_limit_are_rejected_before_they_are_read()
    {
        byte[] large = new byte[TextTokenizer.MaxFileBytes + 1];
        Rejected("tokenizer.json: 67108865 bytes, more than", () => TextTokenizer.FromTokenizerJson(large));
        Rejected("vocab.bpe: 67108865 bytes, more than", () => TextTokenizer.FromFairseq(TokenizerFixtures.EncoderJson, large, TokenizerFixtures.DictTxt));
    }

    [Theory]
    [InlineData(" <s>\n <pad>\n </s>\n <unk>\n", "vocabulary: the special token '<mask>' is missing")]
    [InlineData(" <s>\n <pad>\n </s>\n <unk>\n <mask>\nxyz\n", "vocabulary line 6: 'xyz' is neither a byte nor the result of a merge")]
    [InlineData(" <s>\n <s>\n", "vocabulary line 2: '<s>' already has the id 0")]
    [InlineData(" <s>\nhe\nhe\n", "vocabulary line 3: 'he' already has the id 1")]
    [InlineData(" <s>\n\n <pad>\n", "vocabulary line 2: '' is neither a byte")]
    public void Damaged_assets_are_rejected_with_the_line(string vocabulary, string message) =>
        Rejected(message, () => TextTokenizer.FromAssets(Utf8(vocabulary), Utf8(Merges)));

    [Theory]
    [InlineData("<mask>", "vocab.json: the special token '<mask>' is missing")]
    [InlineData("Ġthe", "vocab.json: no id for 'Ġthe', which is the result of a merge")]
    public void A_vocabulary_that_lacks_required_tokens_is_rejected(string removed, string message)
    {
        string[] tokens = [.. TokenizerFixtures.HuggingFaceVocabulary().OrderBy(pair => pair.Value).Select(pair => pair.Key).Where(token => token != removed)];
        JsonObject json = [];
        for (int id = 0; id < tokens.Length; id++)
        {
            json[tokens[id]] = id;
        }

        Rejected(message, () => TextTokenizer.FromVocabAndMerges(TokenizerFixtures.Utf8(json), TokenizerFixtures.VocabBpe));
    }

    [Theory]
    [InlineData("model", "null", "tokenizer.json: \"model\" must be an object but is missing")]
    [InlineData("model.type", "\"WordLevel\"", "\"model.type\" must be \"BPE\" or \"WordPiece\" or \"Unigram\"")]
    [InlineData("model.dropout", "0.1", "\"model.dropout\" must be 0 (other values change the token ids and are not supported), not '0.1'")]
    [InlineData("model.continuing_subword_prefix", "\"##\"", "model.continuing_subword_prefix")]
    [InlineData("model.end_of_word_suffix", "\"</w>\"", "model.end_of_word_suffix")]
    [InlineData("model.byte_fallback", "true", "\"model.byte_fallback\" must be false")]
    [InlineData("model.ignore_merges", "true", "\"model.ignore_merges\" must be false")]
    [InlineData("model.vocab", "[]", "tokenizer.json model.vocab: expected a JSON object")]
    [InlineData("model.merges", "{}", "\"model.merges\" must be an array")]
    [InlineData("model.merges", "[[\"a\"]]", "tokenizer.json model.merges entry 1: expected")]
    [InlineData("model.merges", "[\"a b\", 3]", "tokenizer.json model.merges entry 2: expected")]
    [InlineData("normalizer", "{\"type\": \"NFC\"}", "\"normalizer\" must be null (other values change the token ids and are not supported), not '{\"type\":\"NFC\"}'")]
    [InlineData("pre_tokenizer.type", "\"Whitespace\"", "\"pre_tokenizer.type\" must be \"ByteLevel\"")]
    [InlineData("pre_tokenizer.add_prefix_space", "3", "\"pre_tokenizer.add_prefix_space\" must be true or false")]
    [InlineData("pre_tokenizer.use_regex", "false", "\"pre_tokenizer.use_regex\" must be true")]
    [InlineData("post_processor", "null", "\"post_processor\" must be an object but is missing")]
    [InlineData("post_processor.type", "\"ByteLevel\"", "\"post_processor.type\" must be \"RobertaProcessing\" or ")]
    [InlineData("post_processor", "{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"A\"}}],\"special_tokens\":{}}", "\"post_processor.single\" must be <s>, the text, </s>")]
    [InlineData("post_processor.cls", "[\"<s>\", 7]", "\"post_processor.cls\" must be [\"<s>\", 0]")]
    [InlineData("post_processor.sep", "3", "\"post_processor.sep\" must be [\"</s>\", 2]")]
    [InlineData("added_tokens", "3", "\"added_tokens\" must be an array")]
    [InlineData("added_tokens", "[{\"id\": 0}]", "added_tokens entry 1: \"content\" must be a string but is missing")]
    [InlineData("added_tokens", "[{\"id\": 4105, \"content\": \"\", \"special\": false}]", "is empty or has a control character")]
    [InlineData("added_tokens", "[{\"id\": 0, \"content\": \"<x>\", \"special\": true}]", "'<s>' and the added token '<x>' share the id 0")]
    [InlineData("added_tokens", "[{\"id\": 4105, \"content\": \"<s>\", \"special\": true}]", "tokenizer.json id 4105: '<s>' already has the id 0")]
    public void A_setting_in_tokenizer_json_that_changes_ids_is_rejected_by_name(string path, string value, string message)
    {
        JsonObject json = TokenizerFixtures.TokenizerJson(mergesAsPairs: false);
        string[] parts = path.Split('.');
        JsonObject owner = parts.Length == 1 ? json : json[parts[0]]!.AsObject();
        owner[parts[^1]] = JsonNode.Parse(value);

        Rejected(message, () => TextTokenizer.FromTokenizerJson(TokenizerFixtures.Utf8(json)));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("3")]
    [InlineData("{}")]
    [InlineData("{\"model\": 1}")]
    [InlineData("{\"model\": {\"type\": [1]}}")]
    public void A_tokenizer_json_of_another_shape_is_rejected(string json) => Rejected("tokenizer.json", () => TextTokenizer.FromTokenizerJson(Utf8(json)));

    [Fact]
    public void Damaged_files_are_read_or_rejected()
    {
        Random random = new(11);
        byte[] tokenizerJson = TokenizerFixtures.Utf8(TokenizerFixtures.TokenizerJson(mergesAsPairs: false));
        for (int round = 0; round < 60; round++)
        {
            ReadOrReject(() => TextTokenizer.FromTokenizerJson(Damage(tokenizerJson, random)));
            ReadOrReject(() => TextTokenizer.FromFairseq(Damage(TokenizerFixtures.EncoderJson, random), TokenizerFixtures.VocabBpe, TokenizerFixtures.DictTxt));
            ReadOrReject(() => TextTokenizer.FromFairseq(TokenizerFixtures.EncoderJson, Damage(TokenizerFixtures.VocabBpe, random), TokenizerFixtures.DictTxt));
            ReadOrReject(() => TextTokenizer.FromFairseq(TokenizerFixtures.EncoderJson, TokenizerFixtures.VocabBpe, Damage(TokenizerFixtures.DictTxt, random)));
        }
    }

    private static byte[] Damage(byte[] file, Random random)
    {
        byte[] damaged = file[..(random.Next(2) == 0 ? file.Length : random.Next(file.Length))];
        for (int i = 0; i < 3 && damaged.Length > 0; i++)
        {
            damaged[random.Next(damaged.Length)] = (byte)random.Next(128);
        }

        return damaged;
    }

    private static void ReadOrReject(Action read)
    {
        Exception? exception = Record.Exception(read);
        Assert.True(exception is null or InvalidDataException, exception?.ToString());
    }

    private static void Rejected(string message, Action read) =>
        Assert.Contains(message, Assert.Throws<InvalidDataException>(read).Message, StringComparison.Ordinal);

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
