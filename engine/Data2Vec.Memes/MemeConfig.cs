using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Data2Vec.Memes.Fusion;

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
public sealed partial record MemeConfig
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
        Document document;
        try
        {
            document = json.Deserialize(Json.Default.Document)!;
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"the configuration does not describe a meme model: {error.Message}", error);
        }

        (int maxTextTokens, Classifier classifier, EncoderDescription? image, EncoderDescription? text) = document;
        Require(maxTextTokens >= 1, "'max_text_tokens' must be at least 1");
        Require(classifier.HiddenSize is >= 1 and <= LargestHiddenSize, $"'hidden_size' must be from 1 to {LargestHiddenSize}");
        Require(classifier.Calibration is not { } fit || (double.IsFinite(fit.Slope) && double.IsFinite(fit.Intercept)), "'slope' and 'intercept' must be finite");
        Require(image is not null || text is not null, "it has neither 'text' nor 'image'");
        return new MemeConfig
        {
            Text = text,
            Image = image,
            MaxTextTokens = maxTextTokens,
            HiddenSize = classifier.HiddenSize,
            Calibration = classifier.Calibration is { } fitted ? new Calibration(fitted.Slope, fitted.Intercept) : null,
        };

        static void Require(bool condition, string problem)
        {
            if (!condition)
            {
                throw new InvalidDataException($"the configuration does not describe a meme model: {problem}");
            }
        }
    }

    /// <summary>The <c>config</c> for a model file.</summary>
    public JsonObject ToJson()
    {
        var classifier = new Classifier(HiddenSize, Calibration is { } calibration ? new Fit(calibration.Slope, calibration.Intercept) : null);
        return (JsonObject)JsonSerializer.SerializeToNode(new Document(MaxTextTokens, classifier, Image, Text), Json.Default.Document)!;
    }

    private sealed record Fit(double Slope, double Intercept);

    private sealed record Classifier(int HiddenSize, Fit? Calibration = null);

    private sealed record Document(int MaxTextTokens, Classifier Classifier, EncoderDescription? Image = null, EncoderDescription? Text = null);

    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true)]
    [JsonSerializable(typeof(Document))]
    private sealed partial class Json : JsonSerializerContext;
}

/// <summary>An encoder that is part of another model.</summary>
/// <param name="Architecture">The architecture of the encoder's model file.</param>
/// <param name="Config">The <c>config</c> of that file.</param>
public sealed record EncoderDescription(string Architecture, JsonObject Config);
