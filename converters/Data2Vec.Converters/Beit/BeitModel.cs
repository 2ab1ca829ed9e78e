using Data2Vec.Architectures;
using Data2Vec.Converters.Fairseq;
using Data2Vec.Converters.Layouts;
using Data2Vec.Converters.PyTorch;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Beit;

/// <summary>
/// Data2vec vision models in the layout of BEiT, whose code they were first trained with: the weights under <c>model</c>, under
/// DeepSpeed's <c>module</c>, or alone. Their structure is told by the weights.
/// </summary>
internal static class BeitModel
{
    private const string Name = "data2vec_vision";
    private const string Patches = "patch_embed.proj.weight";
    private const string SharedTable = "rel_pos_bias.relative_position_bias_table";
    private const string Block = "blocks.{i}";

    /// <summary>The class token's entries at the end of a table of relative positions.</summary>
    private const int ClassEntries = 3;

    // Of BEiT's VisionTransformer: eps of all its normalizations.
    private const float Epsilon = 1e-6f;

    // What masked patches are replaced by, and the head that predicts them. The numbers of the relative positions follow from
    // the grid.
    private static readonly string[] s_leftOut = ["mask_token", "lm_head.", "rel_pos_bias.relative_position_index"];

    private static readonly TensorNames s_names = Names();

    /// <summary>Reads the structure of a model; null where the file holds none of this layout.</summary>
    /// <param name="root">What the file holds.</param>
    /// <param name="options">What was given beside it.</param>
    /// <exception cref="InvalidDataException">It is of a structure that is not supported.</exception>
    public static SourceModel? TryRead(PickleDictionary root, ConversionOptions options)
    {
        var top = new PickledWeights(root);
        (string? place, PickledWeights? weights) = new (string?, PickledWeights?)[] { ("model", top.Group("model")), ("module", top.Group("module")), (null, top) }
            .FirstOrDefault(group => group.Item2?.Contains(Patches) == true);
        if (weights is null)
        {
            return null;
        }

        options.RefuseForImages();

        // A classification head on the class token would have 'norm' instead.
        int? classes = weights.Size("head.weight", 2, 0, Limits.Size);
        if (classes is not null && !weights.Contains("fc_norm.weight"))
        {
            throw new InvalidDataException("a classification head on the class token (no fc_norm) is not supported; on the mean of the patches it is");
        }

        VisionConfig config = ReadConfig(weights, FairseqOptions.Of(root.TryGetValue("args", out object? args) ? args : null), LabelFile.For(classes, options.LabelsPath));
        string head = classes is null ? "pretrained" : $"with a classification head of {classes} labels";
        return new SourceModel
        {
            Architecture = ModelArchitecture.Data2VecVision,
            Format = "beit",
            Name = Name,
            Description = $"data2vec vision model, {head} (BEiT's layout{(place is null ? "" : $", under '{place}'")})",
            Config = config.ToJson(),
            Tensors = ModelTensors.Of(config),
            NeedsOneOf = ModelTensors.PositionBiases,
            Weights = weights,
            Names = s_names,
            LeftOut =
            [
                .. s_leftOut,
                .. Enumerable.Range(0, config.Layers).Select(i => $"blocks.{i}.attn.relative_position_index"),
            ],
        };
    }

    private static TensorNames Names()
    {
        var names = new TensorNames
        {
            { "patch_embedding", "patch_embed.proj" },
            { "class_token", "cls_token" },
            { "relative_position_bias.weight", SharedTable },
            { "encoder.{i}.feed_forward.intermediate", $"{Block}.mlp.fc1" },
            { "encoder.{i}.feed_forward.output", $"{Block}.mlp.fc2" },
            { "encoder.norm", "norm" },
            { "classifier.norm", "fc_norm" },
            { "classifier.output", "head" },
        };
        BeitBlockNames.AddTo(names, Block);
        return names;
    }

    private static VisionConfig ReadConfig(PickledWeights weights, FairseqOptions? arguments, IReadOnlyList<string>? labels)
    {
        int hidden = weights.RequireSize(Patches, 4, 0, Limits.Size);
        int patch = weights.RequireSize(Patches, 4, 3, ImagePreprocessing.MaxSize);
        string table = weights.Contains(SharedTable) ? SharedTable : "blocks.0.attn.relative_position_bias_table";
        int distances = weights.RequireSize(table, 2, 0, Limits.Size) - ClassEntries;
        int heads = weights.RequireSize(table, 2, 1, Limits.Size);
        int grid = ((int)Math.Sqrt(Math.Max(distances, 0)) + 1) / 2;
        if (grid < 1 || (2 * grid - 1) * (2 * grid - 1) != distances)
        {
            throw new InvalidDataException($"{table} has {distances + ClassEntries} rows, which are those of no square of patches");
        }

        long size = (long)grid * patch;
        if (size > ImagePreprocessing.MaxSize)
        {
            throw new InvalidDataException($"the model sees {size} x {size} pixels, of which {ImagePreprocessing.MaxSize} are supported");
        }

        int layers = 0;
        while (layers < Limits.Layers && weights.Contains($"blocks.{layers}.norm1.weight"))
        {
            layers++;
        }

        if (layers == 0)
        {
            throw new InvalidDataException("blocks.0.norm1.weight is missing");
        }

        return new VisionConfig
        {
            Preprocessing = ReadPreprocessing((int)size, arguments, labels is null),
            ImageSize = (int)size,
            PatchSize = patch,
            HiddenSize = hidden,
            Layers = layers,
            Heads = heads,
            FeedForwardSize = weights.RequireSize("blocks.0.mlp.fc1.weight", 2, 0, Limits.Size),
            Epsilon = Epsilon,
            HasFinalNorm = labels is null,
            Labels = labels,
        };
    }

    // BEiT's evaluation brings the shorter side to 256 for 224 pixels, and crops; from 384 on it crops nothing off.
    private static ImagePreprocessing ReadPreprocessing(int size, FairseqOptions? arguments, bool pretrained)
    {
        const int Uncropped = 384;
        bool imageNet = arguments?.Boolean("imagenet_default_mean_and_std") ?? pretrained;
        double share = arguments?.Number("crop_pct", 0.0) is > 0 and var given ? given : size < Uncropped ? 224 / 256.0 : 1;
        double resized = Math.Floor(size / share);
        if (resized < 1 || resized > ImagePreprocessing.MaxSize)
        {
            throw new InvalidDataException($"images of {size} pixels would be cut from {resized}, of which 1 to {ImagePreprocessing.MaxSize} are supported");
        }

        return ImagePreprocessing.ResizeThenCentreCrop(
            (int)resized,
            size,
            imageNet ? ImagePreprocessing.ImageNetMean : ImagePreprocessing.Half,
            imageNet ? ImagePreprocessing.ImageNetStandardDeviation : ImagePreprocessing.Half);
    }
}
