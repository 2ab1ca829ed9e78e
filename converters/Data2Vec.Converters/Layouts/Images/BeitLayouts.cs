using Data2Vec.Architectures;
using Data2Vec.Converters.HuggingFace;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Layouts;

/// <summary>
/// BEiT, pretrained or with a classification head, in its own files and in Hugging Face folders; and SimMIM's vision transformer, which is BEiT's.
/// data2vec's vision models were first trained with BEiT's code and have the same names.
/// </summary>
internal static class BeitLayouts
{
    private const string Beit = "beit", Simmim = "simmim";

    private const string Patches = "patch_embed.proj.weight", Positions = "pos_embed", SharedTable = "rel_pos_bias.relative_position_bias_table", Table = "relative_position_bias_table";

    private const string SimmimPrefix = "encoder.", SimmimDecoder = "decoder.";

    /// <summary>What the normalizations of all but Hugging Face's models add to the variance.</summary>
    private const float Epsilon = 1e-6f;

    /// <summary>Rows of the class token at the end of a table of relative positions.</summary>
    private const int ClassRows = 3;

    private static readonly LayoutTable s_options = new("""
        model file         | beit
        hidden_size        | hidden_size = 768
        layers             | num_hidden_layers = 12
        heads              | num_attention_heads = 12
        feed_forward_size  | intermediate_size = 3072
        epsilon            | layer_norm_eps = 1e-12
        image_size         | image_size = 224
        patch_size         | patch_size = 16
        mean_pooling       | use_mean_pooling = true
        position_vectors   | use_absolute_position_embeddings = false
        shared_table       | use_shared_relative_position_bias = false
        tables             | use_relative_position_bias = false
        layer_scale        | layer_scale_init_value = 0.1
        must be 3          | num_channels = 3
        must be gelu       | hidden_act = gelu
        """);

    /// <summary>All of them.</summary>
    public static IEnumerable<Layout> All =>
    [
        new("SimMIM", Simmim, "SimMIM vision transformer", ReadSimmim) { Recognizes = IsSimmim },
        new("BEiT", Beit, "BEiT vision transformer", ReadBeit) { Recognizes = checkpoint => IsBare(checkpoint) && IsBeit(checkpoint.Weights) && !IsData2Vec(checkpoint) },
        new("beit", VisionLayouts.Fairseq, "data2vec vision model", ReadData2Vec)
        {
            Recognizes = checkpoint => IsBare(checkpoint) && checkpoint.Weights.Contains(Patches) && !VitLayouts.HasTimmNames(checkpoint.Weights),
        },
        new(SourceCheckpoint.HuggingFace, Beit, "BEiT vision transformer", ReadHuggingFace) { HeadEnding = "ForImageClassification", Outside = ["layernorm."] },
    ];

    /// <summary>Whether weights have what BEiT's have and plain vision transformers have not.</summary>
    public static bool IsBeit(Weights weights) => weights.Contains(Patches) && weights.Names.Any(name =>
        name.EndsWith(Table, StringComparison.Ordinal) || name.EndsWith(".attn.q_bias", StringComparison.Ordinal) || name.EndsWith(".gamma_1", StringComparison.Ordinal));

    // data2vec predicts vectors as wide as its own, and BEiT the numbers of a vocabulary. data2vec's fine-tuned models are published as DeepSpeed writes them.
    private static bool IsData2Vec(SourceCheckpoint checkpoint)
    {
        Weights weights = checkpoint.Weights;
        IReadOnlyList<long>? predictor = weights.Find("lm_head.weight")?.Shape;
        bool isHeaded = weights.Contains("head.weight") || weights.Contains("fc_norm.weight");
        return !weights.Contains(Positions) && (predictor is null || (predictor.Count == 2 && predictor[0] == predictor[1]))
            && (!isHeaded || (checkpoint.Wrapper == "module" && weights.Contains("fc_norm.weight")));
    }

    // In a folder, its configuration says what the weights are.
    private static bool IsBare(SourceCheckpoint checkpoint) => checkpoint.Folder is null;

