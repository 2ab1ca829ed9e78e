using Data2Vec.Audio;
using Data2Vec.Kernels;

namespace Data2Vec.Bench;

/// <summary>What a model of the real size is given, and how much work that is.</summary>
/// <param name="Name">What it is.</param>
/// <param name="ModelPath">Provides the model file.</param>
/// <param name="Run">Embeds the inputs.</param>
/// <param name="Flops">Operations of the matrix products and convolutions.</param>
public sealed record Workload(string Name, Func<string> ModelPath, Func<Data2VecModel, float[][]> Run, double Flops)
{
    /// <summary>All that are measured.</summary>
    public static readonly IReadOnlyList<Workload> All =
        [Speech(1), Speech(10), Speech(30), Text(1, 128), Text(8, 128), Text(1, 512), Images(1), Images(8)];

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static Workload Speech(int seconds)
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
        return new Workload($"speech {seconds} s", RandomModel.Speech, model => [model.EmbedAudio(waveform)], flops + Transformer(length));
    }

    private static Workload Text(int texts, int tokens)
    {
        var random = new Random(1);
        ReadOnlyMemory<int>[] ids = [.. Enumerable.Range(0, texts).Select(_ => (ReadOnlyMemory<int>)Enumerable.Range(0, tokens).Select(_ => random.Next(4, 50_000)).ToArray())];
        return new Workload($"text {texts} x {tokens} tokens", RandomModel.Text, model => model.EmbedTokens(ids), texts * Transformer(tokens));
    }

    private static Workload Images(int count)
    {
        var random = new Random(1);
        int size = RandomModel.VisionBase.ImageSize, patches = RandomModel.VisionBase.Patches;
        ReadOnlyMemory<float>[] pixels = [.. Enumerable.Range(0, count).Select(_ => (ReadOnlyMemory<float>)Enumerable.Range(0, 3 * size * size).Select(_ => (float)random.NextDouble() - 0.5f).ToArray())];
        double patchEmbedding = 2.0 * 3 * size * size * RandomModel.VisionBase.HiddenSize;
        return new Workload($"images {count}", RandomModel.Vision, model => model.EmbedPixels(pixels), count * (patchEmbedding + Transformer(patches + 1)));
    }

    /// <summary>Twelve layers of 768, for one sequence of so many rows.</summary>
    private static double Transformer(double rows)
    {
        const double Layers = 12, Hidden = 768, FeedForward = 3072;
        return Layers * (2 * rows * (4 * Hidden * Hidden + 2 * Hidden * FeedForward) + 4 * rows * rows * Hidden);
    }
}
