using Data2Vec.Converters.Tests.Fairseq;
using Data2Vec.IO;
using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Tests.Images;

/// <summary>Vision transformers, from the files of their projects to the activations of their projects.</summary>
public sealed class ImageParityTests() : ParityTests("images")
{
    public static TheoryData<string, string> Models
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (string level in Levels.Select(row => row.Data))
            {
                foreach (string model in (string[])["vit/model.safetensors", "dino/dino_vit_pretrain.pth", "simmim/simmim_pretrain_vit.pth", "beit/beit_finetuned.pth"])
                {
                    all.Add(model, level);
                }
            }

            return all;
        }
    }

    [Theory, MemberData(nameof(Models))]
    public void Every_named_activation_is_the_projects(string checkpoint, string level)
    {
        using VisionModel model = Open(checkpoint, new ModelOptions { Backend = new CpuBackend(2, Enum.Parse<CpuLevel>(level)) });
        Compare(model, Path.GetDirectoryName(checkpoint) + "/img");
    }

    [Theory, InlineData("big", 48), InlineData("small", 24)]
    public void Images_of_another_size_give_what_DINO_gives(string folder, int size)
    {
        using VisionModel model = Open("dino/dino_vit_pretrain.pth", new ModelOptions { ImageSize = size });
        Assert.Equal(size, model.Preprocessing.CropSize);
        Compare(model, $"dino/{folder}");
    }

    [Theory]
    [InlineData("mae", 48, 48, PositionInterpolation.Bicubic), InlineData("mae", 24, 24, PositionInterpolation.Bicubic)]
    [InlineData("dino", 48, 48, PositionInterpolation.BicubicOffset), InlineData("dino", 24, 40, PositionInterpolation.BicubicOffset)]
    [InlineData("dino", 24, 24, PositionInterpolation.BicubicOffset)]
    [InlineData("timm", 48, 48, PositionInterpolation.BicubicAntialias), InlineData("timm", 16, 16, PositionInterpolation.BicubicAntialias)]
    [InlineData("torchvision", 48, 48, PositionInterpolation.BicubicAligned)]
    public void Positions_for_another_size_are_the_projects(string project, int height, int width, PositionInterpolation interpolation)
    {
        const int Patch = 8, Grid = 4;
        NpyArray stored = Read($"positions/{project}.npy");
        int hidden = (int)stored.Shape[1];
        float[] resized = PositionVectors.Resize(stored.Floats().AsSpan(hidden), hidden, (Grid, Grid), (height / Patch, width / Patch), interpolation);
        float[] expected = Read($"positions/{project}_{height}x{width}.npy").Floats();
        float worst = expected[hidden..].Zip(resized, (a, b) => MathF.Abs(a - b)).Max();
        Assert.Equal(expected.Length - hidden, resized.Length);
        Assert.True(worst <= 1e-5f, $"largest difference {worst}");
    }

    [Fact]
    public void The_default_vector_is_what_each_project_takes()
    {
        using VisionModel beit = Open("beit/beit_finetuned.pth");
        float[] image = Read("beit/img/input.npy").Floats();
        Close(Read("beit/img/pooled.npy").Floats(), beit.EmbedPrepared(image), "pooled");
        Assert.True(beit.HasPooler);

        // Of layers it is the mean that the norm follows, without the norm.
        Assert.Equal(beit.EmbedPreparedLayers(image, new EmbeddingOptions { Pooling = Pooling.Mean }), beit.EmbedPreparedLayers(image));
        Assert.Equal(beit.EmbedPrepared(image, new EmbeddingOptions { Pooling = Pooling.Mean }), beit.EmbedPrepared(image, new EmbeddingOptions { Layer = beit.Layers }));

        using VisionModel dino = Open("dino/dino_vit_pretrain.pth");
        Close(Read("dino/img/out.npy").Floats()[..dino.HiddenSize], dino.EmbedPrepared(Read("dino/img/input.npy").Floats()), "class");
        using VisionModel vit = Open("vit/model.safetensors");
        float[] pixels = Read("vit/img/input.npy").Floats();
        Assert.Equal(vit.EmbedPrepared(pixels, new EmbeddingOptions { Pooling = Pooling.Class }), vit.EmbedPrepared(pixels));
        using VisionModel simmim = Open("simmim/simmim_pretrain_vit.pth");
        float[] rows = Read("simmim/img/out.npy").Floats()[simmim.HiddenSize..];
        float[] mean = [.. Enumerable.Range(0, simmim.HiddenSize).Select(i => rows.Where((_, at) => at % simmim.HiddenSize == i).Average())];
        Close(mean, simmim.EmbedPrepared(Read("simmim/img/input.npy").Floats()), "mean");
    }

    [Fact]
    public void Labels_and_preparation_are_those_of_the_folder()
    {
        using VisionModel model = Open("vit/model.safetensors");
        Assert.Equal("thing 5", model.Labels![5]);
        Assert.Equal(new ImagePreprocessing(ResizeMode.Squash, 32, 32, ImagePreprocessing.Half, ImagePreprocessing.Half, Interpolation.Bilinear), model.Preprocessing);
        using VisionModel dino = Open("dino/dino_vit_pretrain.pth");
        Assert.Equal(
            new ImagePreprocessing(ResizeMode.ShorterSide, 36, 32, ImagePreprocessing.ImageNetMean, ImagePreprocessing.ImageNetStandardDeviation), dino.Preprocessing);
    }

    [Theory]
    [InlineData("classification", """{"feature_extractor_type":"ViTFeatureExtractor","size":32,"resample":2,"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}""")]
    [InlineData("classification", """{"size":32}""")]
    [InlineData("model", """{"image_processor_type":"ViTImageProcessor","size":{"height":32,"width":32},"resample":3,"rescale_factor":0.00392156862745098}""")]
    public void A_picture_becomes_the_pixels_that_transformers_makes(string name, string json)
    {
        ImagePreprocessing preprocessing = ImagePreprocessing.FromHuggingFace(System.Text.Json.JsonDocument.Parse(json).RootElement, "ViTImageProcessor");
        Close(Read($"preprocessed/{name}.npy").Floats(), preprocessing.Apply(ImageFile.Load(Fixture("preprocessed/picture.png"))), name);
    }

    [Theory, InlineData(Interpolation.Bicubic, "bicubic"), InlineData(Interpolation.Bilinear, "bilinear")]
    public void A_picture_becomes_the_pixels_that_torchvision_makes(Interpolation interpolation, string name)
    {
        var preprocessing = new ImagePreprocessing(
            ResizeMode.ShorterSide, 36, 32, ImagePreprocessing.ImageNetMean, ImagePreprocessing.ImageNetStandardDeviation, interpolation);
        Close(Read($"preprocessed/resize_{name}_centercrop_imagenet.npy").Floats(), preprocessing.Apply(ImageFile.Load(Fixture("preprocessed/picture.png"))), name);
    }

    [Theory]
    [InlineData("""{"image_processor_type":"CLIPImageProcessor"}""", "a class of BEiT or ViT")]
    [InlineData("""{"image_processor_type":"ViTImageProcessor","size":{"shortest_edge":32}}""", "\"height\" and \"width\"")]
    [InlineData("""{"image_processor_type":"ViTImageProcessor","resample":1}""", "bilinear")]
    public void Preparations_that_are_not_ViTs_are_refused(string json, string reason) => Assert.Contains(
        reason,
        Assert.Throws<InvalidDataException>(() => ImagePreprocessing.FromHuggingFace(System.Text.Json.JsonDocument.Parse(json).RootElement)).Message,
        StringComparison.Ordinal);

    [Theory, InlineData(ElementType.F16, 0.9995), InlineData(ElementType.BF16, 0.9995), InlineData(ElementType.I8, 0.995)]
    public void Smaller_number_formats_give_nearly_the_same_vectors(ElementType type, double cosine)
    {
        float[] image = Read("dino/img/input.npy").Floats();
        using VisionModel exact = Open("dino/dino_vit_pretrain.pth");
        float[] expected = exact.EmbedPrepared(image);
        using VisionModel model = Open("dino/dino_vit_pretrain.pth", conversion: new ConversionOptions { Type = type });
        Assert.InRange(System.Numerics.Tensors.TensorPrimitives.CosineSimilarity<float>(expected, model.EmbedPrepared(image)), cosine, 1.00001);
    }

    [Fact]
    public void Images_give_the_same_bits_together_and_alone()
    {
        using VisionModel model = Open("beit/beit_finetuned.pth");
        float[] image = Read("beit/img/input.npy").Floats();
        ReadOnlyMemory<float>[] images = [image, new float[image.Length], .. Enumerable.Range(0, 9).Select(i => (ReadOnlyMemory<float>)image.Select(value => value * i).ToArray())];
        float[][] together = model.EmbedPrepared(images);
        Assert.Equal(images.Select(one => model.EmbedPrepared(one)), together);
        Assert.Equal(images.Select(one => model.Scores([one])[0]), model.Scores(images));
    }

    [Theory]
    [InlineData("pooler", """{"rows":"all","norm":true,"dense":false}""", "\"class\" or \"mean\""), InlineData("position_vectors", "false", "contradicts itself")]
    [InlineData("position_interpolation", "\"cubic\"", "bicubic_offset"), InlineData("attention_bias", "\"key\"", "query_value"), InlineData("heads", "3", "'heads'")]
    [InlineData("image_size", "64", "contradicts itself"), InlineData("embedding", """{"pooling":"rows"}""", "\"pooler\"")]
    public void A_configuration_that_is_not_possible_is_refused(string field, string value, string reason)
    {
        string changed = ModelFiles.WithConfig(Converted("dino/dino_vit_pretrain.pth"), config => config[field] = System.Text.Json.Nodes.JsonNode.Parse(value));
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => Data2VecModel.Load(changed)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_whose_source_does_not_interpolate_takes_one_size()
    {
        string changed = ModelFiles.WithConfig(Converted("dino/dino_vit_pretrain.pth"), config => config.Remove("position_interpolation"));
        Assert.Contains("32 x 32 pixels only", Assert.Throws<ArgumentException>(() => Data2VecModel.Load(changed, new ModelOptions { ImageSize = 48 })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Data2VecModel.Load(changed, new ModelOptions { ImageSize = 33 }));
        using Data2VecModel same = Data2VecModel.Load(changed, new ModelOptions { ImageSize = 32 });
    }

    private void Compare(VisionModel model, string folder)
    {
        float[] image = Read($"{folder}/input.npy").Floats();
        var seen = new Dictionary<string, float[]>();
        model.Observe(image, (name, rows) => seen[name] = rows);
        int length = seen["layer.0"].Length;
        if (File.Exists(Fixture($"{folder}/layers.npy")))
        {
            float[] layers = Read($"{folder}/layers.npy").Floats();
            Assert.Equal((model.Layers + 1) * length, layers.Length);
            for (int layer = 0; layer <= model.Layers; layer++)
            {
                Close(layers[(layer * length)..((layer + 1) * length)], seen[$"layer.{layer}"], $"layer {layer}");
            }
        }

        if (File.Exists(Fixture($"{folder}/out.npy")))
        {
            Close(Read($"{folder}/out.npy").Floats(), seen["output"], "output");
        }

        if (File.Exists(Fixture($"{folder}/logits.npy")))
        {
            Close(Read($"{folder}/logits.npy").Floats(), model.Scores([image])[0], "logits");
        }
    }

    private VisionModel Open(string checkpoint, ModelOptions? options = null, ConversionOptions? conversion = null) =>
        Data2VecModel.Load<VisionModel>(Converted(checkpoint, conversion), options ?? new ModelOptions { Threads = 2 });

    private string Converted(string checkpoint, ConversionOptions? conversion = null)
    {
        string file = Path.Combine(Folder, Path.GetFileName(checkpoint) + ".d2v");
        CheckpointConverter.Convert(Fixture(checkpoint), file, conversion);
        return file;
    }
}
