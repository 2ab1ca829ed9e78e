using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Vision.Images;

namespace Data2Vec.Vision;

/// <summary>The structure of a vision transformer (fairseq's <c>Data2VecVisionConfig</c>, BEiT's).</summary>
public sealed record VisionConfig : TransformerConfig
{
    /// <summary>The most numbers in the attention biases of all layers: a gigabyte.</summary>
    internal const long MostBiases = 1 << 28;

    private const string ClassifierEpsilonName = "classifier_norm_epsilon";

    /// <summary>A configuration of data2vec's vision model; <see cref="ModelConfig.Architecture"/> can be set to data2vec 2.0's.</summary>
    public VisionConfig()
        : base(ModelArchitecture.Data2VecVision)
    {
    }

    [SetsRequiredMembers]
    private VisionConfig(JsonFields json, string architecture)
        : base(json, architecture)
    {
        Preprocessing = ImagePreprocessing.FromJson(json.Object("preprocessing").Json);
        ImageSize = json.Size("image_size", ImagePreprocessing.MaxSize);
        PatchSize = json.Size("patch_size", ImagePreprocessing.MaxSize);
        Epsilon = json.Epsilon("layer_norm_epsilon");
        ClassifierEpsilon = json.Has(ClassifierEpsilonName) ? json.Epsilon(ClassifierEpsilonName) : null;
        HasFinalNorm = json.Flag("final_norm");
        PoolSkipsFirstPatch = json.Flag("pool_skips_first_patch");
        if (!GridFits || Preprocessing.CropSize != ImageSize || (HasInputNorm && HasFinalNorm))
        {
            throw new InvalidDataException("the configuration contradicts itself: image, patches, preprocessing and normalizations do not fit each other");
        }
    }

    /// <summary>How an image becomes pixels.</summary>
    public required ImagePreprocessing Preprocessing { get; init; }

    /// <summary>Height and width of the images that the model sees, in pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Height and width of a patch, in pixels.</summary>
    public required int PatchSize { get; init; }

    /// <summary>Whether layers normalize before attention and feed-forward block; otherwise after each residual.</summary>
    public bool NormalizesFirst => !IsData2Vec2;

    /// <summary>Whether position vectors are added to the patches; otherwise attention has relative position bias.</summary>
    public bool HasPositionVectors => IsData2Vec2;

    /// <summary>Whether a normalization precedes the first layer.</summary>
    public bool HasInputNorm => IsData2Vec2;

    /// <summary>Whether a normalization follows the last layer.</summary>
    public required bool HasFinalNorm { get; init; }

    /// <summary>
    /// Whether the classification head's mean skips the first patch. fairseq's <c>Data2VecImageClassificationModel</c> drops the class token twice,
    /// and its models are trained that way.
    /// </summary>
    public bool PoolSkipsFirstPatch { get; init; }

    /// <summary>What the normalization of the classification head adds to the variance; null for <see cref="TransformerConfig.Epsilon"/>.</summary>
    public float? ClassifierEpsilon { get; init; }

    /// <summary>Patches per row and column.</summary>
    public int GridSize => ImageSize / PatchSize;

    /// <summary>Patches of an image.</summary>
    public int Patches => GridSize * GridSize;

    /// <summary>Values of a patch: its pixels in three channels.</summary>
    internal int PatchLength => 3 * PatchSize * PatchSize;

    private bool GridFits => ImageSize % PatchSize == 0
        && (long)Heads * (1 + Patches) * (1 + Patches) <= MostBiases && (Patches > 1 || !PoolSkipsFirstPatch);

    /// <summary>Rows of a relative position table: one per distance between patches, and three for the class token.</summary>
    internal int RelativePositions => (2 * GridSize - 1) * (2 * GridSize - 1) + 3;

    private bool IsData2Vec2 => Architecture == ModelArchitecture.Data2Vec2Vision;

    /// <summary>Reads the <c>config</c> of a model file.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    public static new VisionConfig FromJson(JsonElement json, string architecture = ModelArchitecture.Data2VecVision) =>
        new(JsonFields.Configuration(json), architecture);

    /// <summary>The same model for images of another size.</summary>
    /// <param name="size">The new <see cref="ImageSize"/>.</param>
    /// <exception cref="ArgumentException">The model cannot see images of this size.</exception>
    internal VisionConfig WithImageSize(int size)
    {
        if (size == ImageSize)
        {
            return this;
        }

        if (size < PatchSize || size % PatchSize != 0)
        {
            throw new ArgumentException($"The image size {size} is not a multiple of the patch size {PatchSize}.", nameof(size));
        }

        VisionConfig config = this with { ImageSize = size, Preprocessing = Preprocessing.WithCropSize(size) };
        return config.GridFits ? config : throw new ArgumentException($"The image size {size} gives {config.Patches} patches, which is out of the supported range.", nameof(size));
    }

    /// <inheritdoc/>
    public override JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["image_size"] = ImageSize,
            ["patch_size"] = PatchSize,
            ["hidden_size"] = HiddenSize,
            ["layers"] = Layers,
            ["heads"] = Heads,
            ["feed_forward_size"] = FeedForwardSize,
            ["layer_norm_epsilon"] = Epsilon,
            ["final_norm"] = HasFinalNorm,
            ["pool_skips_first_patch"] = PoolSkipsFirstPatch,
            ["preprocessing"] = Preprocessing.ToJson(),
        };
        if (ClassifierEpsilon is { } epsilon)
        {
            json[ClassifierEpsilonName] = epsilon;
        }

        return WithCommon(json);
    }
}
