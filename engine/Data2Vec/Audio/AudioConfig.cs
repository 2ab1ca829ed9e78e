using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec.Audio;

/// <summary>The structure of a speech model (fairseq's <c>Data2VecAudioConfig</c>).</summary>
public sealed record AudioConfig : TransformerConfig
{
    /// <summary>A configuration of data2vec's speech model; <see cref="ModelConfig.Architecture"/> can be set to data2vec 2.0's.</summary>
    public AudioConfig()
        : base(ModelArchitecture.Data2VecAudio)
    {
    }

    [SetsRequiredMembers]
    private AudioConfig(JsonFields json, string architecture)
        : base(json, architecture)
    {
        FeatureExtractor = ReadFeatureExtractor(json);
        PositionalConvolution = ReadPositionalConvolution(json, HiddenSize);
        Normalize = json.Flag("normalize");
        SampleRate = json.Size("sample_rate", 10_000_000);
        Ctc = CtcLabels.FromJson(json, Labels);
        if (Embedding.Pooling.HasFlag(Pooling.Class))
        {
            throw new InvalidDataException("the configuration contradicts itself: speech models have no class token to pool by");
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

    /// <summary>The convolutions whose result is added as position embedding, first to last.</summary>
    public required IReadOnlyList<Conv1dShape> PositionalConvolution { get; init; }

    /// <summary>Whether attention has linear biases (ALiBi, Press et al. 2022), as in data2vec 2.0.</summary>
    public bool HasAlibi => Architecture == ModelArchitecture.Data2Vec2Audio;

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
        Conv1dShape positional = PositionalConvolution is [var first, ..] ? first : default;
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
            ["positional_convolution"] = new JsonObject
            {
                ["depth"] = PositionalConvolution.Count,
                ["kernel"] = positional.Kernel,
                ["groups"] = positional.Groups,
            },
        });
        if (Labels is not null)
        {
            Ctc?.AddTo(json, Labels);
        }

        return json;
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

    private static Conv1dShape[] ReadPositionalConvolution(JsonFields json, int hidden)
    {
        JsonFields positional = json.Object("positional_convolution");
        int kernel = positional.Size("kernel"), groups = positional.Size("groups"), depth = positional.Size("depth");
        return kernel % 2 == 1 && hidden % groups == 0 && depth <= 1000
            ? [.. Enumerable.Repeat(new Conv1dShape(hidden, hidden, kernel, 1, kernel / 2, groups), depth)]
            : throw new InvalidDataException("the configuration contradicts itself: sizes do not divide as they should");
    }
}
