using System.Text.Json.Nodes;
using Data2Vec.IO;
using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Tests.Fairseq;

/// <summary>Vision models, from fairseq's checkpoints to fairseq's activations.</summary>
public sealed class VisionParityTests() : ParityTests("vision")
{
    [Theory, MemberData(nameof(Levels))]
    public void Every_named_activation_of_the_encoder_is_fairseqs(string level)
    {
        using VisionModel model = Load<VisionModel>("vision_tiny.pt", new CpuBackend(2, Enum.Parse<CpuLevel>(level)));
        ReadOnlyMemory<float>[] images = Images("tiny/img.npy");
        int hidden = model.HiddenSize;
        for (int image = 0; image < images.Length; image++)
        {
            var seen = new Dictionary<string, float[]>();
            model.Observe(images[image], (name, rows) => seen[name] = rows);
            Close(Part("tiny/enc_in.npy", image), seen["layer.0"], "enc_in");
            Close(Part("tiny/patch_embed.npy", image), seen["layer.0"][hidden..], "patch_embed");
            for (int layer = 0; layer < model.Layers; layer++)
            {
                Close(Part("tiny/layer_end.npy", layer * images.Length + image), seen[$"layer.{layer + 1}"][hidden..], $"layer {layer + 1}");
            }

            Close(Part("tiny/prenorm.npy", image), seen[$"layer.{model.Layers}"], "prenorm");
            Close(Part("tiny/postnorm.npy", image), seen["output"], "postnorm");
            Close(Part("tiny/x.npy", image), seen["output"][hidden..], "x");
        }
    }

    [Fact]
    public void Relative_position_bias_is_fairseqs()
    {
        using ModelFile.D2vFile file = ModelFile.D2vFile.Open(Convert("vision_tiny.pt"));
        VisionConfig config = VisionConfig.FromJson(file.Config);
        ModelFile.TensorInfo table = file.Tensor("relative_position_bias.weight");
        var values = new float[table.Count];
        file.Read(table, values);
        Assert.Equal(Read("tiny/rel_pos_bias.npy").Floats(), RelativePositionBias.Expand(values, config.Heads, config.GridSize));
    }

    [Fact]
    public void Features_and_scores_of_a_classification_model_are_fairseqs()
    {
        using VisionModel model = Load<VisionModel>("vision_tiny_cls.pt");
        ReadOnlyMemory<float>[] images = Images("tiny_cls/img.npy");
        float[] scores = Read("tiny_cls/logits.npy").Floats();
        Close(scores, [.. model.Scores(images).SelectMany(row => row)], "logits");
        float[][] rows = model.EmbedPrepared(images, new EmbeddingOptions { Pooling = Pooling.None });
        for (int i = 0; i < images.Length; i++)
        {
            Close(Part("tiny_cls/feats.npy", i), rows[i][model.HiddenSize..], "feats");
        }

        LabelProbability best = model.ClassifyPrepared(images)[1][0];
        float[] second = scores[10..];
        Assert.Equal(Array.IndexOf(second, second.Max()).ToString(System.Globalization.CultureInfo.InvariantCulture), best.Label);
        Assert.Equal(1 / second.Sum(score => Math.Exp(score - second.Max())), best.Probability, 1e-5);
    }

    [Fact]
    public void An_image_file_gives_the_pixels_and_the_vector_that_fairseqs_transforms_give()
    {
        using VisionModel model = Load<VisionModel>("vision_tiny.pt");
        RgbImage image = ImageFile.Load(Fixture("img0.png"));
        Close(Images("tiny/img.npy")[0].ToArray(), model.Preprocessing.Apply(image), "pixels");
        Close(model.EmbedPrepared(Images("tiny/img.npy"))[0], model.Embed([image])[0], "vector");
        Close(model.EmbedPreparedLayers(Images("tiny/img.npy")[0])[2], model.EmbedLayers(image)[2], "layer 2");
    }

