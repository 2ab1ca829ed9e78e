using System.Text.Json.Nodes;
using Data2Vec.Text;

namespace Data2Vec.Converters.Tests.HuggingFace;

/// <summary>
/// Tokenizers of folders that have <c>tokenizer.json</c> or a SentencePiece model alone. The ids are those of sentencepiece 0.1.97 and Hugging Face's tokenizers
/// (<c>make_odd.py</c>).
/// </summary>
public sealed class UnigramTokenizerTests() : FolderTests("sentences/xlmr_mean_prompts")
{
    private const string Pieces = "sentencepiece.bpe.model", Fast = "tokenizer.json";

    [Theory, InlineData(Pieces), InlineData(Fast), InlineData(null)]
    public void Ids_are_those_of_SentencePiece_from_either_file(string? missing)
    {
        if (missing is not null)
        {
            Delete(missing);
        }

        using TextModel model = Convert<TextModel>().Model;

        // The pre-tokenizer of tokenizer.json splits at a character that SentencePiece does not know.
        foreach (JsonNode? text in Odd().Where(text => missing == Fast || !((string)text!["text"]!).Contains('\u0085', StringComparison.Ordinal)))
        {
            Assert.Equal(Ids(text!, "sentencepiece"), model.Tokenizer!.Encode((string)text!["text"]!));
        }

        Assert.Equal((0, 1, 2, 3, 261), (model.Tokenizer!.BeginId, model.Tokenizer.PadId, model.Tokenizer.EndId, model.Tokenizer.UnknownId, model.Tokenizer.MaskId));
        Assert.Equal(2, model.Config.FirstPosition);
        Assert.Equal<IEnumerable<int>>(model.Tokenizer.Encode("the"), (int[])[.. model.Tokenizer.Encode("the <mask>")[..^2], 2]);
        Assert.Equal(261, model.Tokenizer.Encode("the <mask>")[^2]);
        Assert.DoesNotContain(261, model.Tokenizer.Encode("the <mask>", splitSpecialTokens: true));
        Assert.Equal("the harbour", model.Tokenizer.Decode(model.Tokenizer.Encode(" the  harbour ")));
    }

    [Fact]
    public void Byte_level_BPE_from_tokenizer_json_alone_gives_the_ids_of_the_library()
    {
        string fixture = Path.Combine(AppContext.BaseDirectory, "Fixtures", "sentences", "roberta_mean");
        TextTokenizer fast = TextTokenizer.FromTokenizerJson(File.ReadAllBytes(Path.Combine(fixture, Fast)));
        TextTokenizer files = TextTokenizer.FromVocabAndMerges(File.ReadAllBytes(Path.Combine(fixture, "vocab.json")), File.ReadAllBytes(Path.Combine(fixture, "merges.txt")));
        foreach (JsonNode? text in Odd())
        {
            Assert.Equal(Ids(text!, "bytes"), fast.Encode((string)text!["text"]!));
            Assert.Equal(Ids(text!, "bytes"), files.Encode((string)text!["text"]!));
        }
    }

