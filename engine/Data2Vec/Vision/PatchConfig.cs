using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Data2Vec.Vision.Images;

namespace Data2Vec.Vision;

/// <summary>The structure of a transformer that sees the patches of a square image, with a class token before them.</summary>
public abstract record PatchConfig : TransformerConfig
{
    /// <summary>The most numbers in the attention biases of all layers, or in position vectors: a gigabyte.</summary>
    internal const long MostBiases = 1 << 28;

    private protected PatchConfig(string architecture)
        : base(architecture)
    {
    }

    /// <summary>Reads the fields that all of them have.</summary>
    [SetsRequiredMembers]
    private protected PatchConfig(JsonFields json, string architecture)
        : base(json, architecture)
    {
        Preprocessing = ImagePreprocessing.FromJson(json.Object("preprocessing").Json);
        ImageSize = json.Size("image_size", ImagePreprocessing.MaxSize);
        PatchSize = json.Size("patch_size", ImagePreprocessing.MaxSize);
        Epsilon = json.Epsilon("layer_norm_epsilon");
        HasFinalNorm = json.Flag("final_norm");
    }

    /// <summary>How an image becomes pixels.</summary>
    public required ImagePreprocessing Preprocessing { get; init; }

    /// <summary>Height and width of the images that the model sees, in pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Height and width of a patch, in pixels.</summary>
    public required int PatchSize { get; init; }

    /// <summary>Whether a normalization follows the last layer.</summary>
    public required bool HasFinalNorm { get; init; }

    /// <summary>Patches per row and column.</summary>
    public int GridSize => ImageSize / PatchSize;

    /// <summary>Patches of an image.</summary>
    public int Patches => GridSize * GridSize;

    /// <summary>Values of a patch: its pixels in three channels.</summary>
    internal int PatchLength => 3 * PatchSize * PatchSize;

    /// <summary>Rows of a relative position table: one per distance between patches, and three for the class token.</summary>
    internal int RelativePositions => (2 * GridSize - 1) * (2 * GridSize - 1) + 3;

    /// <summary>Whether the model can see so many patches.</summary>
    private protected abstract bool GridFits { get; }

    /// <summary>Whether attention biases between all rows of an image can be held.</summary>
    private protected bool BiasesFit => (long)Heads * (1 + Patches) * (1 + Patches) <= MostBiases;

    /// <summary>Whether the fields of the image fit each other.</summary>
    private protected bool SizesFit => ImageSize % PatchSize == 0 && GridFits && Preprocessing.CropSize == ImageSize;

    /// <summary>The same model for images of another size.</summary>
    /// <param name="size">The new <see cref="ImageSize"/>.</param>
    /// <exception cref="ArgumentException">The model cannot see images of this size.</exception>
    internal PatchConfig WithImageSize(int size)
    {
        if (size == ImageSize)
        {
            return this;
        }

        if (size < PatchSize || size % PatchSize != 0)
        {
            throw new ArgumentException($"The image size {size} is not a multiple of the patch size {PatchSize}.", nameof(size));
        }

        PatchConfig config = this with { ImageSize = size, Preprocessing = Preprocessing.WithCropSize(size) };
        return config.GridFits ? config : throw new ArgumentException($"The image size {size} gives {config.Patches} patches, which is out of the supported range.", nameof(size));
    }

    /// <summary>The fields that all of them have.</summary>
    private protected JsonObject PatchFields() => new()
    {
        ["image_size"] = ImageSize,
        ["patch_size"] = PatchSize,
        ["hidden_size"] = HiddenSize,
        ["layers"] = Layers,
        ["heads"] = Heads,
        ["feed_forward_size"] = FeedForwardSize,
        ["layer_norm_epsilon"] = Epsilon,
        ["final_norm"] = HasFinalNorm,
    };
}