    [Fact]
    public void Pooling_takes_the_class_token_or_the_mean_of_the_patches_and_layers_alone_are_those_of_all()
    {
        using VisionModel model = Load<VisionModel>("vision_tiny.pt");
        ReadOnlyMemory<float>[] images = Images("tiny/img.npy");
        int hidden = model.HiddenSize;
        float[] x = Part("tiny/x.npy", 0);
        Close(Part("tiny/postnorm.npy", 0)[..hidden], model.EmbedPrepared(images, new EmbeddingOptions { Pooling = Pooling.Class })[0], "class");
        float[] mean = [.. Enumerable.Range(0, hidden).Select(i => Enumerable.Range(0, 16).Average(row => x[row * hidden + i]))];
        Close(mean, model.EmbedPrepared(images)[0], "mean");
        float[][] layers = model.EmbedPreparedLayers(images[1]);
        Assert.Equal(model.Layers + 1, layers.Length);
        for (int layer = 0; layer <= model.Layers; layer++)
        {
            Assert.Equal(layers[layer], model.EmbedPrepared(images, new EmbeddingOptions { Layer = layer })[1]);
        }
    }

    [Fact]
    public void Images_give_the_same_bits_together_and_alone_on_one_thread_and_on_two()
    {
        string file = Convert("vision_tiny_cls.pt");
        using VisionModel one = Data2VecModel.Load<VisionModel>(file, new ModelOptions { Threads = 1 });
        using VisionModel two = Data2VecModel.Load<VisionModel>(file, new ModelOptions { Threads = 2 });
        ReadOnlyMemory<float>[] images = [.. Images("tiny/img.npy"), new float[3 * 32 * 32]];
        foreach (Pooling pooling in Enum.GetValues<Pooling>().Where(pooling => pooling != Pooling.Pooler))
        {
            var options = new EmbeddingOptions { Pooling = pooling };
            float[][] together = two.EmbedPrepared(images, options);
            for (int i = 0; i < images.Length; i++)
            {
                Assert.Equal(one.EmbedPrepared([images[i]], options)[0], together[i]);
            }
        }

        Assert.Equal(one.Scores([images[1]])[0], two.Scores(images)[1]);
    }

    [Fact]
    public void No_images_give_no_vectors()
    {
        using VisionModel model = Load<VisionModel>("vision_tiny_cls.pt");
        Assert.Empty(model.Embed([]));
        Assert.Empty(model.ClassifyPrepared([]));
    }

    [Fact]
    public void Tables_of_every_layer_are_added_to_the_shared_one()
    {
        // A table split in two halves, one shared and one a layer's, is the same model.
        string file = Convert("vision_tiny.pt");
        string split = ModelFiles.WithTensors(file, (name, values) => name == "relative_position_bias.weight" ? [.. values.Select(value => value / 2)] : values,
            Enumerable.Range(0, 4).Select(i => ("relative_position_bias.weight", $"encoder.{i}.relative_position_bias.weight")));
        using VisionModel whole = Data2VecModel.Load<VisionModel>(file);
        using VisionModel halves = Data2VecModel.Load<VisionModel>(split);
        Assert.Equal(whole.EmbedPrepared(Images("tiny/img.npy"))[0], halves.EmbedPrepared(Images("tiny/img.npy"))[0]);
    }

