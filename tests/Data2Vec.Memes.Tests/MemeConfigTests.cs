using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Memes.Fusion;

namespace Data2Vec.Memes.Tests;

public class MemeConfigTests
{
    [Fact]
    public void What_is_written_is_read_again()
    {
        var config = new MemeConfig
        {
            Text = new EncoderDescription("data2vec-text", new JsonObject { ["layers"] = 2 }),
            HiddenSize = 50,
            MaxTextTokens = 20,
            Calibration = new Calibration(4.5, -2.25),
        };
        MemeConfig read = MemeConfig.FromJson(JsonDocument.Parse(config.ToJson().ToJsonString()).RootElement);
        Assert.Equal("data2vec-text", read.Text!.Architecture);
        Assert.Equal("""{"layers":2}""", read.Text.Config.ToJsonString());
        Assert.Null(read.Image);
        Assert.Equal((50, 20, new Calibration(4.5, -2.25)), (read.HiddenSize, read.MaxTextTokens, read.Calibration));
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
    public void A_wrong_configuration_is_refused_by_what_is_wrong(string json, string named) =>
        Assert.Contains(named, Assert.Throws<InvalidDataException>(() => MemeConfig.FromJson(JsonDocument.Parse(json).RootElement)).Message);
}