    private static bool IsSimmim(SourceCheckpoint checkpoint) =>
        (checkpoint.Weights.Contains(SimmimPrefix + Patches) && checkpoint.Weights.Contains("decoder.0.weight"))
        || (SimmimOptions(checkpoint) is not null && IsBeit(checkpoint.Weights));

    private static CheckpointOptions? SimmimOptions(SourceCheckpoint checkpoint) =>
        CheckpointOptions.FromPickle(checkpoint.Root?.TryGetValue("config", out object? value) == true ? value : null) is { } options && options.Has("MODEL.VIT") ? options : null;

    private static SourceModel ReadSimmim(Layout layout, SourceCheckpoint checkpoint, ConversionOptions given)
    {
        CheckpointOptions? options = SimmimOptions(checkpoint);
        Weights weights = checkpoint.Weights.Except(name => name.StartsWith(SimmimDecoder, StringComparison.Ordinal)).Without(SimmimPrefix);
        int? heads = options?.Group("MODEL.VIT") is { } vit && vit.Has("NUM_HEADS") ? vit.Integer("NUM_HEADS", 1, 1, Limits.Size) : null;
        int layers = weights.CountLayers(VitLayouts.Blocks);
        InvalidData.ThrowIf(
            options?.Integer("MODEL.VIT.DEPTH", layers, 1, Limits.Layers) is { } depth && depth != layers,
            $"the model has {layers} layers, and the option MODEL.VIT.DEPTH gives another number; is the file complete?");
        string interpolation = options?.Text("DATA.INTERPOLATION") ?? "bicubic";
        InvalidData.ThrowIf(interpolation is not ("bicubic" or "bilinear"), $"the option DATA.INTERPOLATION is '{PickleText.Quote(interpolation)}'; bicubic and bilinear are supported");
        Interpolation filter = interpolation == "bicubic" ? Interpolation.Bicubic : Interpolation.Bilinear;
        ImagePreprocessing Prepare(int size) => options?.Flag("TEST.CROP") ?? true
            ? ImagePreparation.ResizeThenCrop(size, size * 256 / 224.0, isImageNet: true, filter)
            : new ImagePreprocessing(ResizeMode.Squash, size, size, ImagePreprocessing.ImageNetMean, ImagePreprocessing.ImageNetStandardDeviation, filter);
        return Read(layout, checkpoint with { Weights = weights }, given, heads, Prepare);
    }

    private static SourceModel ReadBeit(Layout layout, SourceCheckpoint checkpoint, ConversionOptions given) =>
        Read(layout, checkpoint, given, null, size => Preprocessing(size, checkpoint.Options, isImageNet: false));

    private static SourceModel Read(
        Layout layout, SourceCheckpoint checkpoint, ConversionOptions given, int? knownHeads, Func<int, ImagePreprocessing> preprocessing)
    {
        given.RefuseForImages();
        Weights weights = checkpoint.Weights;
        bool Any(string ending) => weights.Names.Any(name => name.EndsWith(ending, StringComparison.Ordinal));
        bool hasPositions = weights.Contains(Positions), isMean = weights.Contains("fc_norm.weight"), hasTables = !hasPositions || Any(Table);
        int? classes = weights.Size("head.weight", 2, 0, Limits.Size);
        Shape shape = hasTables ? ShapeOf(weights) : ShapeOfPositions(weights, checkpoint, given, knownHeads);
        InvalidData.ThrowIf(
            hasTables && knownHeads is { } heads && heads != shape.Heads, $"the options of the checkpoint give {knownHeads} attention heads, and its tables of relative positions have {shape.Heads}");
        var config = new VitConfig
        {
            Architecture = ModelArchitecture.Beit,
            Preprocessing = preprocessing(shape.Size),
            ImageSize = shape.Size,
            PatchSize = shape.Patch,
            HiddenSize = shape.Hidden,
            Layers = shape.Layers,
            Heads = shape.Heads,
            FeedForwardSize = shape.FeedForward,
            Epsilon = Epsilon,
            HasFinalNorm = !isMean,
            HasPositionVectors = hasPositions,
            HasRelativePositions = hasTables,
            HasLayerScale = Any(".gamma_1") || Any(".gamma_2"),
            AttentionBiases = Any(".attn.q_bias") || Any(".attn.v_bias") ? AttentionBiases.QueryValue : AttentionBiases.None,
            Interpolation = hasPositions ? PositionInterpolation.Bicubic : null,
            Pooler = new VitPooler(isMean ? Pooling.Mean : Pooling.Class, HasNorm: isMean),
            Labels = LabelFile.For(classes, given.LabelsPath),
            Embedding = new EmbeddingDefaults { Pooling = isMean ? Pooling.Pooler : classes is null ? Pooling.Mean : Pooling.Class },
        };
        return Describe(layout, checkpoint, config, VisionLayouts.BeitNames, $"{layout.Format}'s layout{checkpoint.UnderWrapper}", VisionLayouts.Tables);
    }