    [Fact]
    public void The_teacher_is_another_model_than_the_student()
    {
        using VisionModel student = Load<VisionModel>("vision_tiny.pt");
        float[] ofStudent = student.EmbedPrepared(Images("tiny/img.npy"))[0];
        using VisionModel teacher = Load<VisionModel>("vision_tiny.pt", options: new ConversionOptions { Teacher = true });
        Assert.NotEqual(ofStudent, teacher.EmbedPrepared(Images("tiny/img.npy"))[0]);
        Assert.Contains("no teacher", Refused(() => Convert("vision_tiny_cls.pt", new ConversionOptions { Teacher = true })), StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_model_cannot_take_is_refused_by_name()
    {
        using VisionModel model = Load<VisionModel>("vision_tiny.pt");
        Assert.Contains("[3, 32, 32]", Refused(() => model.EmbedPrepared([new float[3 * 32 * 31]])), StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => model.ClassifyPrepared(Images("tiny/img.npy")));
        Assert.Contains("no classification head", Refused(() => Convert("vision_tiny.pt", new ConversionOptions { LabelsPath = "labels.txt" })), StringComparison.Ordinal);
        Assert.Contains("dictionary", Refused(() => Convert("vision_tiny.pt", new ConversionOptions { DictionaryPath = "dict.txt" })), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("image_size", "64"), InlineData("patch_size", "16"), InlineData("patch_size", "5"), InlineData("hidden_size", "32")]
    [InlineData("layers", "5"), InlineData("heads", "2"), InlineData("heads", "3"), InlineData("final_norm", "1"), InlineData("preprocessing", "{}")]
    [InlineData("labels", """["a"]"""), InlineData("labels", "[1]"), InlineData("pool_skips_first_patch", "null")]
    public void A_configuration_that_its_tensors_contradict_is_refused(string field, string value)
    {
        string changed = ModelFiles.WithConfig(Convert("vision_tiny.pt"), config => config[field] = JsonNode.Parse(value));
        Assert.Contains(changed, Refused(() => Data2VecModel.Load(changed)), StringComparison.Ordinal);
    }

    [Theory, InlineData(ElementType.F16, 0.9995), InlineData(ElementType.BF16, 0.9995), InlineData(ElementType.I8, 0.995)]
    public void Smaller_number_formats_give_nearly_the_same_vectors(ElementType type, double cosine)
    {
        ReadOnlyMemory<float>[] images = Images("tiny/img.npy");
        using VisionModel exact = Load<VisionModel>("vision_tiny.pt");
        float[] expected = exact.EmbedPrepared(images, new EmbeddingOptions { Normalize = true })[0];
        using VisionModel model = Load<VisionModel>("vision_tiny.pt", options: new ConversionOptions { Type = type });
        float[] actual = model.EmbedPrepared(images, new EmbeddingOptions { Normalize = true })[0];
        Assert.InRange(expected.Zip(actual, (a, b) => (double)a * b).Sum(), cosine, 1.00001);
    }

    [Theory, InlineData(3), InlineData(6), InlineData(20)]
    public void A_table_for_another_grid_is_the_one_that_scipy_makes(int grid)
    {
        (float[] table, VisionConfig config) = Table();
        float[] expected = Read($"tiny/resized_{grid}.npy").Floats();
        float[] actual = RelativePositionTable.Resize(table, config.Heads, config.GridSize, grid);
        Assert.Equal(expected.Length, actual.Length);
        float worst = expected.Zip(actual, (a, b) => MathF.Abs(a - b)).Max();
        Assert.True(worst <= 1e-6f, $"largest difference {worst}");
        Assert.Equal(table[^(3 * config.Heads)..], actual[^(3 * config.Heads)..]);
    }

    [Theory, InlineData(24), InlineData(48), InlineData(160)]
    public void A_model_for_another_image_size_is_one_that_has_the_table_for_it(int size)
    {
        string file = Convert("vision_tiny.pt");
        float[] table = Read($"tiny/resized_{size / 8}.npy").Floats();
        string made = ModelFiles.WithTables(
            file,
            config =>
            {
                config["image_size"] = size;
                config["preprocessing"]!["crop_size"] = size;
            },
            (name, values) => name == "relative_position_bias.weight" ? table : values);
        float[] pixels = [.. Enumerable.Range(0, 3 * size * size).Select(i => MathF.Sin(i * 0.37f))];
        var rows = new EmbeddingOptions { Pooling = Pooling.None };
        using VisionModel expected = Data2VecModel.Load<VisionModel>(made);
        using VisionModel actual = Data2VecModel.Load<VisionModel>(file, new ModelOptions { ImageSize = size });
        Close(expected.EmbedPrepared([pixels], rows)[0], actual.EmbedPrepared([pixels], rows)[0], "rows");
    }

    [Fact]
    public void Tables_of_layers_change_with_the_image_size_as_the_shared_one_does()
    {
        string file = Convert("vision_tiny.pt");
        string split = ModelFiles.WithTensors(file, (name, values) => name == "relative_position_bias.weight" ? [.. values.Select(value => value / 2)] : values,
            Enumerable.Range(0, 4).Select(i => ("relative_position_bias.weight", $"encoder.{i}.relative_position_bias.weight")));
        var larger = new ModelOptions { ImageSize = 48 };
        using VisionModel whole = Data2VecModel.Load<VisionModel>(file, larger);
        using VisionModel halves = Data2VecModel.Load<VisionModel>(split, larger);
        RgbImage image = ImageFile.Load(Fixture("img0.png"));
        Close(whole.Embed([image])[0], halves.Embed([image])[0], "vector");
    }

    [Fact]
    public void The_image_size_of_the_model_changes_no_bit()
    {
        string file = Convert("vision_tiny.pt");
        using VisionModel plain = Data2VecModel.Load<VisionModel>(file);
        using VisionModel same = Data2VecModel.Load<VisionModel>(file, new ModelOptions { ImageSize = 32 });
        RgbImage image = ImageFile.Load(Fixture("img0.png"));
        Assert.Equal(plain.Embed([image])[0], same.Embed([image])[0]);
        Assert.Equal(plain.Preprocessing, same.Preprocessing);
    }

    [Fact]
    public void The_preprocessing_keeps_its_ratio_to_the_image_size()
    {
        using VisionModel model = Data2VecModel.Load<VisionModel>(Convert("vision_tiny.pt"), new ModelOptions { ImageSize = 48 });
        ImagePreprocessing preprocessing = model.Preprocessing;
        Assert.Equal((36 * 48 / 32, 48), (preprocessing.ResizeSize, preprocessing.CropSize));
        Assert.Equal(438, ImagePreprocessing.ResizeThenCentreCrop(256, 224, ImagePreprocessing.Half, ImagePreprocessing.Half).WithCropSize(384).ResizeSize);
        Assert.Equal((1 + 36) * model.HiddenSize, model.Embed([ImageFile.Load(Fixture("img0.png"))], new EmbeddingOptions { Pooling = Pooling.None })[0].Length);
    }

    [Fact]
    public void Image_sizes_that_a_model_cannot_have_are_refused()
    {
        string file = Convert("vision_tiny.pt");
        foreach (int size in (int[])[0, -8, 4, 36])
        {
            Assert.Contains("multiple of the patch size 8", Impossible(size), StringComparison.Ordinal);
        }

        Assert.Contains("patches", Impossible(3200), StringComparison.Ordinal);
        Assert.Contains("4096", Impossible(1 << 20), StringComparison.Ordinal);

        (float[] table, VisionConfig config) = Table();
        Assert.Contains("2 x 2", Refused(() => RelativePositionTable.Resize(table.AsSpan(0, 12 * config.Heads), config.Heads, 2, 4)), StringComparison.Ordinal);

        string Impossible(int size) =>
            Assert.ThrowsAny<ArgumentException>(() => Data2VecModel.Load(file, new ModelOptions { ImageSize = size })).Message;
    }

    [Fact]
    public void Positions_of_a_grid_are_sines_and_cosines()
    {
        float[] expected = Read("tiny/positions_5.npy").Floats();
        float[] actual = SinusoidalPositions.Create(5, 16);
        Assert.True(expected.Zip(actual, (a, b) => MathF.Abs(a - b)).Max() <= 1e-6f);
    }

    private static string Refused(Action action) => Assert.Throws<InvalidDataException>(action).Message;

    private (float[] Table, VisionConfig Config) Table()
    {
        using ModelFile.D2vFile file = ModelFile.D2vFile.Open(Convert("vision_tiny.pt"));
        ModelFile.TensorInfo table = file.Tensor("relative_position_bias.weight");
        var values = new float[table.Count];
        file.Read(table, values);
        return (values, VisionConfig.FromJson(file.Config));
    }

    private ReadOnlyMemory<float>[] Images(string name) => [.. Read(name).Floats().Chunk(3 * 32 * 32).Select(image => (ReadOnlyMemory<float>)image)];

    /// <summary>One matrix <c>[rows, features]</c> of an array of matrices.</summary>
    private float[] Part(string name, int index)
    {
        NpyArray array = Read(name);
        int size = (int)(array.Shape[^2] * array.Shape[^1]);
        return array.Floats()[(index * size)..((index + 1) * size)];
    }
}
