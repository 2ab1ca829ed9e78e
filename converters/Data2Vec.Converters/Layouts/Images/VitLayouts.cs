using Data2Vec.Converters.HuggingFace;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Layouts;

/// <summary>
/// Vision transformers with position vectors: MAE, DINO, MoCo v3 and MaskFeat in the files of their projects, timm's and torchvision's, and those of
/// Hugging Face folders; pretrained or with a classification head.
/// </summary>
internal static class VitLayouts
{
    /// <summary>A tensor of each layer, in timm's names.</summary>
    public const string Blocks = "blocks.{i}.norm1.weight";

    private const string Patches = "patch_embed.proj.weight", Positions = "pos_embed";

    /// <summary>The encoder's name in provenance.</summary>
    private const string Model = "vit";

    /// <summary>What the normalizations of all but Hugging Face's models add to the variance.</summary>
    private const float Epsilon = 1e-6f;

    private static readonly (string Size, int Hidden, int Layers)[] s_published =
        [("tiny", 192, 12), ("small", 384, 12), ("base", 768, 12), ("large", 1024, 24), ("huge", 1280, 32)];

    /// <summary>All of them.</summary>
    public static IEnumerable<Layout> All =>
    [
        .. VitSource.All.Select(source => new Layout(source.Format, Model, source.Title, (layout, checkpoint, given) => Read(layout, source, checkpoint, given))
        {
            Recognizes = checkpoint => checkpoint.Format != SourceCheckpoint.HuggingFace && source.Recognizes(checkpoint),
        }),
        new("torchvision", Model, "torchvision's vision transformer", ReadTorchvision) { Recognizes = IsTorchvision },
        new(SourceCheckpoint.HuggingFace, "vit", "vision transformer", ReadHuggingFace) { HeadEnding = "ForImageClassification" },
        new(SourceCheckpoint.HuggingFace, "vit_mae", "MAE vision transformer", ReadHuggingFace) { HeadEnding = "ForImageClassification", Prefix = "vit." },
    ];

    /// <summary>Whether weights are those of a vision transformer in a layout without a configuration.</summary>
    public static bool HasPatches(Weights weights) =>
        weights.Names.Any(name => name.EndsWith("patch_embed.proj.weight", StringComparison.Ordinal) || name.EndsWith("patch_embed.proj.0.weight", StringComparison.Ordinal)
            || name == "conv_proj.weight");

    /// <summary>Whether weights have timm's names of a vision transformer with position vectors.</summary>
    public static bool HasTimmNames(Weights weights) =>
        weights.Contains(Patches) && !BeitLayouts.IsBeit(weights) && (weights.Contains(Positions) || weights.Contains("blocks.0.attn.qkv.bias"));

    private static bool IsTorchvision(SourceCheckpoint checkpoint) =>
        checkpoint.Weights.Contains("conv_proj.weight") && checkpoint.Weights.Contains("encoder.pos_embedding");

    private static SourceModel Read(Layout layout, VitSource source, SourceCheckpoint all, ConversionOptions given)
    {
        given.RefuseForImages();
        SourceCheckpoint checkpoint = source.Select(all, given);
        Weights weights = checkpoint.Weights;
        int? classes = weights.Size("head.weight", 2, 0, Limits.Size) ?? weights.Size("head.projection.weight", 2, 0, Limits.Size);
        VitPooler? known = source.Pooler(checkpoint) ?? (weights.Contains("fc_norm.weight") ? new VitPooler(Pooling.Mean, HasNorm: true) : null);
        VitPooler pooler = known ?? new VitPooler(Pooling.Class);
        VitConfig config = Config(weights, source.Preprocessing(checkpoint), new Names(Patches, Positions, Blocks, "blocks.0.mlp.fc1.weight", "attn.qkv.bias")) with
        {
            HasFinalNorm = !pooler.HasNorm,
            Pooler = pooler,
            Interpolation = source.Interpolation,
            Labels = LabelFile.For(classes, given.LabelsPath, source.Labels(checkpoint)),
            Embedding = new EmbeddingDefaults { Pooling = pooler.HasNorm ? Pooling.Pooler : known is null && classes is null ? source.Pretrained : pooler.Rows },
        };
        config = config with { Heads = AttentionHeads.Count(config.HiddenSize, source.Heads(checkpoint), given, checkpoint.Warnings, source.HeadSize(checkpoint)) };
        foreach ((int count, string origin) in new[] { source.Layers(all, given), PublishedLayers(all, config.HiddenSize) }.OfType<(int, string)>())
        {
            InvalidData.ThrowIf(count != config.Layers, $"the model has {config.Layers} layers, and {origin} {count}; is the file complete?");
        }

        return Describe(layout, checkpoint, config, VitNames.Timm, $"{source.Format}'s layout{source.Part(all, given)}{all.UnderWrapper}") with { IsTeacher = source.IsTeacher(given), HasStudent = source.HasStudent };
    }

