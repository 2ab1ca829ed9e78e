using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Vision.Images;

namespace Data2Vec.Vision;

/// <summary>
/// The structure of a VGG network (Simonyan and Zisserman 2015; torchvision's <c>VGG</c> without batch normalization), up to its second
/// fully connected layer, with any number and width of convolutions.
/// </summary>
public sealed record VggConfig : ModelConfig
{
    /// <summary>The most values of one layer's output for an image: a gigabyte.</summary>
    private const long MostActivations = 1 << 28;

    /// <summary>A configuration of a VGG network.</summary>
    public VggConfig()
        : base(ModelArchitecture.Vgg)
    {
    }

    /// <inheritdoc/>
    /// <remarks>A VGG network has none. Layer 0 is its features.</remarks>
    public override int Layers => 0;

    /// <summary>How an image becomes pixels.</summary>
    public required ImagePreprocessing Preprocessing { get; init; }

    /// <summary>Height and width of the images that the model sees, divisible by 2 once per block.</summary>
    public required int ImageSize { get; init; }

    /// <summary>The output channels of each block's convolutions. Each block ends with max pooling over 2 x 2 pixels.</summary>
    public required IReadOnlyList<IReadOnlyList<int>> Blocks { get; init; }

    /// <summary>Features of the first fully connected layer.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Height and width of the last block's output, in pixels.</summary>
    public int GridSize => ImageSize >> Blocks.Count;

    /// <summary>Channels of the last block.</summary>
    public int Channels => Blocks[^1][^1];

    /// <summary>Reads the <c>config</c> of a model file.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    public static new VggConfig FromJson(JsonElement json, string architecture = ModelArchitecture.Vgg)
    {
        JsonFields fields = JsonFields.Configuration(json);
        var config = new VggConfig
        {
            Architecture = architecture,
            Preprocessing = ImagePreprocessing.FromJson(fields.Object("preprocessing").Json),
            ImageSize = fields.Size("image_size", ImagePreprocessing.MaxSize),
            Blocks = [.. fields.Array("blocks").Select(Widths)],
            IntermediateSize = fields.Size("intermediate_size"),
            HiddenSize = fields.Size("hidden_size"),
        };
        return config.Fits
            ? config
            : throw new InvalidDataException("the configuration contradicts itself: image, blocks and preprocessing do not fit each other");

        int[] Widths(JsonElement block) => block.ValueKind == JsonValueKind.Array ? [.. block.EnumerateArray().Select(Width)] : throw Bad();

        int Width(JsonElement width) =>
            width.ValueKind == JsonValueKind.Number && width.TryGetInt32(out int value) && value is >= 1 and <= JsonFields.LargestSize ? value : throw Bad();

        InvalidDataException Bad() => fields.Bad("blocks", $"lists of channels from 1 to {JsonFields.LargestSize}");
    }

    /// <inheritdoc/>
    public override JsonObject ToJson() => new()
    {
        ["image_size"] = ImageSize,
        ["blocks"] = new JsonArray([.. Blocks.Select(block => new JsonArray([.. block.Select(width => (JsonNode)width)]))]),
        ["intermediate_size"] = IntermediateSize,
        ["hidden_size"] = HiddenSize,
        ["preprocessing"] = Preprocessing.ToJson(),
    };

    private bool Fits => Blocks.Count is > 0 and <= 12 && Preprocessing.CropSize == ImageSize && GridSize << Blocks.Count == ImageSize
        && Blocks.Index().All(block =>
            block.Item.Count > 0 && Math.BigMul(ImageSize >> block.Index, ImageSize >> block.Index) * block.Item.Max() <= MostActivations);
}
