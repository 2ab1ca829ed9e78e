using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Audio;

/// <summary>The structure of a speech model (fairseq's <c>Data2VecAudioConfig</c>, as far as inference needs it).</summary>
public sealed record AudioConfig
{
    /// <summary>The architecture's name in a model file.</summary>
    public const string Architecture = "data2vec-audio";

    /// <summary>The name of data2vec 2.0's, whose attention has linear biases.</summary>
    public const string AlibiArchitecture = "data2vec2-audio";

    /// <summary>The feature extractor's convolutions, first to last.</summary>
    public required IReadOnlyList<Conv1dShape> FeatureExtractor { get; init; }

    /// <summary>The convolutions that tell the transformer about positions, first to last.</summary>
    public required IReadOnlyList<Conv1dShape> PositionalConvolution { get; init; }

    /// <summary>Features of a hidden state.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Transformer layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Attention heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Features inside a feed-forward block.</summary>
    public required int FeedForwardSize { get; init; }

    /// <summary>Whether attention has linear biases (Press et al. 2022), as in data2vec 2.0.</summary>
    public bool Alibi { get; init; }

    /// <summary>Whether each utterance is brought to mean 0 and variance 1.</summary>
    public required bool Normalize { get; init; }

    /// <summary>The labels of a CTC head in the order of its outputs, or null where the model has none. Label 0 is the blank.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Samples in a second, in Hz.</summary>
    public int SampleRate { get; init; } = 16_000;

    /// <summary>Samples from the start of a frame to the start of the next.</summary>
    public int SamplesPerFrame => FeatureExtractor.Aggregate(1, (product, conv) => checked(product * conv.Stride));

    /// <summary>The number of frames that a waveform gives; none where it is too short.</summary>
    public int Frames(int samples) => FeatureExtractor.Aggregate(samples, (length, conv) => conv.OutputLength(length));

    /// <summary>The least number of samples that gives this many frames.</summary>
    public int SamplesFor(int frames) =>
        FeatureExtractor.Reverse().Aggregate(frames, (length, conv) => checked((length - 1) * conv.Stride + conv.Kernel));

    /// <summary>Reads the <c>config</c> of a model file.</summary>
    /// <param name="json">The configuration.</param>
    /// <param name="architecture">The architecture that the file names.</param>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    public static AudioConfig FromJson(JsonElement json, string architecture = Architecture)
    {
        (int hidden, int layers, int heads, int feedForward) = ConfigReader.Transformer(json);
        int channels = 1;
        var extractor = new List<Conv1dShape>();
        foreach (JsonElement conv in ConfigReader.Array(json, "feature_extractor"))
        {
            var shape = new Conv1dShape(channels, ConfigReader.Integer(conv, "channels"), ConfigReader.Integer(conv, "kernel"), ConfigReader.Integer(conv, "stride"));
            extractor.Add(shape);
            channels = shape.OutputChannels;
        }

        JsonElement positional = ConfigReader.Property(json, "positional_convolution", JsonValueKind.Object);
        int kernel = ConfigReader.Integer(positional, "kernel");
        int groups = ConfigReader.Integer(positional, "groups");
        int depth = ConfigReader.Integer(positional, "depth");
        if (kernel % 2 == 0 || hidden % groups != 0 || depth > 1000 || extractor.Count is 0 or > 100)
        {
            throw new InvalidDataException("the configuration contradicts itself: sizes do not divide as they should");
        }

        var config = new AudioConfig
        {
            FeatureExtractor = extractor,
            PositionalConvolution =
                Enumerable.Repeat(new Conv1dShape(hidden, hidden, kernel, 1, kernel / 2, groups), depth).ToArray(),
            HiddenSize = hidden,
            Layers = layers,
            Heads = heads,
            FeedForwardSize = feedForward,
            Alibi = architecture == AlibiArchitecture,
            Normalize = ConfigReader.Flag(json, "normalize"),
            SampleRate = ConfigReader.Integer(json, "sample_rate", 10_000_000),
            Labels = ConfigReader.Labels(json),
        };
        try
        {
            _ = config.SamplesFor(100) + config.SamplesPerFrame;
        }
        catch (OverflowException)
        {
            throw new InvalidDataException("the strides of the feature extractor are absurdly large");
        }

        return config;
    }

    /// <summary>The <c>config</c> for a model file.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject
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
                ["kernel"] = PositionalConvolution[0].Kernel,
                ["groups"] = PositionalConvolution[0].Groups,
            },
        };
        ConfigReader.WriteLabels(json, Labels);
        return json;
    }
}
