using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;
using Data2Vec.Parameters;
using Data2Vec.Recognition.Scoring;
using Data2Vec.Training.FineTuning;
using Data2Vec.Training.Network;
using Data2Vec.Training.Optimizers;
using Data2Vec.Training.RandomNumbers;
using Data2Vec.Training.Schedules;
using Data2Vec.Training.Tests.Network;
using Data2Vec.Training.Updates;

namespace Data2Vec.Training.Tests.Learning;

/// <summary>Small models learn synthesized tasks from nothing, with dropout, and are judged by examples that they have not seen.</summary>
public class SupervisedLearningTests
{
    private const int Batch = 12, HeldOut = 60;

    private static readonly RecordingOptions s_options = new() { Dropout = new DropoutRates { Input = 0.05, Branch = 0.05, Attention = 0.05, Path = 0.05 }, Seed = 1 };

    /// <summary>Tones of four pitches with noise, one to five in a recording, to be transcribed.</summary>
    [Fact]
    public void A_recognizer_transcribes_tones()
    {
        using FineTuner<float, ReadOnlyMemory<int>> tuner = Tuner<float, ReadOnlyMemory<int>>(
            TinyModels.Speech(labels: ["-", "a", "b", "c", "d"]), new TranscriptLoss(0), updates: 600);
        double before = ErrorRate();
        Train(tuner, 600, Tones);
        double after = ErrorRate();
        Assert.True(before > 0.7, $"{before:0.000} of the labels are wrong before training");
        Assert.True(after < 0.2, $"{after:0.000} of the labels are wrong");

        double ErrorRate()
        {
            EditCounts counts = default;
            foreach ((ReadOnlyMemory<float> input, ReadOnlyMemory<int> target) in Examples(Tones))
            {
                int[] best = Best(tuner.Network, input);
                int[] transcript = [.. best.Where((label, i) => label != 0 && (i == 0 || label != best[i - 1]))];
                counts += EditDistance.Count<int>(target.Span, transcript);
            }

            return counts.Rate;
        }
    }

    /// <summary>The class is which of four tokens occurs, wherever it stands.</summary>
    [Fact]
    public void A_classifier_of_texts_finds_one_token_among_others()
    {
        using FineTuner<int, int> tuner = Tuner<int, int>(TinyModels.Text(labels: ["a", "b", "c", "d"]), new ClassLoss(0), updates: 200);
        CheckClasses(tuner, 200, Texts);
    }

    /// <summary>Stripes of four directions in random phases, with noise.</summary>
    [Fact]
    public void A_classifier_of_images_tells_directions_apart()
    {
        using FineTuner<float, int> tuner = Tuner<float, int>(TinyModels.Vision(labels: ["a", "b", "c", "d"]), new ClassLoss(0), updates: 150);
        CheckClasses(tuner, 150, Stripes);
    }

    private static void CheckClasses<T>(FineTuner<T, int> tuner, int updates, Func<RandomSequence, (ReadOnlyMemory<T> Input, int Target)> draw)
    {
        double before = ErrorRate();
        Train(tuner, updates, draw);
        double after = ErrorRate();
        Assert.True(before > 0.5, $"{before:0.000} of the examples are wrong before training");
        Assert.True(after <= 0.1, $"{after:0.000} of the examples are wrong");

        double ErrorRate() => Examples(draw).Average(example => Best(tuner.Network, example.Input)[0] == example.Target ? 0.0 : 1);
    }

    private static FineTuner<T, TTarget> Tuner<T, TTarget>(ModelConfig config, IHeadLoss<TTarget> loss, long updates) => new(
        config, loss,
        new OptimizerRecipe
        {
            Schedule = new CosineSchedule(1e-2, updates, updates / 10),
            Adam = new AdamOptions { Beta2 = 0.98, Epsilon = 1e-6 },
            ClipNorm = 5,
            GroupOf = parameter => new ParameterGroup(parameter.Shape.Count > 1 ? 0.01 : 0),
        },
        s_options, new CpuBackend(2), Initial, (_, _) => true);

