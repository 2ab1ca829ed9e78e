using System.Text.Json.Nodes;
using Data2Vec.Converters.Exports;
using Data2Vec.Converters.Tests.Layouts;
using Data2Vec.ModelFile;
using Data2Vec.Text;

namespace Data2Vec.Converters.Tests.HuggingFace;

/// <summary>DistilBERT, whose weights are here those of the small BERT under other names.</summary>
public sealed class DistilBertTests : FolderTests
{
    private const string Text = "The people hate the meme: niño año, $5 中文 unable!";
    private readonly StateDict _weights;

    public DistilBertTests()
        : base("bert/hf")
    {
        _weights = StateDict.Of("bert/hf", "pytorch_model.bin").Rename(
            ("^.*token_type.*", ""), ("^bert\\.", ""), (@"^pooler\.dense", "pre_classifier"), (@"^encoder\.layer", "transformer.layer"), (@"attention\.self\.query", "attention.q_lin"),
            (@"attention\.self\.key", "attention.k_lin"), (@"attention\.self\.value", "attention.v_lin"), (@"attention\.output\.dense", "attention.out_lin"),
            (@"attention\.output\.LayerNorm", "sa_layer_norm"), (@"intermediate\.dense", "ffn.lin1"), (@"(layer\.\d+)\.output\.dense", "$1.ffn.lin2"),
            (@"(layer\.\d+)\.output\.LayerNorm", "$1.output_layer_norm"), ("^(transformer|embeddings)", "distilbert.$1"));
        File.WriteAllBytes(PathOf("pytorch_model.bin"), _weights.ToTorch());
        Write("config.json", """
            {"architectures": ["DistilBertForSequenceClassification"], "model_type": "distilbert", "vocab_size": 540, "dim": 64, "n_layers": 2, "n_heads": 4, "hidden_dim": 48,
             "max_position_embeddings": 24, "activation": "gelu", "sinusoidal_pos_embds": false, "pad_token_id": 0, "id2label": {"0": "no", "1": "perhaps", "2": "yes"}}
            """);
    }

    [Fact]
    public void Vectors_and_probabilities_are_those_of_a_plain_forward()
    {
        JsonNode expected = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", "bert", "distilbert.json")))!;
        using TextModel model = Load<TextModel>();
        Assert.Equal("distilbert", model.Architecture);
        Assert.All(model.Embed(Text).Zip(expected["mean"]!.AsArray()), pair => Assert.Equal((float)pair.Second!, pair.First, 1e-4));
        Dictionary<string, float> labels = model.Classify(Text).ToDictionary(label => label.Label, label => label.Probability);
        Assert.All(((string[])["no", "perhaps", "yes"]).Zip(expected["probabilities"]!.AsArray()), pair => Assert.Equal((float)pair.Second!, labels[pair.First], 1e-4));
    }

    [Fact]
    public void Pairs_have_no_types()
    {
        using TextModel model = Load<TextModel>();
        PairTokens tokens = model.TokenizePair(new TextPair("the meme", "the people"));
        Assert.All(tokens.Types, type => Assert.Equal(0, type));
        Assert.Equal(tokens.Ids, tokens.ToInput());
        Assert.NotEmpty(model.EmbedPairs([new TextPair("the meme", "the people")]));
    }

    [Fact]
    public void A_bare_encoder_and_one_for_masked_words_give_the_same_vectors()
    {
        using TextModel headed = Load<TextModel>();
        File.WriteAllBytes(PathOf("pytorch_model.bin"), _weights.Where(name => !name.Contains("classifier", StringComparison.Ordinal)).Rename(("^distilbert\\.", "")).ToTorch());
        Edit("config.json", json => json["architectures"] = new JsonArray("DistilBertModel"));
        using TextModel bare = Load<TextModel>();
        Assert.Equal(headed.Embed(Text), bare.Embed(Text));
        StateDict masked = _weights.Where(name => !name.Contains("classifier", StringComparison.Ordinal));
        masked["vocab_transform.weight"] = ([1], [1]);
        masked["vocab_projector.bias"] = ([1], [1]);
        File.WriteAllBytes(PathOf("pytorch_model.bin"), masked.ToTorch());
        Edit("config.json", json => json["architectures"] = new JsonArray("DistilBertForMaskedLM"));
        using TextModel words = Convert<TextModel>().Model;
        Assert.Equal(headed.Embed(Text), words.Embed(Text));
    }

    [Fact]
    public void Other_activations_and_exports_are_refused_by_name()
    {
        string file = PathOf("model.d2v");
        CheckpointConverter.Convert(Model, file);
        using (D2vFile model = D2vFile.Open(file))
        {
            Assert.Contains("distilbert", Assert.Throws<InvalidDataException>(() => HuggingFaceExport.Write(PathOf("out"), model)).Message, StringComparison.Ordinal);
        }

        Edit("config.json", json => json["activation"] = "relu");
        Refuse("config.json: activation is 'relu'");
    }
}
