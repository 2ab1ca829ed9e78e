using System.Text.Json.Nodes;
using Data2Vec.Converters.Tests.Layouts;

namespace Data2Vec.Converters.Tests.HuggingFace;

/// <summary>What the head of a Hugging Face model means.</summary>
public sealed class HeadTests() : FolderTests("bert/hf")
{
    private const string Text = "The people hate the meme";

    [Fact]
    public void Each_label_has_its_own_probability_where_several_may_apply()
    {
        double[] scores = Scores();
        Edit("config.json", json => json["problem_type"] = "multi_label_classification");
        using TextModel model = Load<TextModel>();
        Assert.All(model.Classify(Text), label => Assert.Equal(
            1 / (1 + Math.Exp(-scores[Array.IndexOf([.. model.Labels!], label.Label)])), label.Probability, 1e-5));
    }

    [Fact]
    public void A_regression_gives_its_outputs()
    {
        double[] scores = Scores();
        Edit("config.json", json => json["problem_type"] = "regression");
        using TextModel model = Load<TextModel>();
        Assert.Equal(scores.Order().Reverse(), model.Classify(Text).Select(label => (double)label.Probability));
    }

    [Theory, InlineData(null, false), InlineData("regression", true), InlineData("single_label_classification", false)]
    public void A_single_output_is_no_softmax(string? problem, bool isScore)
    {
        double score = Scores()[0];
        StateDict weights = StateDict.Of("bert/hf", "pytorch_model.bin");
        (long[] shape, float[] matrix) = weights["classifier.weight"];
        weights["classifier.weight"] = ([1, shape[1]], matrix[..(int)shape[1]]);
        weights["classifier.bias"] = ([1], weights["classifier.bias"].Values[..1]);
        File.WriteAllBytes(PathOf("pytorch_model.bin"), weights.ToTorch());
        Edit("config.json", json =>
        {
            json["problem_type"] = problem;
            json["id2label"] = new JsonObject { ["0"] = "score" };
        });
        using TextModel model = Load<TextModel>();
        Assert.Equal(isScore ? score : 1 / (1 + Math.Exp(-score)), Assert.Single(model.Classify(Text)).Probability, 1e-5);
    }

    [Theory]
    [InlineData("BertForTokenClassification", true)]
    [InlineData("BertForQuestionAnswering", true)]
    [InlineData("BertModel", true)]
    [InlineData("BertForMaskedLM", true)]
    [InlineData(null, false)]
    public void A_head_that_does_not_label_texts_is_left_out_with_a_warning(string? architecture, bool hasPooler)
    {
        using TextModel expected = Load<TextModel>();
        float[] vector = expected.Embed(Text);
        StateDict weights = StateDict.Of("bert/hf", "pytorch_model.bin").Where(name => hasPooler || !name.Contains("pooler", StringComparison.Ordinal));
        File.WriteAllBytes(PathOf("pytorch_model.bin"), weights.ToTorch());
        Edit("config.json", json => json["architectures"] = architecture is null ? null : new JsonArray(architecture));
        (TextModel model, IReadOnlyList<string> warnings) = Convert<TextModel>();
        Assert.Contains("config.json: the head classifier is left out", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Contains("no classification head", Assert.Throws<InvalidOperationException>(() => model.Classify(Text)).Message, StringComparison.Ordinal);
        Assert.Equal(vector, model.Embed(Text));
        model.Dispose();
    }

    [Fact]
    public void An_unknown_kind_of_problem_is_refused()
    {
        Edit("config.json", json => json["problem_type"] = "ranking");
        Refuse("problem_type is ranking");
    }

    [Theory, InlineData("model.pt"), InlineData("weights.ckpt")]
    public void Weights_of_any_name_beside_the_configuration_are_the_folders(string name)
    {
        using TextModel expected = Load<TextModel>();
        StateDict weights = StateDict.Of("bert/hf", "pytorch_model.bin");
        Delete("pytorch_model.bin");
        File.WriteAllBytes(PathOf(name), name == "model.pt" ? weights.ToTorch() : weights.Rename(("^", "net.")).ToTorch("state_dict"));
        using TextModel model = Load<TextModel>(name);
        Assert.Equal(expected.Classify(Text), model.Classify(Text));
    }

    [Fact]
    public void Shards_of_torch_save_give_the_vectors_of_one_file()
    {
        using TextModel expected = Load<TextModel>();
        StateDict weights = StateDict.Of("bert/hf", "pytorch_model.bin");
        Delete("pytorch_model.bin");
        static string Shard(string name) => name.Contains("layer.", StringComparison.Ordinal) ? "pytorch_model-00002-of-00002.bin" : "pytorch_model-00001-of-00002.bin";
        Write("pytorch_model.bin.index.json", weights.ToIndex(Shard));
        foreach (string file in weights.Names.Select(Shard).Distinct())
        {
            File.WriteAllBytes(PathOf(file), weights.Where(name => Shard(name) == file).ToTorch());
        }

        using TextModel model = Load<TextModel>();
        Assert.Equal(expected.Embed(Text), model.Embed(Text));
        Delete("pytorch_model-00002-of-00002.bin");
        Refuse("pytorch_model-00002-of-00002.bin, which holds tensor");
        File.WriteAllBytes(PathOf("pytorch_model-00002-of-00002.bin"), weights.Where(name => name == "bert.pooler.dense.bias").ToTorch());
        Refuse("lacks tensor");
    }

    private double[] Scores()
    {
        using TextModel model = Load<TextModel>();
        return [.. model.Scores([model.Tokenizer!.Encode(Text)])[0].Select(score => (double)score)];
    }
}
