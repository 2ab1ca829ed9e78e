using System.Text.Json.Nodes;
using Data2Vec.Converters.Tests.Hub;

namespace Data2Vec.Converters.Tests.HuggingFace;

/// <summary>Which tokenizer a Hugging Face folder has: that of the files which transformers would load.</summary>
public sealed class BertTokenizerTests() : FolderTests("bert/hf")
{
    private const string Text = "The people unable";

    [Fact]
    public void The_tokenizer_json_alone_is_enough_and_wins_over_the_vocabulary()
    {
        using TextModel expected = Load<TextModel>();
        Write("tokenizer.json", TokenizerJson(false).ToJsonString());
        using TextModel both = Load<TextModel>();
        Delete("vocab.txt");
        using TextModel alone = Load<TextModel>();
        Assert.Equal(expected.Tokenizer!.Encode(Text), alone.Tokenizer!.Encode(Text));
        Assert.Equal(expected.Embed(Text), both.Embed(Text));
        Assert.Equal(expected.Embed(Text), alone.Embed(Text));

        Write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\n");
        (TextModel other, IReadOnlyList<string> warnings) = Convert<TextModel>();
        Assert.Equal("vocab.txt differs from tokenizer.json, which is used, as in transformers", Assert.Single(warnings));
        Assert.Equal(expected.Embed(Text), other.Embed(Text));
        other.Dispose();
    }

    [Fact]
    public void Settings_that_contradict_the_tokenizer_json_are_refused_by_name()
    {
        Write("tokenizer.json", TokenizerJson(true).ToJsonString());
        Refuse("tokenizer_config.json: do_lower_case is false, which contradicts tokenizer.json");
        Edit("tokenizer_config.json", json => json.Remove("do_lower_case"));
        using TextModel model = Load<TextModel>();
        Assert.True(model.Config.WordPieces!.Lowercase);
        Edit("tokenizer_config.json", json => json["tokenize_chinese_chars"] = false);
        Refuse("tokenize_chinese_chars is false");
    }

    [Theory, InlineData("added_tokens.json"), InlineData("tokenizer_config.json"), InlineData("special_tokens_map.json"), InlineData("tokenizer.json")]
    public void An_added_token_is_one_id(string file)
    {
        // The last id of the model becomes that of the added token.
        string[] vocabulary = File.ReadAllLines(PathOf("vocab.txt"));
        int id = vocabulary.Length - 1;
        File.WriteAllLines(PathOf("vocab.txt"), vocabulary[..^1]);
        switch (file)
        {
            case "added_tokens.json":
                Write(file, $$"""{"[USER]": {{id}}}""");
                break;
            case "special_tokens_map.json":
                Write(file, """{"additional_special_tokens": ["[USER]"]}""");
                break;
            case "tokenizer_config.json":
                Edit(file, json => json["added_tokens_decoder"] = new JsonObject { [$"{id}"] = new JsonObject { ["content"] = "[USER]", ["special"] = true } });
                break;
            default:
                JsonObject json = TokenizerJson(false);
                json["added_tokens"]!.AsArray().Add((JsonNode)new JsonObject { ["id"] = id, ["content"] = "[USER]", ["special"] = true });
                Write(file, json.ToJsonString());
                break;
        }

        using TextModel model = Load<TextModel>();
        Assert.Equal([model.Tokenizer!.BeginId, id, model.Tokenizer.EndId], model.Tokenizer.Encode("[USER]"));
        Assert.Equal(model.EmbedPrepared((int[])[model.Tokenizer.BeginId, id, model.Tokenizer.EndId]), model.Embed("[USER]"));

        // Tokens of added_tokens.json are not special.
        bool isSpecial = file != "added_tokens.json";
        Assert.Equal(isSpecial, model.Tokenizer.Encode("[USER]", splitSpecialTokens: true).Length > 3);
    }

    [Fact]
    public void Special_tokens_in_a_text_are_their_ids_unless_a_call_splits_them()
    {
        using TextModel model = Load<TextModel>();
        Text.TextTokenizer tokenizer = model.Tokenizer!;
        int[] ids = [tokenizer.BeginId, tokenizer.MaskId, tokenizer.EndId, tokenizer.EndId];
        Assert.Equal(model.EmbedPrepared(ids), model.Embed("[MASK] [SEP]"));
        Assert.Equal(model.Embed("[ MASK ] [ SEP ]"), model.Embed("[MASK] [SEP]", new EmbeddingOptions { SplitSpecialTokens = true }));
    }

