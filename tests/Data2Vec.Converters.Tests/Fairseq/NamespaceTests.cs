using System.Text.Json;
using Data2Vec.Audio;
using Data2Vec.Converters.Checkpoints;
using Data2Vec.Converters.Layouts;
using Data2Vec.Converters.Tests.PyTorch;

namespace Data2Vec.Converters.Tests.Fairseq;

/// <summary>Checkpoints of old versions, which have all options together in an <c>argparse.Namespace</c>.</summary>
public class NamespaceTests
{
    [Fact]
    public void Pretrained_models_are_read_from_a_namespace_and_missing_options_have_fairseqs_defaults()
    {
        PickleBuilder pickle = PickleBuilder.Start().EmptyDict().Mark().Text("args");
        AddModel(pickle);
        AudioConfig config = Read(pickle);
        Assert.Equal((768, 12, 12, 3072), (config.HiddenSize, config.Layers, config.Heads, config.FeedForwardSize));
        Assert.Equal((5, 19, 16), (config.PositionalConvolution.Count, config.PositionalConvolution[0].Kernel, config.PositionalConvolution[0].Groups));
        Assert.False(config.Normalize);
    }

    [Fact]
    public void Fine_tuned_models_may_hold_the_inner_models_options_as_a_namespace()
    {
        PickleBuilder pickle = PickleBuilder.Start().EmptyDict().Mark().Text("cfg").EmptyDict().Mark()
            .Text("model").EmptyDict().Mark().Text("_name").Text("wav2vec_ctc").Text("w2v_args");
        AddModel(pickle);
        AudioConfig config = Read(pickle.Op("u").Op("u"), "A 10\n");
        Assert.Equal(768, config.HiddenSize);
        Assert.Equal(["<s>", "<pad>", "</s>", "<unk>", "A"], config.Labels!);
    }

    private static void AddModel(PickleBuilder pickle) => pickle
        .Global("argparse", "Namespace").EmptyTuple().Raw(0x81).EmptyDict().Mark()
        .Text("arch").Text("data2vec_audio")
        .Text("extractor_mode").Text("layer_norm")
        .Text("conv_feature_layers").Text("[(512, 10, 5)]")
        .Text("conv_pos").Int(95)
        .Text("pos_conv_depth").Int(5)
        .Text("normalize").Raw(0x89)
        .Op("u").Build();

    private static AudioConfig Read(PickleBuilder pickle, string? dictionary = null)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, dictionary);
            SourceModel model = Layout.ReadAny(
                SourceCheckpoint.FromPickle(Checkpoint.Load(pickle.Text("model").EmptyDict().Op("u").Stop())),
                new ConversionOptions { DictionaryPath = dictionary is null ? null : file });
            using JsonDocument config = JsonDocument.Parse(model.Config.ToJsonString());
            return AudioConfig.FromJson(config.RootElement);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
