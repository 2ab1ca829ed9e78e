using Data2Vec.Architectures;
using Data2Vec.Kernels.Cpu;
using Data2Vec.Text;
using Data2Vec.Training.Network;
using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Tests.Network;

/// <summary>Gradients of whole models of every structure.</summary>
public class ModelGradientTests
{
    public static DropoutRates AllDropouts { get; } = new() { Input = 0.2, Branch = 0.2, Activation = 0.2, Attention = 0.2, Path = 0.3, Layer = 0.3 };

    public static TheoryData<string> Sites => new("Input", "Branch", "Activation", "Attention", "Path", "Layer");

    [Theory]
    [InlineData(ModelArchitecture.Data2VecAudio, false)]
    [InlineData(ModelArchitecture.Data2VecAudio, true)]
    [InlineData(ModelArchitecture.Data2Vec2Audio, true)]
    public void Speech(string architecture, bool hasHead)
    {
        using TrainableNetwork<float> network = GradientCheck.Network<float>(TinyModels.Speech(architecture, hasHead ? ["-", "a", "b", "c"] : null));
        GradientCheck.Of(network, TinyModels.Floats(70, 10, 41)).Run(least: 38);
    }

    [Theory]
    [InlineData(ModelArchitecture.Data2VecText, false)]
    [InlineData(ModelArchitecture.Data2VecText, true)]
    [InlineData(ModelArchitecture.Bert, true)]
    public void Text(string architecture, bool hasHead)
    {
        using TrainableNetwork<int> network = GradientCheck.Network<int>(TinyModels.Text(architecture, hasHead ? ["a", "b", "c"] : null));
        GradientCheck.Of(network, TinyModels.Tokens(9, 1, 6)).Run(least: 34);
    }

    [Theory, InlineData(ModelArchitecture.Bert), InlineData(ModelArchitecture.DistilBert)]
    public void Pairs_of_texts(string architecture)
    {
        int types = architecture == ModelArchitecture.Bert ? 2 : 1, second = types == 2 ? 1 << TextConfig.TokenTypeShift : 0;
        using TrainableNetwork<int> network = GradientCheck.Network<int>(TinyModels.Text(architecture, ["a", "b", "c"]) with { TokenTypes = types });
        GradientCheck.Of(network, [.. TinyModels.Tokens(9, 1, 6).Select(text => (ReadOnlyMemory<int>)text.ToArray().Select((id, i) => i > 3 ? id | second : id).ToArray())]).Run(least: 34);
    }

    /// <summary>Tables of relative positions may be shared by the layers or belong to each, or both.</summary>
    [Theory]
    [InlineData(ModelArchitecture.Data2VecVision, "encoder.0.relative encoder.1.relative")]
    [InlineData(ModelArchitecture.Data2VecVision, "-relative")]
    [InlineData(ModelArchitecture.Data2VecVision, "")]
    [InlineData(ModelArchitecture.Data2VecVision, "relative _scale key.bias")]
    [InlineData(ModelArchitecture.Data2Vec2Vision, "")]
    public void Vision(string architecture, string absent)
    {
        Func<Parameters.Parameter, float[]?> values = absent switch
        {
            "" => TinyModels.Values,
            "-relative" => parameter => parameter.Name.StartsWith("relative", StringComparison.Ordinal) ? null : TinyModels.Values(parameter),
            _ => TinyModels.Without(absent.Split(' ')),
        };
        using TrainableNetwork<float> network = GradientCheck.Network<float>(TinyModels.Vision(architecture, ["a", "b", "c"]), values);
        if (network.Buffers.IndexOf("position_embedding.weight") is >= 0 and var fixedOnes)
        {
            // The sines of data2vec 2.0 do not learn.
            network.Buffers.Learning[fixedOnes] = false;
        }

        GradientCheck.Of(network, TinyModels.Floats(192, 192)).Run(least: 34);
    }

    /// <summary>A scale of linear biases below 0 counts as 0 and does not learn.</summary>
    [Fact]
    public void A_scale_of_linear_biases_below_zero_has_no_gradient()
    {
        using TrainableNetwork<float> network = GradientCheck.Network<float>(
            TinyModels.Speech(ModelArchitecture.Data2Vec2Audio), parameter => parameter.Name == "encoder.alibi_scale" ? [0.5f, -0.5f, 2, -1] : TinyModels.Values(parameter));
        var check = GradientCheck.Of(network, TinyModels.Floats(70, 41));
        float[] gradient = check.Gradients()[network.Buffers.IndexOf("encoder.alibi_scale")];
        Assert.Equal([true, false, true, false], gradient.Select(value => value != 0));
        check.Run(least: 38);
    }

