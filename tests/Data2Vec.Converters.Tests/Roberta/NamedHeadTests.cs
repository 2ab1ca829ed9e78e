using Data2Vec.Converters.Tests.Layouts;
using Data2Vec.Converters.Tests.PyTorch;
using Data2Vec.Converters.Tests.Safetensors;

namespace Data2Vec.Converters.Tests.Roberta;

/// <summary>The options and the named heads of fairseq's RoBERTa.</summary>
public sealed class NamedHeadTests : IDisposable
{
    private const string Head = "classification_heads.sentence_classification_head.";
    private static readonly int[] s_tokens = [0, 50, 58, 10, 2];

    private readonly Folder _folder = new();
    private readonly StateDict _weights = StateDict.OfFairseq("roberta", "roberta_cls.pt");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void One_head_of_several_is_chosen_by_its_name()
    {
        StateDict two = _weights.Rename(("^classification_heads.sentence_classification_head.", "classification_heads.mnli."));
        foreach (string name in _weights.Names.Where(name => name.StartsWith(Head, StringComparison.Ordinal)))
        {
            (long[] shape, float[] values) = _weights[name];
            two[name.Replace(Head, "classification_heads.rte.", StringComparison.Ordinal)] = (shape, [.. values.Select(value => -value)]);
        }

        string message = Refused(two);
        Assert.Contains("2 classification heads: mnli, rte; choose one by its name (--head NAME)", message, StringComparison.Ordinal);
        Assert.Contains("no classification head of the name qnli; it has mnli, rte", Refused(two, options: new ConversionOptions { HeadName = "qnli" }), StringComparison.Ordinal);
        using TextModel alone = Load(_weights), mnli = Load(two, new ConversionOptions { HeadName = "mnli" }), rte = Load(two, new ConversionOptions { HeadName = "rte" });
        float[] expected = alone.Scores([s_tokens])[0];
        Assert.Equal(expected, mnli.Scores([s_tokens])[0]);
        Assert.NotEqual(expected, rte.Scores([s_tokens])[0]);
        using TextModel none = Load(two, new ConversionOptions { WithoutHead = true });
        Assert.Null(none.Labels);
        Assert.Equal(alone.EmbedPrepared(s_tokens), none.EmbedPrepared(s_tokens));
    }

    [Fact]
    public void A_name_is_refused_where_heads_have_none() => Assert.Contains(
        "no named classification head", Refused(_weights.Where(name => !name.StartsWith(Head, StringComparison.Ordinal)), options: new ConversionOptions { HeadName = "mnli" }), StringComparison.Ordinal);

    [Fact]
    public void A_head_with_one_output_gives_its_number()
    {
        (long[] shape, float[] matrix) = _weights[$"{Head}out_proj.weight"];
        _weights[$"{Head}out_proj.weight"] = ([1, shape[1]], matrix[..(int)shape[1]]);
        _weights[$"{Head}out_proj.bias"] = ([1], _weights[$"{Head}out_proj.bias"].Values[..1]);
        using TextModel model = Load(_weights);
        Assert.Equal(HeadFunction.None, model.Config.HeadFunction);
        Assert.Equal(model.Scores([s_tokens])[0][0], Assert.Single(model.ClassifyPrepared(s_tokens)).Probability);
    }

    [Theory]
    [InlineData("encoder_normalize_before"), InlineData("untie_weights_roberta"), InlineData("spectral_norm_classification_head"), InlineData("no_token_positional_embeddings")]
    public void Options_that_change_the_network_are_refused_by_name(string option) => Assert.Contains(
        $"the option {option} is true", Refused(_weights, pickle => pickle.Text(option).Raw(0x88)), StringComparison.Ordinal);

    [Fact]
    public void Quantization_noise_is_refused() => Assert.Contains(
        "the option quant_noise_pq is 8", Refused(_weights, pickle => pickle.Text("quant_noise_pq").Int(8)), StringComparison.Ordinal);

    [Theory, InlineData("roberta_large"), InlineData("xlmr"), InlineData("camembert")]
    public void Models_of_the_same_network_have_other_names(string name)
    {
        using TextModel roberta = Load(_weights), other = Load(_weights, null, name);
        Assert.Equal(roberta.EmbedPrepared(s_tokens), other.EmbedPrepared(s_tokens));
    }

    [Fact]
    public void A_damaged_head_is_named()
    {
        Assert.Contains($"{Head}dense.weight is missing", Refused(_weights.Without($"{Head}dense.weight")), StringComparison.Ordinal);
        Assert.Contains("encoder.sentence_encoder.layers.1.fc1.bias is missing", Refused(_weights.Without("encoder.sentence_encoder.layers.1.fc1.bias")), StringComparison.Ordinal);
    }

    private TextModel Load(StateDict weights, ConversionOptions? options = null, string name = "roberta")
    {
        string file = _folder.PathOf($"{Guid.NewGuid():N}.d2v");
        CheckpointConverter.Convert(Save(weights, null, name), file, options);
        return Data2VecModel.Load<TextModel>(file, new ModelOptions { Threads = 1 });
    }

    private string Refused(StateDict weights, Action<PickleBuilder>? further = null, ConversionOptions? options = null) =>
        Assert.Throws<InvalidDataException>(() => CheckpointConverter.Convert(Save(weights, further, "roberta"), _folder.PathOf("refused.d2v"), options)).Message;

    private string Save(StateDict weights, Action<PickleBuilder>? further, string name) => _folder.Add("roberta.pt", weights.ToTorch(
        pickle =>
        {
            pickle.Text("cfg").EmptyDict().Mark().Text("model").Global("argparse", "Namespace").EmptyTuple().Raw(0x81).EmptyDict().Mark()
                .Text("_name").Text(name).Text("encoder_layers").Int(2).Text("encoder_embed_dim").Int(48).Text("encoder_ffn_embed_dim").Int(96)
                .Text("encoder_attention_heads").Int(4).Text("max_positions").Int(40);
            further?.Invoke(pickle);
            pickle.Op("u").Build().Op("u");
        },
        "model"));
}
