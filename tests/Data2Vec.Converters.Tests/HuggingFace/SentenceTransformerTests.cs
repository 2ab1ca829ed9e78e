using System.Text.Json.Nodes;
using Data2Vec.IO;
using Data2Vec.Text;

namespace Data2Vec.Converters.Tests.HuggingFace;

/// <summary>Folders of sentence-transformers. The vectors of the fixture are those of the Python package 2.7.0.</summary>
public sealed class SentenceTransformerTests() : FolderTests("bert/sentence")
{
    private const string Pooling = "1_Pooling/config.json", Limits = "sentence_bert_config.json";

    private static readonly EmbeddingOptions s_class = new() { Pooling = Data2Vec.Pooling.Class, Normalize = true };

    [Fact]
    public void Vectors_are_pooled_normalized_and_cut_as_the_package_does()
    {
        string fixtures = Path.Combine(AppContext.BaseDirectory, "Fixtures", "bert");
        string[] texts = [.. JsonNode.Parse(File.ReadAllText(Path.Combine(fixtures, "sentence.json")))!.AsArray().Select(item => (string)item!["text"]!)];
        float[][] expected = [.. NpyFile.Read(Path.Combine(fixtures, "sentence.npy")).Floats().Chunk(32)];
        using TextModel model = Load<TextModel>();
        Assert.Equal(texts.Length, expected.Length);
        foreach ((int i, float[] vector) in model.Embed(texts).Index())
        {
            Assert.All(expected[i].Zip(vector), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        }

        Assert.Equal(model.Embed(texts, s_class), model.Embed(texts));
    }

    [Fact]
    public void Options_of_a_call_win_over_the_files_and_rows_are_not_normalized()
    {
        using TextModel model = Load<TextModel>();
        float[] raw = model.Embed("the people", new EmbeddingOptions { Normalize = false });
        Assert.NotEqual(1, raw.Sum(value => value * value), 1e-3f);
        float[] rows = model.Embed("the people", new EmbeddingOptions { Pooling = Data2Vec.Pooling.None });
        Assert.Equal(raw, rows[..32]);
        Assert.Equal(model.Embed("the people", new EmbeddingOptions { Pooling = Data2Vec.Pooling.Mean, Normalize = true }).Length, raw.Length);
    }

    [Fact]
    public void The_limit_cuts_texts_unless_a_call_says_otherwise()
    {
        Edit(Limits, json => json["max_seq_length"] = 6);
        using TextModel model = Load<TextModel>();
        string text = "one two three four five six seven eight";
        int[] ids = model.Tokenizer!.Encode(text);
        Assert.Equal(model.EmbedPrepared((int[])[.. ids[..5], ids[^1]]), model.Embed(text));
        Assert.Equal(model.EmbedPrepared(ids), model.Embed(text, new EmbeddingOptions { MaxTokens = 64 }));
        Assert.Equal(new TextPreparation { Strip = true, MaxTokens = 6, LongTexts = LongTextPolicy.Truncate }, model.Config.Preparation);
        Assert.True(model.Tokenize(text, new EmbeddingOptions { LongTexts = LongTextPolicy.Chunk }).Windows.Count > 1);
    }

    [Fact]
    public void Texts_become_lower_case_where_the_package_makes_them_so()
    {
        Edit("tokenizer_config.json", json => json["do_lower_case"] = false);
        using TextModel cased = Load<TextModel>();
        Edit(Limits, json => json["do_lower_case"] = true);
        using TextModel lower = Load<TextModel>();
        Assert.NotEqual(cased.Embed("The People"), lower.Embed("The People"));
        Assert.Equal(cased.Embed("the people"), lower.Embed(" The People\n"));
    }

    [Fact]
    public void An_older_folder_has_the_model_in_a_folder_of_its_own()
    {
        using TextModel expected = Load<TextModel>();
        Directory.CreateDirectory(PathOf("0_Transformer"));
        foreach (string file in Directory.GetFiles(Model).Where(file => !file.EndsWith("modules.json", StringComparison.Ordinal)))
        {
            File.Move(file, PathOf(Path.Combine("0_Transformer", Path.GetFileName(file))));
        }

        Write("modules.json", File.ReadAllText(PathOf("modules.json")).Replace("\"path\": \"\"", "\"path\": \"0_Transformer\"", StringComparison.Ordinal));
        foreach (string? part in (string?[])[null, "0_Transformer", "0_Transformer/pytorch_model.bin"])
        {
            using TextModel model = Load<TextModel>(part);
            Assert.Equal(expected.Embed("the people"), model.Embed("the people"));
        }
    }

    [Fact]
    public void A_default_prompt_stands_before_each_text_and_others_are_warned_of()
    {
        using TextModel plain = Load<TextModel>();
        Edit("config_sentence_transformers.json", json => json["prompts"] = new JsonObject { ["query"] = "the ", ["passage"] = "" });
        (TextModel without, IReadOnlyList<string> warnings) = Convert<TextModel>();
        Assert.Contains("begin with the  (query)", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Equal(plain.Embed("people"), without.Embed("people"));
        without.Dispose();
        Edit("config_sentence_transformers.json", json => json["default_prompt_name"] = "query");
        using TextModel prompted = Load<TextModel>();
        Assert.Equal(plain.Embed("the people"), prompted.Embed("people"));
        Edit("config_sentence_transformers.json", json => json["default_prompt_name"] = "other");
        Refuse("default_prompt_name is other");
    }

    [Fact]
    public void The_mean_is_taken_unless_the_pooling_says_that_it_is_not()
    {
        Write(Pooling, """{"word_embedding_dimension": 32}""");
        using TextModel model = Load<TextModel>();
        Assert.Equal(new EmbeddingDefaults { Pooling = Data2Vec.Pooling.Mean, Normalize = true }, model.Config.Embedding);
    }

    [Theory]
    [InlineData("pooling_mode_attention", "true", "pooling_mode is attention, which is not supported; cls_token, max_tokens, ")]
    [InlineData("pooling_mode_mean_tokens", "false", "pooling_mode is missing")]
    [InlineData("pooling_mode", "\"median\"", "pooling_mode is median, which is not supported")]
    [InlineData("pooling_mode", "[\"cls\", 3]", "pooling_mode is not a list of strings")]
    [InlineData("pooling_mode_cls_token", "3", "pooling_mode_cls_token is neither true nor false")]
    public void Another_pooling_is_refused(string name, string value, string reason)
    {
        Write(Pooling, $$"""{"word_embedding_dimension": 32, "{{name}}": {{value}}}""");
        Refuse($"1_Pooling/config.json: {reason}");
    }

    [Theory]
    [InlineData("sentence_transformers.models.LayerNorm", "the module LayerNorm is not supported")]
    [InlineData("sentence_transformers.models.WeightedLayerPooling", "the module WeightedLayerPooling is not supported")]
    [InlineData("sentence_transformers.models.Transformer", "the module Transformer is not supported")]
    [InlineData("custom_modules.Normalize", "the module custom_modules.Normalize is not one of sentence-transformers")]
    [InlineData("sentence_transformers.models.Pooling", "Transformer, Pooling, Pooling are not supported in this order")]
    public void Another_module_is_refused(string type, string reason)
    {
        Write("modules.json", File.ReadAllText(PathOf("modules.json")).Replace("sentence_transformers.models.Normalize", type, StringComparison.Ordinal));
        Refuse(reason);
    }

    [Theory]
    [InlineData("[]", "the first module must be a Transformer")]
    [InlineData("{}", "modules.json: not a JSON array")]
    [InlineData("""[{"type": "sentence_transformers.models.Transformer", "path": "../other"}]""", "is not a folder of the model")]
    [InlineData("""[{"type": "sentence_transformers.models.Transformer", "path": ""}]""", "a Transformer must be followed by Pooling")]
    [InlineData("""[{"type": "sentence_transformers.models.Transformer"}]""", "a module has no type or no path")]
    [InlineData("""[{"type": "sentence_transformers.models.Transformer", "path": ""}, {"type": "sentence_transformers.models.Pooling", "path": "2_Pooling"}]""", "2_Pooling/config.json, which modules.json lists, is missing")]
    public void A_damaged_list_of_modules_is_refused(string modules, string reason)
    {
        Write("modules.json", modules);
        Refuse(reason);
    }
}
