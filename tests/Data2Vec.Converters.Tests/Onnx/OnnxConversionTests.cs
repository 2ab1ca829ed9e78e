using Data2Vec.Converters.Tests.HuggingFace;
using Data2Vec.IO;
using Data2Vec.ModelFile;

namespace Data2Vec.Converters.Tests.Onnx;

/// <summary>Small BERTs in ONNX, from files to PyTorch's hidden states. See Fixtures/onnx/make_onnx.py.</summary>
public sealed class OnnxConversionTests() : FolderTests("onnx")
{
    private static readonly int[] s_ids = [2, 17, 5, 44, 9, 31, 3];
    private static readonly EmbeddingOptions s_rows = new() { Pooling = Pooling.None };

    [Theory, InlineData("folded.onnx"), InlineData("paths.onnx"), InlineData("unfolded.onnx")]
    public void Hidden_states_are_those_of_PyTorch(string name)
    {
        (TextModel model, IReadOnlyList<string> warnings) = Convert<TextModel>(name);
        using (model)
        {
            Assert.Contains("there is no tokenizer", Assert.Single(warnings), StringComparison.Ordinal);
            Assert.Equal((3, 2, 20, 50, 1e-12f), (model.Config.Heads, model.Config.Layers, model.Config.MaxTokens, model.Config.VocabularySize, model.Config.Epsilon));
            float[] expected = NpyFile.Read(PathOf("hidden.npy")).Floats(), actual = model.EmbedPrepared(s_ids, s_rows);
            Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        }
    }

    [Fact]
    public void All_exports_of_a_model_give_the_same_weights()
    {
        byte[] first = Weights("folded.onnx");
        Assert.Equal(first, Weights("paths.onnx"));
        Assert.Equal(first, Weights("unfolded.onnx"));
    }

    [Fact]
    public void A_folder_with_a_config_may_have_its_weights_in_ONNX()
    {
        float[] alone = Vector("unfolded.onnx");
        Directory.CreateDirectory(PathOf("onnx"));
        File.Move(PathOf("paths.onnx"), PathOf("onnx/model.onnx"));
        Write("config.json", """
            {"model_type": "bert", "architectures": ["BertModel"], "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 32,
             "vocab_size": 50, "max_position_embeddings": 20, "layer_norm_eps": 1e-12, "hidden_act": "gelu"}
            """);
        string[] words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", .. Enumerable.Range(0, 45).Select(i => $"word{i}"), "[MASK]"];
        Write("vocab.txt", string.Join('\n', words));
        using TextModel model = Load<TextModel>();
        Assert.Equal(alone, model.EmbedPrepared(s_ids));
        Assert.Equal([2, 17, 5, 44, 9, 31, 3], model.Tokenizer!.Encode("word13 word1 word40 word5 word27"));
        Assert.Equal(alone, Vector("onnx/model.onnx"));

        // What the graph tells must be what the configuration says.
        Edit("config.json", json => json["num_attention_heads"] = 6);
        Refuse("num_attention_heads is 6, so that a head has 4 features; in the graph it has 8");
        Edit("config.json", json => (json["num_attention_heads"], json["layer_norm_eps"]) = (3, 0.1));
        Refuse("layer_norm_eps");
    }

    [Fact]
    public void A_folder_with_nothing_but_a_graph_is_the_graph_alone()
    {
        float[] alone = Vector("paths.onnx");
        File.Move(PathOf("paths.onnx"), PathOf("model.onnx"));
        using TextModel model = Convert<TextModel>().Model;
        Assert.Equal(alone, model.EmbedPrepared(s_ids));
    }

    [Fact]
    public void A_vocabulary_beside_a_graph_alone_is_used_and_another_tokenizer_is_not()
    {
        Write("tokenizer.json", "{}");
        Assert.Contains("tokenizer.json beside the file is not used, because config.json is not beside it", Convert<TextModel>("paths.onnx").Warnings[0], StringComparison.Ordinal);
        Write("vocab.txt", string.Join('\n', (string[])["[PAD]", "[UNK]", "[CLS]", "[SEP]", .. Enumerable.Range(0, 45).Select(i => $"word{i}"), "[MASK]"]));
        (TextModel model, IReadOnlyList<string> warnings) = Convert<TextModel>("paths.onnx");
        Assert.Contains("vocab.txt beside the file is taken as its vocabulary", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Equal([2, 17, 3], model.Tokenizer!.Encode("WORD13"));
        model.Dispose();

        string[] others = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", .. Enumerable.Range(0, 43).Select(i => $"word{i}"), "[MASK]"];
        Write("other.txt", string.Join('\n', others));
        warnings = Convert<TextModel>("paths.onnx", new ConversionOptions { VocabularyPath = PathOf("other.txt") }).Warnings;
        Assert.Contains("the vocabulary has 48 entries and the model 50 rows", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Models_that_are_not_known_are_refused_by_what_they_have()
    {
        File.WriteAllBytes(PathOf("other.onnx"), OnnxBuilder.Model(OnnxBuilder.Tensor("conv.weight", [1], 1, OnnxBuilder.Raw(1))));
        string message = Assert.Throws<InvalidDataException>(() => Convert<TextModel>("other.onnx")).Message;
        Assert.Contains("other.onnx: an ONNX model that is not recognized; without a config.json beside it, only BERT is; the checkpoint has conv.weight", message, StringComparison.Ordinal);
    }

    private float[] Vector(string name)
    {
        using TextModel model = Convert<TextModel>(name).Model;
        return model.EmbedPrepared(s_ids);
    }

    private byte[] Weights(string name)
    {
        string path = PathOf("weights.d2v");
        CheckpointConverter.Convert(PathOf(name), path);
        using D2vFile file = D2vFile.Open(path);
        return [.. file.Tensors.Values.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).SelectMany(tensor =>
        {
            float[] numbers = new float[tensor.Count];
            file.Read(tensor, numbers);
            return System.Text.Encoding.UTF8.GetBytes(tensor.Name).Concat(numbers.SelectMany(BitConverter.GetBytes));
        })];
    }
}