    private static SourceModel ReadData2Vec(Layout layout, SourceCheckpoint checkpoint, ConversionOptions given)
    {
        given.RefuseForImages();
        Shape shape = ShapeOf(checkpoint.Weights);
        IReadOnlyList<string>? labels = LabelFile.For(checkpoint.Weights.Size("head.weight", 2, 0, Limits.Size), given.LabelsPath);
        var config = new VisionConfig
        {
            Preprocessing = Preprocessing(shape.Size, checkpoint.Options, isImageNet: labels is null),
            ImageSize = shape.Size,
            PatchSize = shape.Patch,
            HiddenSize = shape.Hidden,
            Layers = shape.Layers,
            Heads = shape.Heads,
            FeedForwardSize = shape.FeedForward,
            Epsilon = Epsilon,
            HasFinalNorm = labels is null,
            Labels = labels,
        };
        return Describe(layout, checkpoint, config, VisionLayouts.BeitNames, $"BEiT's layout{checkpoint.UnderWrapper}", VisionLayouts.Tables);
    }

    private static SourceModel ReadHuggingFace(Layout layout, SourceCheckpoint checkpoint, ConversionOptions given)
    {
        given.RefuseForImages();
        (HuggingFaceFolder folder, CheckpointOptions json) = checkpoint.InFolder;
        var options = new LayoutOptions(s_options, Beit, json);
        Weights weights = checkpoint.Weights;
        int? classes = weights.Size("classifier.weight", 2, 0, Limits.Size);
        TransformerSizes sizes = TransformerSizes.Read(options);
        int image = options.Side("image_size", 1, ImagePreprocessing.MaxSize);

        // With the mean, a norm follows it where there is a pooler; what predicts visual tokens has its own norm, outside the encoder.
        bool isMean = options.Flag("mean_pooling"), hasPooler = isMean && (classes is not null || weights.Contains("pooler.layernorm.weight"));
        bool hasNorm = !isMean || (!hasPooler && (weights.Contains("layernorm.weight") || folder.Weights.Contains("lm_head.weight")));
        bool hasPositions = options.Flag("position_vectors"), hasTables = options.Flag("tables") || options.Flag("shared_table");
        var config = new VitConfig
        {
            Architecture = ModelArchitecture.Beit,
            Preprocessing = ImagePreparation.HuggingFace(image, folder, "BeitImageProcessor", Interpolation.Bicubic, checkpoint.Warnings),
            ImageSize = image,
            PatchSize = options.DividingSide("patch_size", "image_size", image),
            HiddenSize = sizes.Hidden,
            Layers = sizes.Layers,
            Heads = sizes.Heads,
            FeedForwardSize = sizes.FeedForward,
            Epsilon = sizes.Epsilon,
            HasFinalNorm = hasNorm,
            HasPositionVectors = hasPositions,
            HasRelativePositions = hasTables,
            HasLayerScale = options.Number("layer_scale") > 0,
            AttentionBiases = AttentionBiases.QueryValue,
            Interpolation = hasPositions ? PositionInterpolation.BicubicOffset : null,
            Pooler = new VitPooler(isMean ? Pooling.Mean : Pooling.Class, HasNorm: hasPooler),
            Labels = LabelFile.For(classes, given.LabelsPath, count => json.Labels("id2label", count)),
            HeadFunction = HuggingFaceHead.Function(json, classes),
            Embedding = new EmbeddingDefaults { Pooling = hasPooler ? Pooling.Pooler : isMean ? Pooling.Mean : Pooling.Class },
        };
        VisionLayouts.CheckPresence(weights, json);
        return Describe(layout, checkpoint, config, VisionLayouts.HuggingFaceNames, "Hugging Face Beit", []);
    }

