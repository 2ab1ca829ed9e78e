using System.Text.Json.Nodes;
using Data2Vec.Training.State;

namespace Data2Vec.Training.Tests.State;

public sealed class RecipeDifferencesTests
{
    [Theory]
    [InlineData("""{"learning_rate":0.0005}""", """{"learning_rate":0.001}""", "learning_rate was 0.0005, is 0.001")]
    [InlineData("""{"adam":{"beta1":0.9,"beta2":0.98}}""", """{"adam":{"beta1":0.9,"beta2":0.999}}""", "adam.beta2 was 0.98, is 0.999")]
    [InlineData("""{"clip":null}""", """{"clip":5}""", "clip was not given, is 5")]
    [InlineData("""{"layers":[1,2]}""", """{}""", "layers was [1,2], is not given")]
    [InlineData("""{"task":"speech"}""", """{"task":{"name":"speech"}}""", """task was "speech", is {"name":"speech"}""")]
    [InlineData("""{"a":0.001,"b":null,"c":[1,{"d":2}]}""", """{"c":[1.0,{"d":2}],"a":1e-3}""", null)]
    public void NamesWhatDiffersInWords(string before, string now, string? expected) => Assert.Equal(
        expected is null ? [] : [expected], RecipeDifferences.Find(JsonNode.Parse(before)!.AsObject(), JsonNode.Parse(now)!.AsObject()));

    [Fact]
    public void SomeOptionsMayChange()
    {
        JsonObject before = new() { ["save"] = new JsonObject { ["every"] = 100 }, ["seed"] = 1 }, now = new() { ["save"] = new JsonObject { ["every"] = 10 }, ["seed"] = 2 };
        Assert.Equal(["seed was 1, is 2"], RecipeDifferences.Find(before, now, option => option.StartsWith("save.", StringComparison.Ordinal)));
    }

    [Fact]
    public void TellsHowTheDataDiffer()
    {
        DataFingerprint data = new(2, 7);
        Assert.Null(new DataFingerprint(2, 7).DifferenceFrom(data));
        Assert.Equal("the data had 2 items, have 1", new DataFingerprint(1, 7).DifferenceFrom(data));
        Assert.Contains("not the same ones", new DataFingerprint(2, 8).DifferenceFrom(data), StringComparison.Ordinal);
    }
}
