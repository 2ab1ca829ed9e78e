using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Audio;
using Data2Vec.Text;

namespace Data2Vec.Tests.Models;

/// <summary>What a model file says of inputs, vectors, heads and labels beside the structure.</summary>
public sealed class ConfigDefaultsTests
{
    private static readonly TextConfig s_text = new() { VocabularySize = 9, MaxTokens = 8, HiddenSize = 4, Layers = 1, Heads = 1, FeedForwardSize = 4, Labels = ["a", "b"] };

    private static readonly AudioConfig s_audio = new()
    {
        FeatureExtractor = [new(1, 2, 3, 2)],
        PositionalConvolution = [new(4, 4, 3, 1, 1, 1)],
        HiddenSize = 4,
        Layers = 1,
        Heads = 1,
        FeedForwardSize = 4,
        Normalize = true,
        Labels = ["<s>", "|", "A"],
    };

    [Fact]
    public void Usual_values_are_not_written()
    {
        JsonObject json = s_text.ToJson();
        Assert.DoesNotContain(json, entry => entry.Key is "embedding" or "head_function" or "preparation" or "added_tokens" or "add_prefix_space");
        Assert.False((s_audio with { Ctc = CtcLabels.Letters(s_audio.Labels!) }).ToJson().ContainsKey("ctc"));
    }

    [Fact]
    public void Other_values_are_read_as_they_were_written()
    {
        AddedToken token = new(8, "[Q]") { Special = true, LeftStrip = true, SingleWord = true };
        TextConfig config = s_text with
        {
            Embedding = new EmbeddingDefaults { Pooling = Pooling.Class, Normalize = true },
            HeadFunction = HeadFunction.Sigmoid,
            Preparation = new TextPreparation { Prefix = "query: ", Strip = true, Lowercase = true, MaxTokens = 5, LongTexts = LongTextPolicy.Truncate },
            AddedTokens = [token],
            AddPrefixSpace = true,
        };
        TextConfig read = Read(config);
        Assert.Equal((config.Embedding, config.HeadFunction, config.Preparation, true), (read.Embedding, read.HeadFunction, read.Preparation, read.AddPrefixSpace));
        Assert.Equal(token, Assert.Single(read.AddedTokens));
        config = config with
        {
            Embedding = new EmbeddingDefaults { Pooling = Pooling.Max | Pooling.Last, Dense = [new DenseLayer(3, DenseActivation.Tanh), new DenseLayer(2, HasBias: false)] },
            Preparation = new TextPreparation { Prompts = new Dictionary<string, string> { ["query"] = "q: " }, PoolSkipsPrompt = true },
            AddPrefixSpace = false,
            Unigrams = new UnigramOptions { SplitWhiteSpace = true, SinglePrecision = true },
        };
        read = Read(config);
        Assert.Equal((config.Embedding.Pooling, config.Unigrams, true, 2), (read.Embedding.Pooling, read.Unigrams, read.Preparation.PoolSkipsPrompt, read.EmbeddingSize));
        Assert.Equal(config.Embedding.Dense, read.Embedding.Dense);
        Assert.Equal(config.Preparation.Prompts, read.Preparation.Prompts);
        Assert.Equal("x y", new TextPreparation { Prefix = " X", Strip = true, Lowercase = true }.Apply(" Y\n"));

        CtcLabels labels = new(2, [" ", "a", ""]);
        JsonObject audio = (s_audio with { Ctc = labels }).ToJson();
        Assert.Equal(labels, Parse(audio).Ctc);
        Assert.Equal(new CtcLabels(0, ["", " ", "A"]), Parse(s_audio.ToJson()).Ctc);
    }

    [Theory]
    [InlineData("embedding", """{"pooling": "median"}""", "embedding.pooling")]
    [InlineData("embedding", """{"pooling": []}""", "embedding.pooling")]
    [InlineData("embedding", """{"pooling": ["mean", 3]}""", "embedding.pooling")]
    [InlineData("embedding", """{"pooling": ["mean"], "dense": [{"features": 0, "activation": "tanh", "bias": true}]}""", "\"features\"")]
    [InlineData("embedding", """{"pooling": ["mean"], "dense": [{"features": 3, "activation": "sine", "bias": true}]}""", "\"activation\"")]
    [InlineData("preparation", """{"prompts": {"query": 3}}""", "preparation.prompts")]
    [InlineData("padding_id", "0", "padding_id")]
    [InlineData("unigrams", "{}", "unigrams.split_white_space")]
    [InlineData("head_function", "\"tanh\"", "head_function")]
    [InlineData("preparation", """{"max_tokens": 2}""", "preparation.max_tokens")]
    [InlineData("preparation", """{"long_texts": "error"}""", "preparation.long_texts")]
    [InlineData("added_tokens", """[{"id": -1, "content": "x"}]""", "\"id\"")]
    [InlineData("added_tokens", """[{"id": 1}]""", "\"content\"")]
    [InlineData("add_prefix_space", "1", "add_prefix_space")]
    public void A_damaged_field_of_a_text_model_is_refused_by_name(string name, string value, string reason)
    {
        JsonObject json = s_text.ToJson();
        json[name] = JsonNode.Parse(value);
        using JsonDocument document = JsonDocument.Parse(json.ToJsonString());
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => TextConfig.FromJson(document.RootElement)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ctc", """{"blank": 3, "texts": ["", "", ""]}""", "ctc.blank")]
    [InlineData("ctc", """{"blank": 0, "texts": ["", ""]}""", "3 labels and 2 texts")]
    [InlineData("ctc", """{"blank": 0, "texts": ["", "", 1]}""", "ctc.texts")]
    public void A_damaged_field_of_a_speech_model_is_refused_by_name(string name, string value, string reason)
    {
        JsonObject json = s_audio.ToJson();
        json[name] = JsonNode.Parse(value);
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => Parse(json)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_speech_model_cannot_pool_by_a_class_token()
    {
        AudioConfig config = s_audio with { Embedding = new EmbeddingDefaults { Pooling = Pooling.Class | Pooling.Mean } };
        Assert.Contains("no class token", Assert.Throws<InvalidDataException>(() => Data2VecModel.Create(config, seed: 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_pooling_has_its_names()
    {
        IEnumerable<Pooling> known = PoolingNames.All.Select(names => names.Pooling);
        Assert.Equal(Enum.GetValues<Pooling>().Where(pooling => pooling != Pooling.None), known.Order());
        foreach (Func<PoolingNames, string?> column in (Func<PoolingNames, string?>[])[names => names.InModelFile, names => names.Option, names => names.Flag, names => names.Mode])
        {
            string[] used = [.. PoolingNames.All.Select(column).OfType<string>()];
            Assert.Equal(used.Distinct(), used);
        }
    }

    private static TextConfig Read(TextConfig config)
    {
        using JsonDocument document = JsonDocument.Parse(config.ToJson().ToJsonString());
        return TextConfig.FromJson(document.RootElement);
    }

    private static AudioConfig Parse(JsonObject json)
    {
        using JsonDocument document = JsonDocument.Parse(json.ToJsonString());
        return AudioConfig.FromJson(document.RootElement);
    }
}
