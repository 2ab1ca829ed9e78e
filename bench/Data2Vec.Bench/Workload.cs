using Data2Vec.Audio;
using Data2Vec.Kernels;

namespace Data2Vec.Bench;

/// <summary>What a model of the real size is given, and how much work that is.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Model">The kind of model: <c>audio</c>, <c>text</c>, <c>vision</c>.</param>
/// <param name="Flops">Operations of the matrix products and convolutions.</param>
public abstract record Workload(string Name, string Model, double Flops)
{
    private static readonly EmbeddingOptions s_rows = new() { Pooling = Pooling.None };

    /// <summary>All that are measured.</summary>
    public static readonly IReadOnlyList<Workload> All =
    [
        Speech(1), Speech(10), Speech(30), Text(1, 16), Text(1, 128), Text(8, 128), Text(1, 512), Images(1), Images(8),
    ];

    /// <summary>Those for graphics processors: alone, some, many.</summary>
    public static readonly IReadOnlyList<Workload> Batches =
    [
        Speech(10), Speech(10, 8), Speech(10, 64), Text(1, 128), Text(32, 128), Text(256, 128), Images(1), Images(32), Images(256),
    ];

    /// <summary>Provides the model file.</summary>
    public abstract string ModelPath(ElementType type = ElementType.F32);

    /// <summary>Embeds the inputs.</summary>
    public abstract float[][] Run(Data2VecModel model);

    /// <summary>The last layer's hidden states of the inputs, one behind the other.</summary>
    public abstract float[] HiddenStates(Data2VecModel model);

    /// <summary>The inputs as the peers' graphs take them: a name, the numbers, the shape.</summary>
    public abstract (string Name, Array Values, int[] Shape) GraphInput();

    /// <inheritdoc/>
    public sealed override string ToString() => Name;

    private static SpeechWorkload Speech(int seconds, int count = 1)
    {
        var random = new Random(1);
        var waveform = new float[seconds * 16_000];
        for (int i = 0; i < waveform.Length; i++)
        {
            waveform[i] = MathF.Sin(i * 0.05f) + (float)random.NextDouble();
        }

        AudioConfig config = RandomModel.SpeechBase;
        double flops = 0;
        int length = waveform.Length;
        foreach (Conv1dShape conv in config.FeatureExtractor)
        {
            length = conv.OutputLength(length);
            flops += 2.0 * length * conv.InputChannels * conv.Kernel * conv.OutputChannels;
        }

        flops += 2.0 * length * config.FeatureExtractor[^1].OutputChannels * config.HiddenSize;
        flops += config.PositionalConvolution.Sum(conv => 2.0 * length * conv.OutputChannels * (conv.InputChannels / conv.Groups) * conv.Kernel);
        return new SpeechWorkload($"audio {seconds} s{(count > 1 ? $" x {count}" : "")}", count * (flops + Transformer(length)), Normalization.PerUtterance(waveform), count);
    }

    private static TextWorkload Text(int texts, int tokens)
    {
        var random = new Random(1);
        int[][] ids = [.. Enumerable.Range(0, texts).Select(_ => Enumerable.Range(0, tokens).Select(_ => random.Next(4, 50_000)).ToArray())];
        return new TextWorkload($"text {texts} x {tokens}", texts * Transformer(tokens), ids);
    }

    private static VisionWorkload Images(int count)
    {
        var random = new Random(1);
        int size = RandomModel.VisionBase.ImageSize;
        float[][] pixels = [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, 3 * size * size).Select(_ => (float)random.NextDouble() - 0.5f).ToArray())];
        double patchEmbedding = 2.0 * 3 * size * size * RandomModel.VisionBase.HiddenSize;
        return new VisionWorkload($"vision {count}", count * (patchEmbedding + Transformer(RandomModel.VisionBase.Patches + 1)), pixels);
    }

    /// <summary>Twelve layers of 768, for one sequence of so many rows.</summary>
    private static double Transformer(double rows)
    {
        const double Layers = 12, Hidden = 768, FeedForward = 3072;
        return Layers * (2 * rows * (4 * Hidden * Hidden + 2 * Hidden * FeedForward) + 4 * rows * rows * Hidden);
    }

    private sealed record SpeechWorkload(string Name, double Flops, float[] Waveform, int Count) : Workload(Name, "audio", Flops)
    {
        public override string ModelPath(ElementType type) => RandomModel.Speech(type);

        public override float[][] Run(Data2VecModel model) =>
            model.EmbedAudio([.. Enumerable.Repeat((ReadOnlyMemory<float>)Waveform, Count)], normalizeInput: false);

        public override float[] HiddenStates(Data2VecModel model) => model.EmbedAudio(Waveform, s_rows, normalizeInput: false);

        public override (string Name, Array Values, int[] Shape) GraphInput() => ("source", Waveform, [1, Waveform.Length]);
    }

    private sealed record TextWorkload(string Name, double Flops, int[][] Ids) : Workload(Name, "text", Flops)
    {
        private readonly ReadOnlyMemory<int>[] _inputs = [.. Ids.Select(ids => (ReadOnlyMemory<int>)ids)];

        public override string ModelPath(ElementType type) => RandomModel.Text(type);

        public override float[][] Run(Data2VecModel model) => model.EmbedTokens(_inputs);

        public override float[] HiddenStates(Data2VecModel model) => [.. model.EmbedTokens(_inputs, s_rows).SelectMany(rows => rows)];

        public override (string Name, Array Values, int[] Shape) GraphInput() =>
            ("tokens", Ids.SelectMany(ids => ids).Select(id => (long)id).ToArray(), [Ids.Length, Ids[0].Length]);
    }

    private sealed record VisionWorkload(string Name, double Flops, float[][] Pixels) : Workload(Name, "vision", Flops)
    {
        private readonly ReadOnlyMemory<float>[] _inputs = [.. Pixels.Select(pixels => (ReadOnlyMemory<float>)pixels)];

        public override string ModelPath(ElementType type) => RandomModel.Vision(type);

        public override float[][] Run(Data2VecModel model) => model.EmbedPixels(_inputs);

        // The graph leaves the class token out.
        public override float[] HiddenStates(Data2VecModel model) =>
            [.. model.EmbedPixels(_inputs, s_rows).SelectMany(rows => rows[model.HiddenSize..])];

        public override (string Name, Array Values, int[] Shape) GraphInput()
        {
            int size = RandomModel.VisionBase.ImageSize;
            return ("img", Pixels.SelectMany(pixels => pixels).ToArray(), [Pixels.Length, 3, size, size]);
        }
    }
}
