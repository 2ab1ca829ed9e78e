using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Memes.Fusion;
using Data2Vec.ModelFile;

namespace Data2Vec.Memes;

/// <summary>The inputs of a meme model: the paper's three configurations.</summary>
public enum MemeInputs
{
    /// <summary>Image and text, the paper's "Multimodal".</summary>
    Both,

    /// <summary>The image only.</summary>
    Image,

    /// <summary>The text only.</summary>
    Text,
}

/// <summary>
/// The structure of a meme model ("Hate Speech in Pixels", arXiv 1910.02334, section 3): an image encoder, an encoder of the text in the image,
/// and a small network that scores their concatenated vectors, the image's first.
/// </summary>
public sealed record MemeConfig
{
    /// <summary>The name of the architecture in a model file.</summary>
    public const string Architecture = "memes";

    /// <summary>The prefix, before a dot, of the text encoder's tensors and assets in a model file.</summary>
    public const string TextPart = "text";

    /// <summary>The prefix, before a dot, of the image encoder's tensors and assets in a model file.</summary>
    public const string ImagePart = "image";

    /// <summary>Keeps the first layer's weights within an array, even with two encoders.</summary>
    internal const int LargestHiddenSize = 1 << 13;

    /// <summary>The text encoder; null for a model of images only.</summary>
    public EncoderDescription? Text { get; init; }

    /// <summary>The image encoder; null for a model of texts only.</summary>
    public EncoderDescription? Image { get; init; }

    /// <summary>The maximum number of tokens of a text, without the special tokens. Longer texts are truncated.</summary>
    public int MaxTextTokens { get; init; } = 48;

    /// <summary>The number of features of both hidden layers: 100 in the paper, 50 in its code.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>The conversion of scores to probabilities; null if it was not fitted.</summary>
    public Calibration? Calibration { get; init; }

    /// <summary>Reads the <c>config</c> of a model file.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    public static MemeConfig FromJson(JsonElement json)
    {
        JsonElement classifier = ConfigReader.Property(json, "classifier", JsonValueKind.Object);
        var config = new MemeConfig
        {
            Text = EncoderDescription.FromJson(json, TextPart),
            Image = EncoderDescription.FromJson(json, ImagePart),
            MaxTextTokens = ConfigReader.Integer(json, "max_text_tokens"),
            HiddenSize = ConfigReader.Integer(classifier, "hidden_size", LargestHiddenSize),
            Calibration = Fusion.Calibration.FromJson(classifier),
        };
        return config.Text is null && config.Image is null
            ? throw new InvalidDataException("the configuration has neither 'text' nor 'image'")
            : config;
    }

    /// <summary>The <c>config</c> for a model file.</summary>
    public JsonObject ToJson()
    {
        var classifier = new JsonObject { ["hidden_size"] = HiddenSize };
        if (Calibration is { } calibration)
        {
            classifier["calibration"] = calibration.ToJson();
        }

        var json = new JsonObject { ["max_text_tokens"] = MaxTextTokens, ["classifier"] = classifier };
        if (Image is not null)
        {
            json[ImagePart] = Image.ToJson();
        }

        if (Text is not null)
        {
            json[TextPart] = Text.ToJson();
        }

        return json;
    }
}

/// <summary>An encoder that is part of another model.</summary>
/// <param name="Architecture">The architecture of the encoder's model file.</param>
/// <param name="Config">The <c>config</c> of that file.</param>
public sealed record EncoderDescription(string Architecture, JsonObject Config)
{
    /// <summary>Reads a description; null if the property is missing.</summary>
    internal static EncoderDescription? FromJson(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out _))
        {
            return null;
        }

        JsonElement description = ConfigReader.Property(json, name, JsonValueKind.Object);
        return new EncoderDescription(
            ConfigReader.Property(description, "architecture", JsonValueKind.String).GetString()!,
            JsonObject.Create(ConfigReader.Property(description, "config", JsonValueKind.Object))!);
    }

    internal JsonObject ToJson() => new() { ["architecture"] = Architecture, ["config"] = Config.DeepClone() };
}