    /// <summary>Layers or heads, or both, may share a scale.</summary>
    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    [InlineData(1, 1)]
    public void Shared_scales_of_linear_biases(int layers, int heads)
    {
        using var network = new TrainableNetwork<float>(
            TinyModels.Speech(ModelArchitecture.Data2Vec2Audio),
            _ => { },
            new CpuBackend(2),
            parameter => parameter.MayBroadcast ? [.. Enumerable.Range(1, layers * heads).Select(i => 0.6f * i)] : TinyModels.Values(parameter),
            learns: true,
            parameter => [layers, heads]);
        Assert.Equal([layers, heads], network.Buffers.Places[network.Buffers.IndexOf("encoder.alibi_scale")].Parameter.Shape);
        GradientCheck.Of(network, TinyModels.Floats(70, 41)).Run(least: 38);
    }

    [Theory]
    [MemberData(nameof(Sites))]
    public void Speech_with_dropout(string site) => CheckDropout(TinyModels.Speech(), TinyModels.Floats(70, 10, 41), site, least: 18);

    [Theory]
    [MemberData(nameof(Sites))]
    public void Text_with_dropout(string site) => CheckDropout(TinyModels.Text(labels: ["a", "b"]), TinyModels.Tokens(9, 1, 6), site, least: 18);

    [Theory]
    [InlineData("Branch")]
    [InlineData("Activation")]
    [InlineData("Attention")]
    [InlineData("Path")]
    [InlineData("Layer")]
    public void Vision_with_dropout(string site) => CheckDropout(TinyModels.Vision(), TinyModels.Floats(192, 192, 192), site, least: 18);

    /// <summary>The extractor makes a few frames at a time.</summary>
    [Fact]
    public void Speech_whose_extractor_makes_several_pieces()
    {
        var options = new RecordingOptions { Dropout = AllDropouts with { Layer = 0 }, Seed = 3 };
        using TrainableNetwork<float> one = GradientCheck.Network<float>(TinyModels.Speech());
        float[][] expected = GradientCheck.Of(one, TinyModels.Floats(130, 10, 71), options).Gradients();
        foreach (int rows in new[] { 2, 8, 20 })
        {
            using TrainableNetwork<float> several = GradientCheck.Network<float>(TinyModels.Speech(), backend: new PieceBackend(rows));
            GradientComparison.Close(several, expected, GradientCheck.Of(several, TinyModels.Floats(130, 10, 71), options).Gradients(), 1e-6);
            GradientComparison.Close(
                several, expected, GradientCheck.Of(several, TinyModels.Floats(130, 10, 71), options with { KeptBytes = 0 }).Gradients(), 1e-6);
        }

        using TrainableNetwork<float> pieces = GradientCheck.Network<float>(TinyModels.Speech(), backend: new PieceBackend(8));
        GradientCheck.Of(pieces, TinyModels.Floats(130, 10, 71)).Run(least: 38);
    }

    private static void CheckDropout<T>(ModelConfig config, ReadOnlyMemory<T>[] inputs, string site, int least)
    {
        DropoutRates rates = site switch
        {
            "Input" => new() { Input = 0.3 },
            "Branch" => new() { Branch = 0.3 },
            "Activation" => new() { Activation = 0.3 },
            "Attention" => new() { Attention = 0.3 },
            "Path" => new() { Path = 0.5 },
            _ => new() { Layer = 0.6 },
        };

        // The first layer is skipped, the second is not.
        ulong seed = 0;
        while (!IsSkipped(0) || IsSkipped(1))
        {
            seed++;
        }

        using TrainableNetwork<T> network = GradientCheck.Network<T>(config);
        double without = GradientCheck.Of(network, inputs).Loss();
        var check = GradientCheck.Of(network, inputs, new RecordingOptions { Dropout = rates, Seed = seed });
        Assert.NotEqual(without, check.Loss());
        check.Run(least);

        bool IsSkipped(int layer) => new RandomSource(seed, 0, RandomSite.LayerDrop, layer).Uniform(0, 0, 0) < 0.6f;
    }
}
