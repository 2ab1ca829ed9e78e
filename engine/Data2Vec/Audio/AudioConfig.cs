using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec.Audio;

/// <summary>
/// The structure of a speech model: convolutions that make frames of samples, convolutions that tell frames their positions, and a transformer. data2vec's
/// is fairseq's <c>Data2VecAudioConfig</c>; those of wav2vec 2.0, HuBERT and WavLM differ in the properties that have a default here.
/// </summary>
public record AudioConfig : TransformerConfig
{
    private const string ExtractorNormName = "feature_extractor_norm", ExtractorBiasName = "feature_extractor_bias", FeatureNormName = "feature_norm",
        FeatureProjectionName = "feature_projection", NormalizesFirstName = "normalizes_first",
        PositionalNormName = "norm", PositionalScaleName = "scale";

    private static readonly (string Name, ExtractorNorm Norm)[] s_extractorNorms = [("layer", ExtractorNorm.Layer), ("group", ExtractorNorm.Group)];

    /// <summary>A configuration of data2vec's speech model; <see cref="ModelConfig.Architecture"/> can be set to that of another speech model.</summary>
    public AudioConfig()
        : base(ModelArchitecture.Data2VecAudio)
    {
    }

    /// <summary>Reads the fields that all speech models have.</summary>
    [SetsRequiredMembers]
    private protected AudioConfig(JsonFields json, string architecture)
        : base(json, architecture)
    {
        FeatureExtractor = ReadFeatureExtractor(json);
        ExtractorNorm = json.Has(ExtractorNormName) ? json.Choice(ExtractorNormName, s_extractorNorms) : ExtractorNorm.Layer;
        HasExtractorBias = json.Flag(ExtractorBiasName, false);
        HasFeatureNorm = json.Flag(FeatureNormName, true);
        HasFeatureProjection = json.Flag(FeatureProjectionName, true);
        NormalizesFirst = json.Flag(NormalizesFirstName, false);
        DistanceBuckets = DistanceBuckets.Find(json, Heads);
        JsonFields positional = json.Object("positional_convolution");
        PositionalConvolution = ReadPositionalConvolution(positional, HiddenSize);
        HasPositionalNorm = positional.Flag(PositionalNormName, true);
        HasPositionalScale = positional.Flag(PositionalScaleName, false);
        Normalize = json.Flag("normalize");
        SampleRate = json.Size("sample_rate", 10_000_000);
        Ctc = CtcLabels.FromJson(json, Labels);
        if (HasAlibi && DistanceBuckets is not null)
        {
            throw new InvalidDataException($"the configuration contradicts itself: {architecture} has linear biases, and no '{DistanceBuckets.Field}'");
        }

        if (!HasFeatureProjection && FeatureExtractor[^1].OutputChannels != HiddenSize)
        {
            throw new InvalidDataException("the configuration contradicts itself: features of another size than 'hidden_size' need a projection");
        }

        try
        {
            _ = SamplesFor(100) + SamplesPerFrame;
        }
        catch (OverflowException)
        {
            throw new InvalidDataException("the strides of the feature extractor are too large");
        }
    }

    /// <summary>The convolutions of the feature extractor, first to last.</summary>
    public required IReadOnlyList<Conv1dShape> FeatureExtractor { get; init; }

    /// <summary>What the convolutions of the feature extractor are followed by.</summary>
    public ExtractorNorm ExtractorNorm { get; init; } = ExtractorNorm.Layer;

    /// <summary>Whether the convolutions of the feature extractor have biases.</summary>
    public bool HasExtractorBias { get; init; }

    /// <summary>Whether features are normalized before they are projected.</summary>
    public bool HasFeatureNorm { get; init; } = true;

    /// <summary>Whether features are projected; if not, they have the size of hidden states.</summary>
    public bool HasFeatureProjection { get; init; } = true;

    /// <summary>
    /// The convolutions whose result is added as position embedding, first to last. Each frame gets one: the row more that an even kernel with this padding would
    /// make at the end is dropped.
    /// </summary>
    public required IReadOnlyList<Conv1dShape> PositionalConvolution { get; init; }

    /// <summary>Whether a normalization follows each positional convolution.</summary>
    public bool HasPositionalNorm { get; init; } = true;

    /// <summary>Whether a scale and a shift of each feature precede the positional convolutions: what is left of a batch normalization.</summary>
    public bool HasPositionalScale { get; init; }

    /// <summary>
    /// Whether layers normalize before attention and feed-forward block, and the encoder's norm follows the last layer (fairseq's <c>layer_norm_first</c>); otherwise
    /// they normalize afterwards, and the encoder's norm precedes the first layer.
    /// </summary>
    public bool NormalizesFirst { get; init; }

    /// <summary>Whether attention has linear biases (ALiBi, Press et al. 2022), as in data2vec 2.0.</summary>
    public bool HasAlibi => Architecture == ModelArchitecture.Data2Vec2Audio;