    // The arguments of the projects' scripts name published structures.
    private static (int Count, string Origin)? PublishedLayers(SourceCheckpoint checkpoint, int hidden)
    {
        string? name = checkpoint.Root is { } root && root.TryGet("arch", out string? arch) ? arch
            : checkpoint.Format is null && checkpoint.Options is { } options ? ((string[])["arch", "model"]).Where(options.Has).Select(options.Text).FirstOrDefault()
            : null;
        (string Size, int Hidden, int Layers) known = s_published.FirstOrDefault(size => size.Hidden == hidden && name?.Contains(size.Size, StringComparison.Ordinal) == true);
        return known.Layers > 0 ? (known.Layers, $"{PickleText.Quote(name!)}, which the checkpoint names, has") : null;
    }

    private static SourceModel ReadTorchvision(Layout layout, SourceCheckpoint checkpoint, ConversionOptions given)
    {
        given.RefuseForImages();
        Weights weights = checkpoint.Weights;
        InvalidData.ThrowIf(
            weights.Contains("heads.pre_logits.weight"), "a torchvision vision transformer with a representation layer (heads.pre_logits) is not supported; one without it is");
        const string Layers = "encoder.layers.encoder_layer_{i}.";
        int? classes = weights.Size("heads.head.weight", 2, 0, Limits.Size);
        string first = weights.Contains("encoder.layers.encoder_layer_0.mlp.linear_1.weight") ? "mlp.linear_1.weight" : "mlp.0.weight";
        var names = new Names("conv_proj.weight", "encoder.pos_embedding", $"{Layers}ln_1.weight", $"encoder.layers.encoder_layer_0.{first}", "self_attention.in_proj.bias");
        VitConfig config = Config(weights, _ => null, names) with
        {
            Interpolation = PositionInterpolation.BicubicAligned,
            Labels = LabelFile.For(classes, given.LabelsPath),
            Embedding = new EmbeddingDefaults { Pooling = Pooling.Class },
        };
        config = config with
        {
            Heads = AttentionHeads.Count(config.HiddenSize, null, given, checkpoint.Warnings),
            Preprocessing = TorchvisionPreprocessing(config),
        };
        return Describe(layout, checkpoint, config, VitNames.Torchvision, "torchvision's layout");
    }

    // The published weights: 256 pixels before the crop of 224, of ViT-L/16 242; the larger ones (SWAG) are bicubic and do not crop.
    private static ImagePreprocessing TorchvisionPreprocessing(VitConfig config) => config.ImageSize > 224
        ? ImagePreparation.ResizeThenCrop(config.ImageSize, config.ImageSize, isImageNet: true)
        : ImagePreparation.ResizeThenCrop(
            config.ImageSize,
            config is { ImageSize: 224, PatchSize: 16, HiddenSize: 1024 } ? 242 : config.ImageSize * 256 / 224.0,
            isImageNet: true,
            Interpolation.Bilinear);

