using System.Text.Json.Nodes;
using Data2Vec.Converters.Checkpoints;
using Data2Vec.Converters.Layouts;
using Data2Vec.Converters.PyTorch;
using Data2Vec.Converters.Tests.Fairseq;
using Data2Vec.Converters.Tests.Layouts;
using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Tests.Torchvision;

/// <summary>VGG networks, from torchvision's checkpoints to PyTorch's activations.</summary>
public sealed class VggParityTests() : ParityTests("vgg")
{
    private const string Checkpoint = "vgg_tiny.pth";
    private const int ImageLength = 3 * 64 * 64, Features = 20;

    [Theory, MemberData(nameof(Levels))]
    public void Every_activation_is_PyTorchs(string level)
    {
        using VisionModel model = Load<VisionModel>(Checkpoint, new CpuBackend(2, Enum.Parse<CpuLevel>(level)));
        var seen = new List<float>();
        string[] names = ["blocks.", "fc6"];
        model.Observe(Images()[0], (name, rows) => seen.AddRange(names.Any(start => name.StartsWith(start, StringComparison.Ordinal)) ? rows : []));
        float[] expected = Read("activations.npy").Floats();
        Close(expected[..^(2 * Features)], [.. seen], "activations");
        Close(expected[^(2 * Features)..], [.. model.EmbedPrepared(Images()).SelectMany(features => features)], "features");
    }

    [Theory, InlineData(ElementType.F16, 0.9995), InlineData(ElementType.BF16, 0.9995), InlineData(ElementType.I8, 0.995)]
    public void Smaller_number_formats_give_nearly_the_same_features(ElementType type, double cosine)
    {
        using VisionModel model = Load<VisionModel>(Checkpoint, options: new ConversionOptions { Type = type });
        float[] expected = Read("activations.npy").Floats()[^(2 * Features)..];
        float[][] actual = model.EmbedPrepared(Images());
        for (int i = 0; i < actual.Length; i++)
        {
            Assert.InRange(System.Numerics.Tensors.TensorPrimitives.CosineSimilarity<float>(expected.AsSpan(i * Features, Features), actual[i]), cosine, 1.00001);
        }
    }

    [Fact]
    public async Task Images_give_the_same_bits_together_and_alone_in_calls_and_in_batches_of_calls()
    {
        string file = Convert(Checkpoint);
        using VisionModel one = Data2VecModel.Load<VisionModel>(file, new ModelOptions { Threads = 1 });
        using VisionModel two = Data2VecModel.Load<VisionModel>(file, new ModelOptions { Threads = 2 });
        ReadOnlyMemory<float>[] images = [.. Enumerable.Range(0, 35).Select(i => (ReadOnlyMemory<float>)Enumerable.Range(0, ImageLength).Select(j => MathF.Sin(i + j * 0.1f * i)).ToArray())];
        float[][] together = two.EmbedPrepared(images);
        Assert.Equal(images.Select(image => one.EmbedPrepared([image])[0]), together);
        Assert.Equal(together, (await Task.WhenAll(images.Select(image => two.EmbedPreparedAsync([image])))).Select(result => result[0]));
    }