    /// <summary>Whether it is the structure of the published data2vec and data2vec 2.0 models, which alone are trained and exported.</summary>
    public bool IsData2Vecs => Architecture is ModelArchitecture.Data2VecAudio or ModelArchitecture.Data2Vec2Audio
        && ExtractorNorm == ExtractorNorm.Layer && !HasExtractorBias && HasFeatureNorm && HasFeatureProjection && HasPositionalNorm && !HasPositionalScale
        && !NormalizesFirst && DistanceBuckets is null;

    /// <summary>Whether each recording is normalized to mean 0 and variance 1.</summary>
    public required bool Normalize { get; init; }

    /// <summary>The sample rate in Hz.</summary>
    public int SampleRate { get; init; } = 16_000;

    /// <summary>What the labels of the CTC head stand for; null for letters as in <see cref="CtcLabels.Letters"/>, and without a head.</summary>
    public CtcLabels? Ctc { get; init; }

    /// <summary>Samples from the start of a frame to the start of the next.</summary>
    public int SamplesPerFrame => FeatureExtractor.Aggregate(1, (product, conv) => checked(product * conv.Stride));

    /// <summary>The number of frames of a recording; 0 if it is too short.</summary>
    public int Frames(int samples) => FeatureExtractor.Aggregate(samples, (length, conv) => conv.OutputLength(length));

    /// <summary>The smallest number of samples that gives a number of frames.</summary>
    public int SamplesFor(int frames) =>
        FeatureExtractor.Reverse().Aggregate(frames, (length, conv) => checked((length - 1) * conv.Stride + conv.Kernel));

    /// <summary>Reads the <c>config</c> of a model file.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    public static new AudioConfig FromJson(JsonElement json, string architecture = ModelArchitecture.Data2VecAudio) =>
        new(JsonFields.Configuration(json), architecture);

    /// <inheritdoc/>
    public override JsonObject ToJson()
    {
        Conv1dShape first = PositionalConvolution is [var shape, ..] ? shape : default;
        var positional = new JsonObject
        {
            ["depth"] = PositionalConvolution.Count,
            ["kernel"] = first.Kernel,
            ["groups"] = first.Groups,
        };
        AddUnless(positional, PositionalNormName, HasPositionalNorm, true);
        AddUnless(positional, PositionalScaleName, HasPositionalScale, false);
        JsonObject json = WithCommon(new()
        {
            ["sample_rate"] = SampleRate,
            ["normalize"] = Normalize,
            ["hidden_size"] = HiddenSize,
            ["layers"] = Layers,
            ["heads"] = Heads,
            ["feed_forward_size"] = FeedForwardSize,
            ["feature_extractor"] = new JsonArray([.. FeatureExtractor.Select(conv => (JsonNode)new JsonObject
            {
                ["channels"] = conv.OutputChannels,
                ["kernel"] = conv.Kernel,
                ["stride"] = conv.Stride,
            })]),
            ["positional_convolution"] = positional,
        });
        if (ExtractorNorm != ExtractorNorm.Layer)
        {
            json[ExtractorNormName] = s_extractorNorms.First(norm => norm.Norm == ExtractorNorm).Name;
        }

        AddUnless(json, ExtractorBiasName, HasExtractorBias, false);
        AddUnless(json, FeatureNormName, HasFeatureNorm, true);
        AddUnless(json, FeatureProjectionName, HasFeatureProjection, true);
        AddUnless(json, NormalizesFirstName, NormalizesFirst, false);
        if (DistanceBuckets is not null)
        {
            json[DistanceBuckets.Field] = DistanceBuckets.ToJson();
        }

        if (Labels is not null)
        {
            Ctc?.AddTo(json, Labels);
        }

        return json;
    }

    // Files of models that do not differ stay as older versions wrote them.
    private static void AddUnless(JsonObject json, string name, bool value, bool usual)
    {
        if (value != usual)
        {
            json[name] = value;
        }
    }

    private static List<Conv1dShape> ReadFeatureExtractor(JsonFields json)
    {
        int channels = 1;
        var extractor = new List<Conv1dShape>();
        foreach (JsonElement element in json.Array("feature_extractor"))
        {
            var conv = new JsonFields(element, "a convolution of the feature extractor");
            extractor.Add(new Conv1dShape(channels, channels = conv.Size("channels"), conv.Size("kernel"), conv.Size("stride")));
        }

        return extractor.Count is > 0 and <= 100
            ? extractor
            : throw new InvalidDataException($"the configuration has a feature extractor of {extractor.Count} convolutions; 1 to 100 are supported");
    }

    private static Conv1dShape[] ReadPositionalConvolution(JsonFields positional, int hidden)
    {
        int kernel = positional.Size("kernel"), groups = positional.Size("groups"), depth = positional.Size("depth");
        return hidden % groups == 0 && depth <= 1000
            ? [.. Enumerable.Repeat(new Conv1dShape(hidden, hidden, kernel, 1, kernel / 2, groups), depth)]
            : throw new InvalidDataException("the configuration contradicts itself: sizes do not divide as they should");
    }
}
