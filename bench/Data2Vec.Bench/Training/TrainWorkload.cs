using Data2Vec.Audio;
using Data2Vec.Text;
using Data2Vec.Training.Masking;
using Data2Vec.Training.Network;
using Data2Vec.Training.Pretraining;
using Data2Vec.Training.RandomNumbers;
using Data2Vec.Vision;

namespace Data2Vec.Bench.Training;

/// <summary>Inputs for updates of pretraining, with masks drawn as published.</summary>
/// <param name="Name">The name of the workload.</param>
/// <param name="Config">The model.</param>
/// <param name="Batch">The batch.</param>
/// <param name="Dropout">The published rates.</param>
internal sealed record TrainWorkload<T>(string Name, ModelConfig Config, PretrainingBatch<T> Batch, DropoutRates Dropout);

/// <summary>Creates the workloads.</summary>
internal static class TrainWorkloads
{
    private const ulong Seed = 1;

    public static TrainWorkload<float> Speech(int seconds, int count)
    {
        AudioConfig config = RandomModel.SpeechBase;
        var random = new Random(1);
        ReadOnlyMemory<float>[] inputs = [.. Enumerable.Range(0, count).Select(_ => (ReadOnlyMemory<float>)Normalization.PerUtterance(
            [.. Enumerable.Range(0, seconds * config.SampleRate).Select(i => MathF.Sin(i * 0.05f) + (float)random.NextDouble())]))];
        int rows = config.Frames(inputs[0].Length);
        var mask = new bool[count * rows];
        new SpanMask().Draw(new RandomSource(Seed, 0, RandomSite.TimeMask), Items(count), [.. Enumerable.Repeat(rows, count)], mask);
        var dropout = new DropoutRates { Input = 0.1, Branch = 0.1, Attention = 0.1, Layer = 0.05 };
        return new TrainWorkload<float>($"speech {count} x {seconds} s", config, new PretrainingBatch<float>(Items(count), inputs, inputs, mask), dropout);
    }

    public static TrainWorkload<int> Text(int tokens, int count)
    {
        const int MaskToken = 50_264;
        TextConfig config = RandomModel.TextBase;
        var random = new Random(1);
        var inputs = new ReadOnlyMemory<int>[count];
        var masked = new ReadOnlyMemory<int>[count];
        var mask = new bool[count * tokens];
        for (int i = 0; i < count; i++)
        {
            int[] whole = [.. Enumerable.Range(0, tokens).Select(_ => random.Next(4, 50_000))], hidden = new int[tokens];
            TokenMask.Data2Vec(MaskToken).Draw(new RandomSource(Seed, 0, RandomSite.TokenMask), i, whole, [], hidden, mask.AsSpan(i * tokens, tokens));
            (inputs[i], masked[i]) = (whole, hidden);
        }

        var dropout = new DropoutRates { Input = 0.1, Branch = 0.1, Attention = 0.1 };
        return new TrainWorkload<int>($"text {count} x {tokens}", config, new PretrainingBatch<int>(Items(count), inputs, masked, mask), dropout);
    }

    public static TrainWorkload<float> Images(int count)
    {
        VisionConfig config = RandomModel.VisionBase;
        var random = new Random(1);
        ReadOnlyMemory<float>[] inputs = [.. Enumerable.Range(0, count).Select(_ => (ReadOnlyMemory<float>)Enumerable
            .Range(0, 3 * config.ImageSize * config.ImageSize).Select(_ => (float)random.NextDouble() - 0.5f).ToArray())];
        int rows = 1 + config.Patches;
        var mask = new bool[count * rows];
        for (int i = 0; i < count; i++)
        {
            new BlockMask(config.GridSize, config.GridSize, 120).Draw(new RandomSource(Seed, 0, RandomSite.BlockMask), i, mask.AsSpan(i * rows + 1, config.Patches));
        }

        var dropout = new DropoutRates { Path = 0.25, Attention = 0.05 };
        return new TrainWorkload<float>($"image {count}", config, new PretrainingBatch<float>(Items(count), inputs, inputs, mask), dropout);
    }

    private static long[] Items(int count) => [.. Enumerable.Range(0, count).Select(i => (long)i)];
}