    [Fact]
    public void The_structure_is_told_and_the_features_are_the_only_layer()
    {
        using VisionModel model = Load<VisionModel>(Checkpoint);
        Assert.Equal([[4, 6], [8, 8], [10, 8, 8], [12, 12, 12], [12, 12, 12]], ((VggConfig)model.Config).Blocks);
        Assert.Equal((64, 2, 24, Features, 0), (((VggConfig)model.Config).ImageSize, ((VggConfig)model.Config).GridSize, ((VggConfig)model.Config).IntermediateSize, model.HiddenSize, model.Layers));
        Assert.Equal((73, 64, Interpolation.Bilinear), (model.Preprocessing.ResizeSize, model.Preprocessing.CropSize, model.Preprocessing.Interpolation));
        float[] features = model.EmbedPrepared(Images())[0];
        Assert.Equal([features], model.EmbedPreparedLayers(Images()[0]));
        Assert.Equal(features, model.EmbedPrepared(Images(), new EmbeddingOptions { Pooling = Pooling.None, Layer = 0 })[0]);
        Assert.Throws<ArgumentException>(() => model.EmbedPrepared(Images(), new EmbeddingOptions { Pooling = Pooling.Class }));
        Assert.Throws<InvalidOperationException>(() => model.ClassifyPrepared(Images()));
        Assert.Contains("[3, 64, 64]", Assert.Throws<InvalidDataException>(() => model.EmbedPrepared([new float[5]])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Data2VecModel.Load(Convert(Checkpoint), new ModelOptions { ImageSize = 32 }));
    }

    [Fact]
    public void An_image_is_prepared_as_the_file_says()
    {
        using VisionModel model = Data2VecModel.Load<VisionModel>(ModelFiles.WithConfig(
            Convert(Checkpoint), config => config["preprocessing"] = JsonNode.Parse(
                """{"resize":"squash","resize_size":64,"crop_size":64,"mean":[0,0,0],"std":[1,1,1],"interpolation":"opencv_bicubic","channels":"bgr"}""")));
        Assert.Equal(ImagePreprocessing.OpenCv(64), model.Preprocessing);
        var image = new RgbImage(2, 1, [255, 0, 51, 255, 0, 51]);
        float[] pixels = [.. Enumerable.Repeat(0.2f, 64 * 64), .. new float[64 * 64], .. Enumerable.Repeat(1f, 64 * 64)];
        Assert.Equal(model.EmbedPrepared([pixels])[0], model.Embed([image])[0]);
    }

    [Theory]
    [InlineData("image_size", "65", "contradicts itself")]
    [InlineData("image_size", "0", "image_size")]
    [InlineData("blocks", "[]", "contradicts itself")]
    [InlineData("blocks", "[[4,6],[]]", "contradicts itself")]
    [InlineData("blocks", "[[4,6],7]", "\"blocks\" must be lists of channels")]
    [InlineData("blocks", "[[4,-6]]", "\"blocks\" must be lists of channels")]
    [InlineData("blocks", "[[65536],[65536],[10],[12],[12]]", "blocks.0.0.weight")]
    [InlineData("blocks", "[[4,6],[8,8],[10,8,8],[12,12,12],[12,12]]", "")]
    [InlineData("blocks", "[[4,6],[8,8],[10,8,8],[12,12,12],[12,12,12,5]]", "blocks.4.3.weight")]
    [InlineData("hidden_size", "21", "fc7.weight")]
    [InlineData("intermediate_size", "25", "fc6.weight")]
    [InlineData("preprocessing", """{"resize":"squash","resize_size":32,"crop_size":32,"mean":[0,0,0],"std":[1,1,1],"interpolation":"bicubic"}""", "contradicts itself")]
    public void A_configuration_that_does_not_fit_is_refused(string field, string value, string expected)
    {
        string file = ModelFiles.WithConfig(Convert(Checkpoint), config => config[field] = JsonNode.Parse(value));
        if (expected.Length == 0)
        {
            // A convolution less is another network: what the file holds beyond it is not looked at.
            Data2VecModel.Load(file).Dispose();
            return;
        }

        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => Data2VecModel.Load(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_that_would_take_more_memory_than_there_is_are_refused() =>
        Assert.Contains("contradicts itself", Assert.Throws<InvalidDataException>(() => VggConfig.FromJson(System.Text.Json.JsonDocument.Parse(
            """
            {"image_size":4096,"blocks":[[64]],"intermediate_size":1,"hidden_size":1,
             "preprocessing":{"resize":"squash","resize_size":4096,"crop_size":4096,"mean":[0,0,0],"std":[1,1,1],"interpolation":"bicubic"}}
            """).RootElement)).Message, StringComparison.Ordinal);

    [Fact]
    public void Names_with_a_prefix_are_found()
    {
        const string prefix = "im_feat_model.";
        using PyTorchFile file = PyTorchFile.Open(Saved(StateDict.Of("vgg", Checkpoint).Rename(("^", prefix))));
        var weights = Weights.FromPickle((PickleDictionary)file.Root!);
        Assert.True(VggLayouts.IsVgg(weights, prefix));
        Assert.False(VggLayouts.IsVgg(weights, ""));
        VggConfig config = VggLayouts.Config(weights, ImagePreprocessing.OpenCv, prefix);
        Assert.Equal(ImagePreprocessing.OpenCv(64), config.Preprocessing);
        Assert.Equal($"{prefix}features.28.bias", VggLayouts.Names(config, prefix).Find("blocks.4.2.bias", weights)!.Name);
        Assert.Throws<InvalidDataException>(() => VggLayouts.Config(weights, ImagePreprocessing.OpenCv, ""));
    }

    [Fact]
    public void Checkpoints_without_the_last_layer_are_read_and_those_of_other_structures_are_refused()
    {
        StateDict weights = StateDict.Of("vgg", Checkpoint), bare = weights.Where(name => !name.StartsWith("classifier.6", StringComparison.Ordinal));
        using VisionModel model = Data2VecModel.Load<VisionModel>(Converted(bare));
        Close(Read("activations.npy").Floats()[^(2 * Features)..^Features], model.EmbedPrepared(Images())[0], "features");
        Refused(weights.Without("features.5.weight"), "1 blocks of convolutions leave");
        Refused(weights.Without("features.28.bias"), "features.28.bias is missing");
        Refused(weights.Without("classifier.3.weight"), "classifier.3.weight is missing");
        Refused(weights.Rename((@"^features\.2\.", "features.1.")), "batch normalization");
        Refused(weights.Rename((@"^features\.26\.", "features.40.")), "features.");
        Refused(Changed("classifier.0.weight", [24, 47]), "47 numbers");
        Refused(Changed("features.0.weight", [4, 3, 9]), "features.0.weight");
        Refused(Changed("features.2.weight", [6, 4, 3, 5]), "features.2.weight");
        Refused(Changed("classifier.3.weight", [20, 23]), "classifier.3.weight");

        StateDict Changed(string name, long[] shape)
        {
            StateDict changed = weights.Where(_ => true);
            changed[name] = (shape, new float[shape.Aggregate((a, b) => a * b)]);
            return changed;
        }

        void Refused(StateDict changed, string expected) =>
            Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => Converted(changed)).Message, StringComparison.Ordinal);

        string Converted(StateDict changed)
        {
            string file = Path.Combine(Folder, "changed.d2v");
            CheckpointConverter.Convert(Saved(changed), file);
            return file;
        }
    }

    [Fact]
    public void Options_for_other_models_are_refused()
    {
        foreach (ConversionOptions options in new ConversionOptions[] { new() { LabelsPath = "x" }, new() { DictionaryPath = "x" }, new() { Teacher = true } })
        {
            Assert.StartsWith(Checkpoint, Assert.Throws<InvalidDataException>(() => Convert(Checkpoint, options)).Message, StringComparison.Ordinal);
        }
    }

    private string Saved(StateDict weights)
    {
        string file = Path.Combine(Folder, "changed.pth");
        File.WriteAllBytes(file, weights.ToTorch());
        return file;
    }

    private ReadOnlyMemory<float>[] Images() => [.. Read("image.npy").Floats().Chunk(ImageLength).Select(image => (ReadOnlyMemory<float>)image)];
}
