using Data2Vec.Kernels.Cpu;
using Data2Vec.Training.FineTuning;
using Data2Vec.Training.Masking;
using Data2Vec.Training.Network;
using Data2Vec.Training.Optimizers;
using Data2Vec.Training.Pretraining;
using Data2Vec.Training.RandomNumbers;
using Data2Vec.Training.Schedules;
using Data2Vec.Training.Tests.Network;
using Data2Vec.Training.Updates;

namespace Data2Vec.Training.Tests.Updates;

/// <summary>Small trainers with dropout, and their batches, which are functions of the seed and the update.</summary>
internal static class TinyRuns
{
    public const ulong Seed = 77;

    private static readonly ReadOnlyMemory<float>[] s_recordings = TinyModels.Floats([.. Enumerable.Range(0, 12).Select(i => 80 + 17 * i)]);

    public static RecordingOptions Options { get; } = new() { Dropout = ModelGradientTests.AllDropouts, Seed = Seed };

    public static OptimizerRecipe Recipe { get; } = new()
    {
        Schedule = new CosineSchedule(2e-3, 40, 4),
        Adam = new AdamOptions { Beta2 = 0.98, Epsilon = 1e-6 },
        ClipNorm = 5,
        GroupOf = _ => new ParameterGroup(0.01),
    };

    public static Pretrainer<float> Pretrainer(RecordingOptions? options = null, int threads = 2) => new(
        TinyModels.Speech(), PretrainingObjective.Speech with { TopLayers = 2 }, Recipe, new TeacherDecaySchedule(0.9, 0.99, 30), options ?? Options,
        new CpuBackend(threads), TinyModels.Values);

    /// <summary>Recordings whose frames are masked as in pretraining.</summary>
    public static PretrainingBatch<float> Recordings(long update, int first = 0, int count = 4)
    {
        long[] items = [.. Enumerable.Range(first, count).Select(i => (update * 5 + i) % s_recordings.Length)];
        ReadOnlyMemory<float>[] inputs = [.. items.Select(item => s_recordings[item])];
        int[] lengths = [.. inputs.Select(input => TinyModels.Speech().Frames(input.Length))];
        bool[] mask = new bool[lengths.Sum()];
        new SpanMask { Length = 3 }.Draw(new RandomSource(Seed, update, RandomSite.TimeMask), items, lengths, mask);
        return new PretrainingBatch<float>(items, inputs, inputs, mask);
    }

    public static FineTuner<float, ReadOnlyMemory<int>> Recognizer(
        Func<Parameters.Parameter, long, bool> learns, RecordingOptions? options = null, int threads = 2) => new(
        TinyModels.Speech(labels: ["-", "a", "b", "c"]), new TranscriptLoss(0), Recipe, options ?? Options, new CpuBackend(threads), TinyModels.Values, learns);

    /// <summary>Recordings with transcripts, and masks of fine-tuning.</summary>
    public static FineTuningBatch<float, ReadOnlyMemory<int>> Transcripts(long update, int first = 0, int count = 4)
    {
        PretrainingBatch<float> recordings = Recordings(update, first, count);
        return new FineTuningBatch<float, ReadOnlyMemory<int>>(
            recordings.Items, recordings.Inputs, [.. recordings.Items.Select(item => (ReadOnlyMemory<int>)new[] { 1 + (int)item % 3, 1, 2 + (int)item % 2 })])
        {
            TimeMask = recordings.Mask,
            ChannelMask = [.. recordings.Items.Select(item => new[] { (int)item % 5, 7 })],
        };
    }

    public static float[][] Gradients<T>(TrainableNetwork<T> network) =>
        [.. Enumerable.Range(0, network.Buffers.Places.Count).Select(i => network.Buffers.Read(i, network.Buffers.Gradients))];

    public static float[][] Values<T>(TrainableNetwork<T> network) =>
        [.. Enumerable.Range(0, network.Buffers.Places.Count).Select(i => network.Buffers.Read(i, network.Buffers.Values))];
}