    [Fact]
    public void A_token_beyond_the_models_ids_is_left_out_with_a_warning()
    {
        Write("added_tokens.json", """{"[USER]": 540}""");
        (TextModel model, IReadOnlyList<string> warnings) = Convert<TextModel>();
        Assert.Contains("[USER] has the id 540, which the model has no vector for", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.DoesNotContain(540, model.Tokenizer!.Encode("[USER]"));
        model.Dispose();
    }

    [Fact]
    public void Without_a_tokenizer_there_is_a_warning()
    {
        Delete("vocab.txt");
        (TextModel model, IReadOnlyList<string> warnings) = Convert<TextModel>();
        Assert.Contains("there is no tokenizer, so the model takes token ids, not texts; give its vocab.txt", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Null(model.Tokenizer);
        model.Dispose();
    }

    [Fact]
    public void Other_begin_and_end_tokens_are_refused()
    {
        Write("special_tokens_map.json", """{"cls_token": "<s>"}""");
        Refuse("cls_token is <s>; only [CLS] is supported");
        Write("special_tokens_map.json", """{"cls_token": {"content": "[CLS]"}, "bos_token": "[CLS]"}""");
        Load<TextModel>().Dispose();
    }

    [Fact]
    public void The_tokenizers_limit_is_the_models()
    {
        Edit("tokenizer_config.json", json => json["model_max_length"] = 8);
        using TextModel model = Load<TextModel>();
        string text = "the people the people the people the people";
        Assert.Equal(8, model.Tokenize(text).Windows[0].Ids.Length);
        Assert.True(model.Tokenize(text).Windows.Count > 1);
        Assert.Single(model.Tokenize(text, new EmbeddingOptions { MaxTokens = 24 }).Windows);
        Edit("tokenizer_config.json", json => json["model_max_length"] = 1e30);
        using TextModel unlimited = Load<TextModel>();
        Assert.Null(unlimited.Config.Preparation.MaxTokens);
    }

    private JsonObject TokenizerJson(bool lowercase)
    {
        string[] pieces = File.ReadAllLines(PathOf("vocab.txt"));
        JsonArray Special(string name) => [name, Array.IndexOf(pieces, name)];
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray([.. new[] { "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]" }
                .Select(name => (JsonNode)new JsonObject { ["id"] = Array.IndexOf(pieces, name), ["content"] = name, ["special"] = true })]),
            ["normalizer"] = new JsonObject { ["type"] = "BertNormalizer", ["clean_text"] = true, ["handle_chinese_chars"] = true, ["strip_accents"] = null, ["lowercase"] = lowercase },
            ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
            ["post_processor"] = new JsonObject { ["type"] = "BertProcessing", ["sep"] = Special("[SEP]"), ["cls"] = Special("[CLS]") },
            ["model"] = new JsonObject
            {
                ["type"] = "WordPiece",
                ["unk_token"] = "[UNK]",
                ["continuing_subword_prefix"] = "##",
                ["max_input_chars_per_word"] = 100,
                ["vocab"] = new JsonObject([.. pieces.Select((piece, id) => KeyValuePair.Create(piece, (JsonNode?)id))]),
            },
        };
    }
}

/// <summary>The same for a byte-level BPE: a data2vec text model whose merges are empty, so that its tokens are single bytes.</summary>
public sealed class BytePairTokenizerTests : FolderTests
{
    public BytePairTokenizerTests()
        : base(null)
    {
        foreach ((string name, byte[] content) in TinyModel.Whole())
        {
            File.WriteAllBytes(PathOf(name), content);
        }
    }

    [Fact]
    public void The_prefix_space_stands_before_the_text()
    {
        using TextModel plain = Load<TextModel>();
        Edit("tokenizer_config.json", json => json["add_prefix_space"] = true);
        using TextModel prefixed = Load<TextModel>();
        Assert.Equal(plain.Embed(" a film"), prefixed.Embed("a film"));
        Assert.NotEqual(plain.Embed("a film"), prefixed.Embed("a film"));
        Assert.True(prefixed.Config.AddPrefixSpace);
    }

    [Fact]
    public void The_mask_takes_in_the_space_before_it_as_RoBERTas_does()
    {
        using TextModel model = Load<TextModel>();
        Assert.Equal([0, 'a' - '!' + 4, 99, 2], model.Tokenizer!.Encode("a <mask>"));
        Assert.Equal([0, 2, 2], model.Tokenizer.Encode("</s>"));
        Write("special_tokens_map.json", """{"mask_token": {"content": "<mask>", "lstrip": false}}""");
        using TextModel strict = Load<TextModel>();
        Assert.Equal([0, 'a' - '!' + 4, 98, 99, 2], strict.Tokenizer!.Encode("a <mask>"));
    }

    [Fact]
    public void A_model_of_type_roberta_has_the_same_layout()
    {
        using TextModel expected = Load<TextModel>();
        Edit("config.json", json => json["model_type"] = "roberta");
        using TextModel model = Load<TextModel>();
        Assert.Equal(expected.Embed("a film"), model.Embed("a film"));
    }
}
