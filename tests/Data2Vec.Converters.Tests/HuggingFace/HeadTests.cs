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

    [Theory]
    [InlineData(null, null, true), InlineData("regression", null, true), InlineData("single_label_classification", null, false), InlineData("multi_label_classification", null, false)]
    [InlineData(null, "torch.nn.modules.activation.Sigmoid", false), InlineData(null, "torch.nn.modules.linear.Identity", true)]
    public void A_single_output_is_no_softmax(string? problem, string? crossEncoder, bool isScore)
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
            json["sentence_transformers"] = crossEncoder is null ? null : new JsonObject { ["activation_fn"] = crossEncoder };
        });
        using TextModel model = Load<TextModel>();
        Assert.Equal(isScore ? score : 1 / (1 + Math.Exp(-score)), Assert.Single(model.Classify(Text)).Probability, 1e-5);
    }

    [Theory]
    [InlineData("BertForTokenClassification", true)]
    [InlineData("BertForQuestionAnswering", true)]
    [InlineData("BertForMultipleChoice", true)]
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
        string refused = Assert.Throws<InvalidOperationException>(() => model.Classify(Text)).Message;
        Assert.Contains("no classification head", refused, StringComparison.Ordinal);
        Assert.Contains($"({architecture ?? "classifier"}) does not label whole inputs", refused, StringComparison.Ordinal);
        Assert.Equal(vector, model.Embed(Text));
        model.Dispose();
    }

    [Fact]
    public void An_unknown_kind_of_problem_is_refused()
    {
        Edit("config.json", json => json["problem_type"] = "ranking");
        Refuse("problem_type is ranking");
    }

    [Fact]
    public void Labels_for_a_head_of_another_kind_are_refused_by_its_name()
    {
        Edit("config.json", json => json["architectures"] = new JsonArray("BertForTokenClassification"));
        Write("labels.txt", "a\nb\nc\n");
        string message = Assert.Throws<InvalidDataException>(() => Convert<TextModel>(options: new ConversionOptions { LabelsPath = PathOf("labels.txt") })).Message;
        Assert.Contains("the head classifier takes no labels, because the architecture is BertForTokenClassification", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_is_left_out_where_it_is_not_wanted_and_required_where_it_is()
    {
        using TextModel headed = Load<TextModel>();
        Edit("config.json", json => json["problem_type"] = "ranking");
        (TextModel encoder, IReadOnlyList<string> warnings) = Convert<TextModel>(options: new ConversionOptions { WithoutHead = true });
        Assert.Empty(warnings);
        Assert.Null(encoder.Labels);
        Assert.Equal(headed.Embed(Text), encoder.Embed(Text));
        encoder.Dispose();

        StateDict weights = StateDict.Of("bert/hf", "pytorch_model.bin").Where(name => !name.StartsWith("classifier", StringComparison.Ordinal));
        File.WriteAllBytes(PathOf("pytorch_model.bin"), weights.ToTorch());
        Refuse("config.json: architectures is BertForSequenceClassification, and the weights of its head are missing; convert the encoder alone (--no-head)");
    }

    [Theory]
    [InlineData("""{ "2": "yes", "0": "no", "1": "perhaps" }""", true)]
    [InlineData("""{ "0": "no", "2": "yes" }""", false)]
    [InlineData("""{ "0": "no", "1": "perhaps", "3": "yes" }""", false)]
    [InlineData("""{ "0": "no", "1": "perhaps", "2": "yes", "3": "never" }""", false)]
    [InlineData("""{ "no": 0, "perhaps": 1, "yes": 2 }""", false)]
    [InlineData("""["no", "perhaps", "yes"]""", false)]
    public void Names_of_classes_are_in_the_order_of_their_numbers_and_complete(string names, bool isComplete)
    {
        Edit("config.json", json => json["id2label"] = JsonNode.Parse(names));
        if (isComplete)
        {
            using TextModel model = Load<TextModel>();
            Assert.Equal(["no", "perhaps", "yes"], model.Labels!);
        }
        else
        {
            Refuse("id2label");
        }
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