    private static SourceModel ReadHuggingFace(Layout layout, SourceCheckpoint checkpoint, ConversionOptions given)
    {
        given.RefuseForImages();
        (HuggingFaceFolder folder, CheckpointOptions json) = checkpoint.InFolder;
        var options = new LayoutOptions(VitNames.Options, VitNames.HuggingFace, json);
        Weights weights = checkpoint.Weights;
        int? classes = weights.Size("classifier.weight", 2, 0, Limits.Size);
        bool isMae = layout.Model == "vit_mae", isDense = weights.Contains("pooler.dense.weight");
        TransformerSizes sizes = TransformerSizes.Read(options);
        int image = options.Side("image_size", 1, ImagePreprocessing.MaxSize);
        var config = new VitConfig
        {
            Preprocessing = ImagePreparation.HuggingFace(image, folder, "ViTImageProcessor", Interpolation.Bilinear, checkpoint.Warnings),
            ImageSize = image,
            PatchSize = options.DividingSide("patch_size", "image_size", image),
            HiddenSize = sizes.Hidden,
            Layers = sizes.Layers,
            Heads = sizes.Heads,
            FeedForwardSize = sizes.FeedForward,
            Epsilon = sizes.Epsilon,
            HasFinalNorm = true,
            AttentionBiases = options.Flag("qkv_bias") ? AttentionBiases.All : AttentionBiases.None,
            Interpolation = isMae ? PositionInterpolation.Bicubic : PositionInterpolation.BicubicOffset,
            Pooler = new VitPooler(Pooling.Class, IsDense: isDense),
            Labels = LabelFile.For(classes, given.LabelsPath, count => json.Labels("id2label", count)),
            HeadFunction = HuggingFaceHead.Function(json, classes),
            Embedding = new EmbeddingDefaults { Pooling = isDense ? Pooling.Pooler : Pooling.Class },
        };
        return Describe(layout, checkpoint, config, VitNames.HuggingFace, $"Hugging Face {(isMae ? "ViTMAE" : "ViT")}");
    }

    private static SourceModel Describe(Layout layout, SourceCheckpoint checkpoint, VitConfig config, string column, string source)
    {
        string head = config.Labels is { } labels ? $"with a classification head of {labels.Count} labels" : "pretrained";
        string heads = config.Heads == 1 ? "1 attention head" : $"{config.Heads} attention heads";
        return SourceModel.Create(layout, checkpoint, config, VitNames.Of(column), $"{layout.Title}, {head}, {heads} ({source})");
    }

    /// <summary>The structure that the weights tell.</summary>
    private static VitConfig Config(Weights weights, Func<int, ImagePreprocessing?> preprocessing, Names names)
    {
        int patch = weights.RequireSize(names.Patches, 4, 3, ImagePreprocessing.MaxSize), hidden = weights.RequireSize(names.Patches, 4, 0, Limits.Size);
        int size = ImageSize(weights.RequireSize(names.Positions, 3, 1, int.MaxValue), patch, weights.Label(names.Positions));
        int layers = weights.CountLayers(names.Layers);
        bool hasBiases = weights.Names.Any(name => name.EndsWith(names.Biases, StringComparison.Ordinal));
        return new VitConfig
        {
            Preprocessing = preprocessing(size) ?? ImagePreprocessing.Squash(size, ImagePreprocessing.Half, ImagePreprocessing.Half),
            ImageSize = size,
            PatchSize = patch,
            HiddenSize = hidden,
            Layers = layers > 0 ? layers : throw new InvalidDataException(
                $"{weights.Label(names.Layers.Replace("{i}", "0", StringComparison.Ordinal))} is missing; {weights.ShowNames()}"),
            Heads = 1,
            FeedForwardSize = weights.RequireSize(names.FeedForward, 2, 0, Limits.Size),
            Epsilon = Epsilon,
            HasFinalNorm = true,
            AttentionBiases = hasBiases ? AttentionBiases.All : AttentionBiases.None,
        };
    }

    /// <summary>The size of the square of pixels of a number of position vectors, one of which is the class token's.</summary>
    /// <exception cref="InvalidDataException">It is not a square, or too large.</exception>
    public static int ImageSize(int positions, int patch, string label)
    {
        int grid = (int)Math.Sqrt(positions - 1);
        InvalidData.ThrowIf(
            grid < 1 || grid * grid != positions - 1,
            $"{label} has {positions} vectors, which is not one for the class token and one for each patch of a square; other structures are not supported");
        long size = (long)grid * patch;
        InvalidData.ThrowIf(size > ImagePreprocessing.MaxSize, $"the model takes {size} x {size} pixels; up to {ImagePreprocessing.MaxSize} are supported");
        return (int)size;
    }

    /// <summary>The names of the tensors that tell the structure.</summary>
    private sealed record Names(string Patches, string Positions, string Layers, string FeedForward, string Biases);
}
