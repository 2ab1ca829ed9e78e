using System.Text.Json.Nodes;
using Data2Vec.Converters.Tests.HuggingFace;
using Data2Vec.Converters.Tests.Layouts;

namespace Data2Vec.Converters.Tests.Roberta;

/// <summary>RoBERTa in folders of transformers, also under its other names.</summary>
public sealed class RobertaFolderTests() : FolderTests("roberta/hf_classification")
{
    private const string Text = "Where is the nearest pharmacy?";

    [Theory, InlineData("xlm-roberta", "XLMRobertaForSequenceClassification"), InlineData("camembert", "CamembertForSequenceClassification")]
    public void Models_of_the_same_network_have_other_names(string type, string architecture)
    {
        using TextModel expected = Load<TextModel>();
        Edit("config.json", json => (json["model_type"], json["architectures"]) = (type, new JsonArray(architecture)));
        using TextModel actual = Load<TextModel>();
        Assert.Equal(expected.Classify(Text), actual.Classify(Text));
    }

    [Theory, InlineData("RobertaModel", true), InlineData("RobertaForMaskedLM", false)]
    public void An_encoder_without_head_gives_the_vectors_of_the_one_with_a_head(string architecture, bool isBare)
    {
        using TextModel expected = Load<TextModel>();
        StateDict weights = Weights().Where(name => !name.StartsWith("classifier", StringComparison.Ordinal)).Rename(("^roberta\\.", isBare ? "" : "roberta."));
        weights[isBare ? "pooler.dense.bias" : "lm_head.decoder.weight"] = ([1], [1]);
        File.WriteAllBytes(PathOf("pytorch_model.bin"), weights.ToTorch());
        Edit("config.json", json => json["architectures"] = new JsonArray(architecture));
        using TextModel actual = Load<TextModel>();
        Assert.Null(actual.Labels);
        Assert.Equal(expected.Embed(Text), actual.Embed(Text));
    }

    [Fact]
    public void The_vector_of_the_token_type_is_added_to_every_token()
    {
        const string Types = "roberta.embeddings.token_type_embeddings.weight", Positions = "roberta.embeddings.position_embeddings.weight";
        using TextModel expected = Load<TextModel>();
        StateDict weights = Weights();
        (long[] shape, float[] row) = weights[Types];
        Assert.Contains(row, value => value != 0);
        (long[] positions, float[] table) = weights[Positions];
        weights[Positions] = (positions, [.. table.Select((value, i) => value + row[i % row.Length])]);
        weights[Types] = (shape, new float[row.Length]);
        File.WriteAllBytes(PathOf("pytorch_model.bin"), weights.ToTorch());
        using TextModel folded = Load<TextModel>();
        Assert.Equal(expected.Embed(Text), folded.Embed(Text));
        File.WriteAllBytes(PathOf("pytorch_model.bin"), weights.Without(Types).ToTorch());
        Refuse($"{Types} is missing");
    }

    [Theory, InlineData("xlm-roberta-xl"), InlineData("roberta-prelayernorm")]
    public void Other_networks_are_refused_by_name(string type)
    {
        Edit("config.json", json => json["model_type"] = type);
        Refuse($"model_type is '{type}', which is not supported");
    }

    private static StateDict Weights() => StateDict.Of("roberta/hf_classification", "pytorch_model.bin");
}
