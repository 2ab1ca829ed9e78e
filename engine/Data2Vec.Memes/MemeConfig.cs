using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Memes.Fusion;
using Data2Vec.ModelFile;

namespace Data2Vec.Memes;

/// <summary>
/// The structure of a system that scores memes ("Hate Speech in Pixels", arXiv 1910.02334, section 3): encoders of the image and of the text
/// in it, whose vectors, the image's first, one behind the other, a small network judges.
/// </summary>
public sealed record MemeConfig
{
    /// <summary>The architecture's name in a model file.</summary>
    public const string Architecture = "memes";

    /// <summary>What the names of the text encoder's tensors and assets begin with in the file, before a dot.</summary>
    public const string TextPart = "text";

    /// <summary>The same of the image encoder.</summary>
    public const string ImagePart = "image";

    /// <summary>With the features of two encoders the weights of the first layer still fit into an array.</summary>
    internal const int LargestHiddenSize = 1 << 13;

    /// <summary>The text encoder; null for a system that judges the image alone.</summary>
    public EncoderDescription? Text { get; init; }

    /// <summary>The image encoder; null for a system that judges the text alone.</summary>
    public EncoderDescription? Image { get; init; }

    /// <summary>The most tokens of a text that are read, the special ones around them not counted; the rest is cut off.</summary>
    public int MaxTextTokens { get; init; } = 48;

    /// <summary>Features of both hidden layers of the network: 100 in the paper, 50 in its code.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>How a score becomes a probability; null where nobody measured it.</summary>
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
