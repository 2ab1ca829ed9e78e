using Data2Vec.Audio;
using Data2Vec.Kernels;
using Data2Vec.Vision;

namespace Data2Vec.Bench;

/// <summary>The inputs of a benchmark for a model of real size.</summary>
/// <param name="Name">The name of the workload.</param>
/// <param name="Model">The kind of model: <c>audio</c>, <c>text</c>, <c>vision</c>, <c>vit</c>, <c>vgg</c>.</param>
/// <param name="Flops">The operations of the matrix products and convolutions.</param>
public abstract record Workload(string Name, string Model, double Flops)
{
    private protected static readonly EmbeddingOptions s_rows = new() { Pooling = Pooling.None };

    /// <summary>The workloads for CPUs.</summary>
    public static readonly IReadOnlyList<Workload> All =
    [
        Speech(1), Speech(10), Speech(30), Text(1, 16), Text(1, 128), Text(8, 128), Text(1, 512),
        Images(1), Images(8), Vit(1), Vit(8), Vgg(1), Vgg(8),
    ];

    /// <summary>The workloads for GPUs: single inputs, small and large batches.</summary>
    public static readonly IReadOnlyList<Workload> Batches =
    [
        Speech(10), Speech(10, 8), Speech(10, 64), Text(1, 128), Text(32, 128), Text(256, 128), Images(1), Images(32), Images(256),
    ];

    /// <summary>Provides the model file.</summary>
    public abstract string ModelPath(ElementType type = ElementType.F32);

    /// <summary>Embeds the inputs.</summary>
    public abstract float[][] Run(Data2VecModel model);

    /// <summary>The concatenated hidden states of the last layer.</summary>
    public abstract float[] HiddenStates(Data2VecModel model);

    /// <summary>The inputs of the ONNX graph: names, values and shapes.</summary>
    public abstract IReadOnlyList<(string Name, Array Values, int[] Shape)> GraphInputs();

    /// <inheritdoc/>
    public sealed override string ToString() => Name;

    private static SpeechWorkload Speech(int seconds, int count = 1)
    {
        int samples = seconds * 16_000, length = samples;
        AudioConfig config = RandomModel.SpeechBase;
        double flops = 0;
        foreach (Conv1dShape conv in config.FeatureExtractor)
        {
            length = conv.OutputLength(length);
            flops += 2.0 * length * conv.InputChannels * conv.Kernel * conv.OutputChannels;
        }

        flops += 2.0 * length * config.FeatureExtractor[^1].OutputChannels * config.HiddenSize;
        flops += config.PositionalConvolution.Sum(conv => 2.0 * length * conv.OutputChannels * (conv.InputChannels / conv.Groups) * conv.Kernel);
        return new SpeechWorkload($"audio {seconds} s{(count > 1 ? $" x {count}" : "")}", count * (flops + Transformer(length)), samples, count);
    }

    private static TextWorkload Text(int texts, int tokens) => new($"text {texts} x {tokens}", texts * Transformer(tokens), texts, tokens);

    private static VisionWorkload Images(int count) => new($"vision {count}", OfPatches(count), count);

    private static VitWorkload Vit(int count) => new($"vit {count}", OfPatches(count), count);

    /// <summary>The operations of a transformer of patches.</summary>
    private static double OfPatches(int count)
    {
        int size = RandomModel.VisionBase.ImageSize;
        double patchEmbedding = 2.0 * 3 * size * size * RandomModel.VisionBase.HiddenSize;
        return count * (patchEmbedding + Transformer(RandomModel.VisionBase.Patches + 1));
    }

    private static VggWorkload Vgg(int count)
    {
        VggConfig config = RandomModel.Vgg16;
        double flops = 0;
        int channels = 3;
        for (int block = 0; block < config.Blocks.Count; block++)
        {
            double pixels = Math.Pow(config.ImageSize >> block, 2);
            foreach (int width in config.Blocks[block])
            {
                flops += 2 * pixels * 9 * channels * width;
                channels = width;
            }
        }

        flops += 2.0 * config.IntermediateSize * (channels * config.GridSize * config.GridSize + config.HiddenSize);
        return new VggWorkload($"vgg {count}", count * flops, count);
    }

