using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Data2Vec.Memes;

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

    /// <summary>The maximum number of tokens of a text, without the special tokens. Longer texts are truncated.</summary>
    [JsonRequired]
    public int MaxTextTokens { get; init; } = 48;

    /// <summary>The network that scores the vectors.</summary>
    public required ClassifierDescription Classifier { get; init; }

    /// <summary>The image encoder; null for a model of texts only.</summary>
    public EncoderDescription? Image { get; init; }

    /// <summary>The text encoder; null for a model of images only.</summary>
    public EncoderDescription? Text { get; init; }

    /// <summary>Reads the <c>config</c> of a model file.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    public static MemeConfig FromJson(JsonElement json)
    {
        try
        {
            MemeConfig config = json.Deserialize(Json.Default.MemeConfig)!;
            Require(config.MaxTextTokens >= 1, "'max_text_tokens' must be at least 1");
            Require(config.Classifier.HiddenSize is >= 1 and <= LargestHiddenSize, $"'hidden_size' must be from 1 to {LargestHiddenSize}");
            Require(config.Classifier.Calibration is not { } c || (double.IsFinite(c.Slope) && double.IsFinite(c.Intercept)), "'slope' and 'intercept' must be finite");
            Require(config.Image is not null || config.Text is not null, "it has neither 'text' nor 'image'");
            return config;
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"the configuration does not describe a meme model: {error.Message}", error);
        }

        static void Require(bool condition, string problem)
        {
            if (!condition)
            {
                throw new JsonException(problem);
            }
        }
    }

    /// <summary>The <c>config</c> for a model file.</summary>
    public JsonObject ToJson() => (JsonObject)JsonSerializer.SerializeToNode(this, Json.Default.MemeConfig)!;

    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true)]
    [JsonSerializable(typeof(MemeConfig))]
    private sealed partial class Json : JsonSerializerContext;
}

/// <summary>The network of a meme model.</summary>
/// <param name="HiddenSize">The number of features of both hidden layers: 100 in the paper, 50 in its code.</param>
/// <param name="Calibration">The conversion of scores to probabilities; null if it was not fitted.</param>
public sealed record ClassifierDescription(int HiddenSize, Calibration? Calibration = null);

/// <summary>An encoder that is part of another model.</summary>
/// <param name="Architecture">The architecture of the encoder's model file.</param>
/// <param name="Config">The <c>config</c> of that file.</param>
public sealed record EncoderDescription(string Architecture, JsonObject Config);