    private static SourceModel Describe(
        Layout layout, SourceCheckpoint checkpoint, PatchConfig config, TensorNames names, string source, IReadOnlyList<string> needed)
    {
        string head = config.Labels is { } labels ? $"with a classification head of {labels.Count} labels" : "pretrained";
        return SourceModel.Create(layout, checkpoint, config, names, $"{layout.Title}, {head} ({source})") with
        {
            NeedsOneOf = config is VitConfig { HasRelativePositions: false } ? [] : needed,
        };
    }

    // BEiT's evaluation resizes the shorter side to 256 for 224 pixels, then crops; from 384 pixels on it does not crop.
    private static ImagePreprocessing Preprocessing(int size, CheckpointOptions? arguments, bool isImageNet)
    {
        double share = arguments?.Number("crop_pct", 0) is > 0 and var given ? given : size < 384 ? 224 / 256.0 : 1;
        return ImagePreparation.ResizeThenCrop(size, size / share, arguments?.Flag("imagenet_default_mean_and_std") ?? isImageNet);
    }

    /// <summary>The structure that the weights tell, of which tables of relative positions give the grid and the heads.</summary>
    private static Shape ShapeOf(Weights weights)
    {
        string table = weights.Contains(SharedTable) ? SharedTable : $"blocks.0.attn.{Table}";
        int distances = weights.RequireSize(table, 2, 0, Limits.Size) - ClassRows, grid = ((int)Math.Sqrt(Math.Max(distances, 0)) + 1) / 2;
        InvalidData.ThrowIf(
            grid < 1 || (2 * grid - 1) * (2 * grid - 1) != distances,
            $"{table} has {distances + ClassRows} rows, which is not the number for a square of patches");

        int patch = weights.RequireSize(Patches, 4, 3, ImagePreprocessing.MaxSize);
        return ShapeOf(weights, VitLayouts.ImageSize(grid * grid + 1, patch, weights.Label(table)), patch, weights.RequireSize(table, 2, 1, Limits.Size));
    }

    /// <summary>The structure of a model with position vectors alone.</summary>
    private static Shape ShapeOfPositions(Weights weights, SourceCheckpoint checkpoint, ConversionOptions given, int? heads)
    {
        int patch = weights.RequireSize(Patches, 4, 3, ImagePreprocessing.MaxSize), hidden = weights.RequireSize(Patches, 4, 0, Limits.Size);
        int size = VitLayouts.ImageSize(weights.RequireSize(Positions, 3, 1, int.MaxValue), patch, weights.Label(Positions));
        return ShapeOf(weights, size, patch, AttentionHeads.Count(hidden, heads, given, checkpoint.Warnings));
    }

    private static Shape ShapeOf(Weights weights, int size, int patch, int heads)
    {
        int layers = weights.CountLayers(VitLayouts.Blocks);
        return new Shape(
            size,
            patch,
            weights.RequireSize(Patches, 4, 0, Limits.Size),
            layers > 0 ? layers : throw new InvalidDataException($"blocks.0.norm1.weight is missing; {weights.ShowNames()}"),
            heads,
            weights.RequireSize("blocks.0.mlp.fc1.weight", 2, 0, Limits.Size));
    }

    private sealed record Shape(int Size, int Patch, int Hidden, int Layers, int Heads, int FeedForward);
}
