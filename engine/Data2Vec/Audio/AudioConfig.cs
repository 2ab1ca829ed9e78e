using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Kernels;

namespace Data2Vec.Audio;

/// <summary>The structure of a speech model (fairseq's <c>Data2VecAudioConfig</c>, as far as inference needs it).</summary>
public sealed record AudioConfig
{
    /// <summary>The architecture's name in a model file.</summary>
    public const string Architecture = "data2vec-audio";

    private const int Largest = 1 << 16;
    private const int LargestHead = 256;

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
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    public static AudioConfig FromJson(JsonElement json)
    {
        int hidden = Integer(json, "hidden_size");
        int channels = 1;
        var extractor = new List<Conv1dShape>();
        foreach (JsonElement conv in Array(json, "feature_extractor"))
        {
            var shape = new Conv1dShape(channels, Integer(conv, "channels"), Integer(conv, "kernel"), Integer(conv, "stride"));
            extractor.Add(shape);
            channels = shape.OutputChannels;
        }

        JsonElement positional = Property(json, "positional_convolution", JsonValueKind.Object);
        int kernel = Integer(positional, "kernel");
        int groups = Integer(positional, "groups");
        int depth = Integer(positional, "depth");
        int heads = Integer(json, "heads");
        int layers = Integer(json, "layers");
        if (kernel % 2 == 0 || hidden % groups != 0 || hidden % heads != 0 || depth > 1000 || layers > 10_000 || extractor.Count is 0 or > 100)
        {
            throw new InvalidDataException("the configuration contradicts itself: sizes do not divide as they should");
        }

        JsonElement normalize = json.TryGetProperty("normalize", out JsonElement value) ? value : default;
        if (normalize.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            throw new InvalidDataException("the configuration lacks 'normalize'");
        }

        if (hidden / heads > LargestHead)
        {
            throw new InvalidDataException($"heads of {hidden / heads} features are not supported; {LargestHead} is the most");
        }

        var config = new AudioConfig
        {
            FeatureExtractor = extractor,
            PositionalConvolution =
                Enumerable.Repeat(new Conv1dShape(hidden, hidden, kernel, 1, kernel / 2, groups), depth).ToArray(),
            HiddenSize = hidden,
            Layers = layers,
            Heads = heads,
            FeedForwardSize = Integer(json, "feed_forward_size"),
            Normalize = normalize.GetBoolean(),
            SampleRate = Integer(json, "sample_rate", 10_000_000),
            Labels = json.TryGetProperty("labels", out _)
                ? Array(json, "labels").Select(label => label.ValueKind == JsonValueKind.String
                    ? label.GetString()!
                    : throw new InvalidDataException("a label of the configuration is not a string")).ToArray()
                : null,
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
        if (Labels is not null)
        {
            json["labels"] = new JsonArray([.. Labels.Select(label => (JsonNode)JsonValue.Create(label)!)]);
        }

        return json;
    }

    private static JsonElement Property(JsonElement json, string name, JsonValueKind kind) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out JsonElement value) && value.ValueKind == kind
            ? value
            : throw new InvalidDataException($"the configuration lacks '{name}'");

    private static JsonElement.ArrayEnumerator Array(JsonElement json, string name) =>
        Property(json, name, JsonValueKind.Array).EnumerateArray();

    private static int Integer(JsonElement json, string name, int largest = Largest) =>
        Property(json, name, JsonValueKind.Number).TryGetInt32(out int value) && value > 0 && value <= largest
            ? value
            : throw new InvalidDataException($"'{name}' of the configuration is not a whole number from 1 to {largest}");
}