    /// <summary>Where training starts from, with matrices as large as small models need. Images do without positions of layers.</summary>
    private static float[]? Initial(Parameter parameter)
    {
        if (parameter.Name.Contains(".relative_position", StringComparison.Ordinal) || parameter.Name.EndsWith("_scale", StringComparison.Ordinal))
        {
            return null;
        }

        float[] values = new float[parameter.Count];
        InitialValue initial = parameter.Role == ParameterRole.Product || (parameter.Role == ParameterRole.Convolution && parameter.Shape.Count == 2) ? InitialValue.Normal(1 / MathF.Sqrt(parameter.Shape[1])) : parameter.Initial;
        initial.Fill(parameter, 3, 0, values);
        return values;
    }

    private static void Train<T, TTarget>(FineTuner<T, TTarget> tuner, int updates, Func<RandomSequence, (ReadOnlyMemory<T> Input, TTarget Target)> draw)
    {
        for (int update = 0; update < updates; update++)
        {
            long[] items = [.. Enumerable.Range(0, Batch).Select(i => (long)update * Batch + i)];
            (ReadOnlyMemory<T> Input, TTarget Target)[] examples = [.. items.Select(item => draw(new RandomSource(1, 0, RandomSite.Crop).Sequence(item)))];
            tuner.Update([new FineTuningBatch<T, TTarget>(items, [.. examples.Select(example => example.Input)], [.. examples.Select(example => example.Target)])]);
        }
    }

    private static IEnumerable<(ReadOnlyMemory<T> Input, TTarget Target)> Examples<T, TTarget>(Func<RandomSequence, (ReadOnlyMemory<T> Input, TTarget Target)> draw) =>
        Enumerable.Range(0, HeldOut).Select(item => draw(new RandomSource(2, 0, RandomSite.Crop).Sequence(item)));

    /// <summary>The label with the highest score of each row, without dropout.</summary>
    private static int[] Best<T>(TrainableNetwork<T> network, ReadOnlyMemory<T> input)
    {
        using Inference run = network.Begin();
        Sequences sequences = run.Sequences([network.Encoder.Rows(input.Span)]);
        Tensor x = network.Encoder.Contextualize(run, network.Encoder.Embed(run, [input], sequences, null, default), sequences, null, null, default);
        Tensor scores = network.Encoder.Head(run, x, sequences);
        float[] values = new float[scores.Rows * scores.Columns];
        run.Download(scores, values);
        return [.. values.Chunk(scores.Columns).Select(row => Array.IndexOf(row, row.Max()))];
    }

    private static (ReadOnlyMemory<float> Input, ReadOnlyMemory<int> Target) Tones(RandomSequence random)
    {
        int[] labels = [.. Enumerable.Range(0, 1 + random.NextInt32(5)).Select(_ => 1 + random.NextInt32(4))];
        var samples = new List<float>();
        foreach (int label in labels)
        {
            // Each tone lasts about eight frames, and after it are a few of silence.
            double phase = random.NextDouble(0, 2 * Math.PI);
            samples.AddRange(Enumerable.Range(0, 40 + random.NextInt32(16)).Select(i => (float)(1.4 * Math.Sin(phase + 0.45 * label * i) + random.NextDouble(-0.3, 0.3))));
            samples.AddRange(Enumerable.Range(0, 20 + random.NextInt32(16)).Select(_ => (float)random.NextDouble(-0.3, 0.3)));
        }

        return (samples.ToArray(), labels);
    }

    private static (ReadOnlyMemory<int> Input, int Target) Texts(RandomSequence random)
    {
        const int first = 4, others = 8;
        int[] tokens = [0, .. Enumerable.Range(0, 3 + random.NextInt32(7)).Select(_ => others + random.NextInt32(12)), 2];
        int target = random.NextInt32(4);
        tokens[1 + random.NextInt32(tokens.Length - 2)] = first + target;
        return (tokens, target);
    }

    private static (ReadOnlyMemory<float> Input, int Target) Stripes(RandomSequence random)
    {
        int direction = random.NextInt32(4);
        double phase = random.NextDouble(0, 2 * Math.PI), angle = direction * Math.PI / 4;
        float[] pixels = new float[3 * 8 * 8];
        for (int i = 0; i < pixels.Length; i++)
        {
            int y = i / 8 % 8, x = i % 8;
            pixels[i] = (float)(Math.Sin(phase + 1.6 * (x * Math.Cos(angle) + y * Math.Sin(angle))) + random.NextDouble(-0.5, 0.5));
        }

        return (pixels, direction);
    }
}
