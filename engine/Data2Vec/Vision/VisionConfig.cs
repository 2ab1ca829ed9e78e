using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.ModelFile;
using Data2Vec.Vision.Images;

namespace Data2Vec.Vision;

/// <summary>The structure of a vision model (fairseq's <c>Data2VecVisionConfig</c>, as far as inference needs it).</summary>
public sealed record VisionConfig
{
    /// <summary>The architecture's name in a model file.</summary>
    public const string Architecture = "data2vec-vision";

    /// <summary>The name of data2vec 2.0's, see <see cref="PostNorm"/>.</summary>
    public const string PostNormArchitecture = "data2vec2-vision";

    /// <summary>The most numbers in the biases of all layers: a gigabyte.</summary>
    internal const long MostBiases = 1 << 28;

    /// <summary>How an image becomes pixels.</summary>
    public required ImagePreprocessing Preprocessing { get; init; }

    /// <summary>The side of the square of pixels that the model sees.</summary>
    public required int ImageSize { get; init; }

    /// <summary>The side of a patch, in pixels.</summary>
    public required int PatchSize { get; init; }

    /// <summary>Features of a hidden state.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Transformer layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Attention heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Features inside a feed-forward block.</summary>
    public required int FeedForwardSize { get; init; }

    /// <summary>What the normalizations add to the variance.</summary>
    public float Epsilon { get; init; } = 1e-5f;

    /// <summary>
    /// Whether the layers normalize after each residual, as in data2vec 2.0, where vectors of positions are added to the patches and a
    /// normalization stands before the first layer; otherwise they normalize before, and attention has relative position bias.
    /// </summary>
    public bool PostNorm { get; init; }

    /// <summary>Whether a normalization follows the last layer.</summary>
    public required bool FinalNorm { get; init; }

    /// <summary>
    /// Whether the classification head's mean leaves out the first patch: fairseq's <c>Data2VecImageClassificationModel</c> takes the class
    /// token off twice, and models were trained so.
    /// </summary>
    public bool PoolSkipsFirstPatch { get; init; }

    /// <summary>What a classification head tells apart, in the order of its outputs, or null where the model has none.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Patches in a row and in a column.</summary>
    public int GridSize => ImageSize / PatchSize;

    /// <summary>Patches of an image.</summary>
    public int Patches => GridSize * GridSize;

    /// <summary>Numbers of a patch: its pixels in three channels.</summary>
    internal int PatchLength => 3 * PatchSize * PatchSize;

    private bool GridFits => ImageSize % PatchSize == 0
        && (long)Heads * (1 + Patches) * (1 + Patches) <= MostBiases && (Patches > 1 || !PoolSkipsFirstPatch);

    /// <summary>Rows of a table of relative positions: one for each distance between patches, three for the class token.</summary>
    internal int RelativePositions => (2 * GridSize - 1) * (2 * GridSize - 1) + 3;

    /// <summary>Reads the <c>config</c> of a model file.</summary>
    /// <param name="json">The configuration.</param>
    /// <param name="architecture">The architecture that the file names.</param>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    public static VisionConfig FromJson(JsonElement json, string architecture = Architecture)
    {
        (int hidden, int layers, int heads, int feedForward) = ConfigReader.Transformer(json);
        var config = new VisionConfig
        {
            Preprocessing = ImagePreprocessing.FromJson(ConfigReader.Property(json, "preprocessing", JsonValueKind.Object)),
            ImageSize = ConfigReader.Integer(json, "image_size", ImagePreprocessing.MaxSize),
            PatchSize = ConfigReader.Integer(json, "patch_size", ImagePreprocessing.MaxSize),
            HiddenSize = hidden,
            Layers = layers,
            Heads = heads,
            FeedForwardSize = feedForward,
            Epsilon = ConfigReader.Epsilon(json, "layer_norm_epsilon"),
            PostNorm = architecture == PostNormArchitecture,
            FinalNorm = ConfigReader.Flag(json, "final_norm"),
            PoolSkipsFirstPatch = ConfigReader.Flag(json, "pool_skips_first_patch"),
            Labels = ConfigReader.Labels(json),
        };
        return config.GridFits && config.Preprocessing.CropSize == config.ImageSize && !(config.PostNorm && config.FinalNorm)
            ? config
            : throw new InvalidDataException("the configuration contradicts itself: image, patches, preprocessing and normalizations do not fit each other");
    }

    /// <summary>The same model for images of another size.</summary>
    /// <param name="size">The side of the square of pixels that the model sees.</param>
    /// <exception cref="ArgumentException">The model cannot see images of this size.</exception>
    internal VisionConfig WithImageSize(int size)
    {
        if (size == ImageSize)
        {
            return this;
        }

        if (size < PatchSize || size % PatchSize != 0)
        {
            throw new ArgumentException($"An image size of {size} is not a multiple of {PatchSize}, the side of the model's patches.", nameof(size));
        }

        VisionConfig config = this with { ImageSize = size, Preprocessing = Preprocessing.WithCropSize(size) };
        return config.GridFits ? config : throw new ArgumentException($"An image size of {size} gives the model {config.Patches} patches, which it cannot take.", nameof(size));
    }

    /// <summary>The <c>config</c> for a model file.</summary>
    public JsonObject ToJson()
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
            ["final_norm"] = FinalNorm,
            ["pool_skips_first_patch"] = PoolSkipsFirstPatch,
            ["preprocessing"] = Preprocessing.ToJson(),
        };
        ConfigReader.WriteLabels(json, Labels);
        return json;
    }
}
