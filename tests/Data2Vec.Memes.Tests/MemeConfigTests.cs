using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Memes.Fusion;

namespace Data2Vec.Memes.Tests;

public class MemeConfigTests
{
    [Fact]
    public void A_written_configuration_is_read_back()
    {
        var config = new MemeConfig
        {
            Text = new EncoderDescription("data2vec-text", new JsonObject { ["layers"] = 2 }),
            MaxTextTokens = 20,
            Classifier = new ClassifierDescription(50, new Calibration(4.5, -2.25)),
        };
        MemeConfig read = MemeConfig.FromJson(JsonDocument.Parse(config.ToJson().ToJsonString()).RootElement);
        Assert.Equal("data2vec-text", read.Text!.Architecture);
        Assert.Equal("""{"layers":2}""", read.Text.Config.ToJsonString());
        Assert.Null(read.Image);
        Assert.Equal((20, config.Classifier), (read.MaxTextTokens, read.Classifier));
        Assert.Equal("""{"max_text_tokens":20,"classifier":{"hidden_size":50,"calibration":{"slope":4.5,"intercept":-2.25}},"text":{"architecture":"data2vec-text","config":{"layers":2}}}""", config.ToJson().ToJsonString());
    }

    [Theory]
    [InlineData("{}", "classifier")]
    [InlineData("""{"max_text_tokens":48,"classifier":{"hidden_size":3}}""", "neither")]
    [InlineData("""{"max_text_tokens":0,"classifier":{"hidden_size":3},"text":{"architecture":"a","config":{}}}""", "max_text_tokens")]
    [InlineData("""{"max_text_tokens":48,"classifier":{"hidden_size":-3},"text":{"architecture":"a","config":{}}}""", "hidden_size")]
    [InlineData("""{"max_text_tokens":48,"classifier":{"hidden_size":8193},"text":{"architecture":"a","config":{}}}""", "hidden_size")]
    [InlineData("""{"max_text_tokens":48,"classifier":{"hidden_size":3},"text":{"config":{}}}""", "architecture")]
    [InlineData("""{"max_text_tokens":48,"classifier":{"hidden_size":3},"text":3}""", "text")]
    [InlineData("""{"max_text_tokens":48,"classifier":{"hidden_size":3},"text":{"architecture":"a","config":3}}""", "config")]
    [InlineData("""{"max_text_tokens":48,"classifier":{"hidden_size":3.5},"text":{"architecture":"a","config":{}}}""", "hidden_size")]
    [InlineData("""{"max_text_tokens":48,"classifier":null,"text":{"architecture":"a","config":{}}}""", "classifier")]
    [InlineData("""{"max_text_tokens":48,"classifier":{"hidden_size":3,"calibration":{"slope":1}},"text":{"architecture":"a","config":{}}}""", "intercept")]
    [InlineData("[]", "meme model")]
    [InlineData("""{"max_text_tokens":48,"classifier":{"hidden_size":3,"calibration":{"slope":1e999,"intercept":0}},"text":{"architecture":"a","config":{}}}""", "slope")]
    public void The_error_of_a_wrong_configuration_names_the_field(string json, string named) =>
        Assert.Contains(named, Assert.Throws<InvalidDataException>(() => MemeConfig.FromJson(JsonDocument.Parse(json).RootElement)).Message);
}