    /// <summary>The operations of layers whose feed-forward block is four times as wide, for one sequence.</summary>
    private protected static double Transformer(double rows, double layers = 12, double hidden = 768) => layers * (2 * rows * 12 * hidden * hidden + 4 * rows * rows * hidden);

    // The inputs are created on first use, so that a process holds those of its own workload only.
    private sealed record SpeechWorkload(string Name, double Flops, int Samples, int Count) : Workload(Name, "audio", Flops)
    {
        private readonly Lazy<float[]> _waveform = new(() =>
        {
            var random = new Random(1);
            return Normalization.PerUtterance([.. Enumerable.Range(0, Samples).Select(i => MathF.Sin(i * 0.05f) + (float)random.NextDouble())]);
        });

        public override string ModelPath(ElementType type) => RandomModel.Speech(type);

        public override float[][] Run(Data2VecModel model) =>
            ((SpeechModel)model).EmbedPrepared([.. Enumerable.Repeat((ReadOnlyMemory<float>)_waveform.Value, Count)]);

        public override float[] HiddenStates(Data2VecModel model) => ((SpeechModel)model).EmbedPrepared(_waveform.Value, s_rows);

        public override IReadOnlyList<(string Name, Array Values, int[] Shape)> GraphInputs() => [("source", _waveform.Value, [1, Samples])];
    }

    private sealed record TextWorkload(string Name, double Flops, int Texts, int Tokens) : Workload(Name, "text", Flops)
    {
        private readonly Lazy<ReadOnlyMemory<int>[]> _ids = new(() =>
        {
            var random = new Random(1);
            return Inputs(Texts, Tokens, () => random.Next(4, 50_000));
        });

        public override string ModelPath(ElementType type) => RandomModel.Text(type);

        public override float[][] Run(Data2VecModel model) => ((TextModel)model).EmbedPrepared(_ids.Value);

        public override float[] HiddenStates(Data2VecModel model) => [.. ((TextModel)model).EmbedPrepared(_ids.Value, s_rows).SelectMany(rows => rows)];

        public override IReadOnlyList<(string Name, Array Values, int[] Shape)> GraphInputs() =>
            [("tokens", _ids.Value.SelectMany(ids => ids.ToArray()).Select(id => (long)id).ToArray(), [Texts, Tokens])];
    }

    /// <summary>Images of 224 x 224 pixels for vision transformers and VGG.</summary>
    private abstract record ImageWorkload(string Name, string Model, double Flops, int Count) : Workload(Name, Model, Flops)
    {
        private static readonly int s_size = RandomModel.VisionBase.ImageSize;

        private readonly Lazy<ReadOnlyMemory<float>[]> _pixels = new(() =>
        {
            var random = new Random(1);
            return Inputs(Count, 3 * s_size * s_size, () => (float)random.NextDouble() - 0.5f);
        });

        public override float[][] Run(Data2VecModel model) => ((VisionModel)model).EmbedPrepared(_pixels.Value);

        // The graph of a transformer omits the class token.
        public override float[] HiddenStates(Data2VecModel model) =>
            [.. ((VisionModel)model).EmbedPrepared(_pixels.Value, s_rows).SelectMany(rows => model.Config is PatchConfig ? rows[model.HiddenSize..] : rows)];

        public override IReadOnlyList<(string Name, Array Values, int[] Shape)> GraphInputs() =>
            [("img", _pixels.Value.SelectMany(pixels => pixels.ToArray()).ToArray(), [Count, 3, s_size, s_size])];
    }

    private sealed record VisionWorkload(string Name, double Flops, int Count) : ImageWorkload(Name, "vision", Flops, Count)
    {
        public override string ModelPath(ElementType type) => RandomModel.Vision(type);
    }

    private sealed record VitWorkload(string Name, double Flops, int Count) : ImageWorkload(Name, "vit", Flops, Count)
    {
        public override string ModelPath(ElementType type) => RandomModel.Vit(type);
    }

    private sealed record VggWorkload(string Name, double Flops, int Count) : ImageWorkload(Name, "vgg", Flops, Count)
    {
        public override string ModelPath(ElementType type) => RandomModel.Vgg(type);
    }

    private protected static ReadOnlyMemory<T>[] Inputs<T>(int count, int length, Func<T> next) =>
        [.. Enumerable.Range(0, count).Select(_ => (ReadOnlyMemory<T>)Enumerable.Range(0, length).Select(_ => next()).ToArray())];
}