    [Fact]
    public void Other_ways_to_write_the_same_tokenizer_give_the_same_ids()
    {
        Delete(Pieces);
        using TextModel expected = Convert<TextModel>().Model;
        JsonNode map = Json()["normalizer"]!["normalizers"]![0]!.DeepClone();
        Action<JsonObject>[] changes =
        [
            json => json["normalizer"] = map.DeepClone(),
            json => json["model"]!.AsObject().Remove("type"),
            json =>
            {
                json["normalizer"] = new JsonObject
                {
                    ["type"] = "Sequence",
                    ["normalizers"] = new JsonArray(
                        map.DeepClone(), JsonNode.Parse("""{"type":"Strip","strip_left":false,"strip_right":true}"""),
                        JsonNode.Parse("""{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"▁"}""")),
                };
                json["pre_tokenizer"] = JsonNode.Parse("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}""");
            },
            json => json["post_processor"] = JsonNode.Parse("""{"type":"Sequence","processors":[{"type":"RobertaProcessing","sep":["</s>",2],"cls":["<s>",0],"trim_offsets":true,"add_prefix_space":true}]}"""),
        ];
        foreach (Action<JsonObject> change in changes)
        {
            JsonObject json = Json();
            change(json);
            TextTokenizer other = TextTokenizer.FromTokenizerJson(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()));
            foreach (string text in Odd().Select(item => (string)item!["text"]!).Where(text => !text.Contains('\u0085', StringComparison.Ordinal)))
            {
                Assert.Equal(expected.Tokenizer!.Encode(text), other.Encode(text));
            }
        }
    }

    [Theory]
    [InlineData("model", "byte_fallback", "true", "\"model.byte_fallback\" must be false")]
    [InlineData("model", "unk_id", "2", "\"model.unk_id\" must be 3")]
    [InlineData("model", "vocab", "[[\"a\"]]", "model.vocab id 0: expected [\"piece\", score]")]
    [InlineData("model", "vocab", "[[\"<s>\", 0], [\"a\", 1], [\"a\", 2]]", "model.vocab id 2: 'a' already has the id 1")]
    [InlineData("model", "vocab", "[[\"<s>\", 0]]", "the special token '<mask>' is missing")]
    [InlineData("", "normalizer", "{\"type\":\"NFKC\"}", "normalizer.type\" must be \"Precompiled\" or \"Strip\" or \"Replace\"")]
    [InlineData("", "normalizer", "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"!\"}", "precompiled_charsmap\" must be base64")]
    [InlineData("", "normalizer", "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"}", "the character map is damaged")]
    [InlineData("", "normalizer", "{\"type\":\"Replace\",\"pattern\":{\"String\":\"x\"},\"content\":\"\"}", "pattern\" must be the regular expression")]
    [InlineData("", "pre_tokenizer", "{\"type\":\"Metaspace\",\"replacement\":\"▁\"}", "\"pre_tokenizer\" must be one with WhitespaceSplit")]
    [InlineData("", "pre_tokenizer", "{\"type\":\"Metaspace\",\"replacement\":\"_\"}", "\"pre_tokenizer.replacement\" must be \"▁\"")]
    [InlineData("", "pre_tokenizer", "{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"never\"}", "\"pre_tokenizer.prepend_scheme\" must be \"always\"")]
    [InlineData("", "pre_tokenizer", "{\"type\":\"ByteLevel\"}", "\"pre_tokenizer.type\" must be \"Metaspace\"")]
    [InlineData("", "post_processor", "null", "\"post_processor\" must be an object but is missing")]
    public void A_setting_that_gives_other_ids_is_refused_by_name(string part, string name, string value, string reason)
    {
        Delete(Pieces);
        Edit(Fast, json => (part.Length == 0 ? json : json[part]!)[name] = JsonNode.Parse(value));
        Refuse($"{Fast}");
        Refuse(reason);
    }

    [Fact]
    public void Damaged_models_of_SentencePiece_are_refused_or_read_and_never_fail_otherwise()
    {
        byte[] bytes = File.ReadAllBytes(PathOf(Pieces));
        var random = new Random(5);
        for (int i = 0; i < 120; i++)
        {
            byte[] damaged = i < 40 ? bytes[..(bytes.Length * i / 40)] : [.. bytes];
            for (int k = 0; i >= 40 && k < 3; k++)
            {
                damaged[i < 80 ? random.Next(6000) : random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            try
            {
                _ = TextTokenizer.FromSentencePiece(damaged).Encode("ﬁne ① naïve \u0000 か\u3099 tower 3.14");
            }
            catch (InvalidDataException error)
            {
                Assert.StartsWith(Pieces, error.Message, StringComparison.Ordinal);
            }
        }

        Assert.Contains("not a model of SentencePiece", Assert.Throws<InvalidDataException>(() => TextTokenizer.FromSentencePiece("hello"u8.ToArray())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_of_different_tokenizers_are_warned_of_and_those_of_CamemBERT_are_refused()
    {
        Edit(Fast, json => (json["model"]!["vocab"]![5]![0], json["model"]!["vocab"]![6]![0]) = ("zz", "yy"));
        (TextModel model, IReadOnlyList<string> warnings) = Convert<TextModel>();
        model.Dispose();
        Assert.Contains(warnings, warning => warning.Contains($"{Pieces} differs from {Fast}", StringComparison.Ordinal));
        Delete(Fast);
        Edit("tokenizer_config.json", json => json["tokenizer_class"] = "CamembertTokenizer");
        Refuse($"{Pieces} alone does not tell the ids of CamemBERT");
    }

    [Fact]
    public void A_BERT_may_have_the_tokenizer_of_XLM_R()
    {
        byte[] tokenizer = File.ReadAllBytes(PathOf(Fast));
        foreach (string file in Directory.GetFiles(Model, "*", SearchOption.AllDirectories))
        {
            File.Delete(file);
        }

        Copy("sentences/bert");
        Delete("vocab.txt");
        Delete("tokenizer_config.json");
        Delete("special_tokens_map.json");
        File.WriteAllBytes(PathOf(Fast), tokenizer);
        using TextModel model = Load<TextModel>();
        Assert.Equal((1, 0, "bert"), (model.Config.PaddingId, model.Config.FirstPosition, model.Architecture));
        Assert.Equal(32, model.Embed("the harbour").Length);
        Assert.Contains("padding", Assert.Throws<InvalidDataException>(() => model.EmbedPrepared([new[] { 0, 1, 2 }])).Message, StringComparison.Ordinal);
    }

    private JsonObject Json() => JsonNode.Parse(File.ReadAllBytes(PathOf(Fast)))!.AsObject();

    private static JsonArray Odd() => JsonNode.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", "sentences", "odd.json")))!.AsArray();

    private static IEnumerable<int> Ids(JsonNode text, string kind) => text[kind]!.AsArray().Select(id => (int)id!);
}
