using Data2Vec.Audio;
using Data2Vec.Recognition.Scoring;
using Data2Vec.Text;
using Data2Vec.Training.Augmentation;
using Data2Vec.Training.Data;
using Data2Vec.Training.FineTuning;
using Data2Vec.Training.Metrics;
using Data2Vec.Training.RandomNumbers;
using Data2Vec.Training.Recipes;
using Data2Vec.Vision;

namespace Data2Vec.Training.Runs;

/// <summary>Transcripts of recordings, with a CTC head.</summary>
internal sealed class TranscriptTask(AudioConfig encoder, TranscriptLabels labels, FineTuningRecipe recipe) : FineTuningTask<float, int[], ReadOnlyMemory<int>>
{
    private readonly AudioConfig _config = encoder with
    {
        Labels = labels.Names,
        Ctc = CtcLabels.Letters(labels.Names) with
        {
            Blank = labels.Blank,
            Texts = [.. labels.Names.Select((name, i) => i == labels.Blank || name is ['<', .., '>'] ? "" : name == "|" ? " " : name)],
        },
    };

    public override ModelConfig Config => _config;

    public override IHeadLoss<ReadOnlyMemory<int>> Loss { get; } = new TranscriptLoss(labels.Blank);

    public override IReadOnlyList<string> Metrics => ["wer", "cer"];

    public override FineTuningBatch<float, ReadOnlyMemory<int>> Batch(IReadOnlyList<TrainingItem<float, int[]>> items, long update)
    {
        long[] numbers = [.. items.Select(item => (long)item.Item)];
        int[] frames = [.. items.Select(item => BatchReading.Rows(_config, item.Input.Length))];
        bool[]? time = null;
        int[][]? channels = null;
        if (recipe.TimeMask is { Probability: > 0 } timeMask)
        {
            time = new bool[frames.Sum()];
            timeMask.Spans(fewest: 1).Draw(new RandomSource(recipe.Seed, update, RandomSite.TimeMask), numbers, frames, time);
        }

        if (recipe.ChannelMask is { Probability: > 0 } channelMask)
        {
            int hidden = _config.HiddenSize;
            var mask = new bool[items.Count * hidden];
            channelMask.Spans(fewest: 0).Draw(new RandomSource(recipe.Seed, update, RandomSite.ChannelMask), numbers, [.. items.Select(_ => hidden)], mask);
            channels = [.. items.Select((_, i) => Enumerable.Range(0, hidden).Where(channel => mask[i * hidden + channel]).ToArray())];
        }

        return new FineTuningBatch<float, ReadOnlyMemory<int>>(numbers, [.. items.Select(item => item.Input)], [.. items.Select(item => (ReadOnlyMemory<int>)item.Target)])
        {
            TimeMask = time,
            ChannelMask = channels,
        };
    }

    public override IReadOnlyDictionary<string, double> Measure(IReadOnlyList<(int[] Target, float[] Scores)> answers, int count)
    {
        EditCounts words = default, letters = default;
        long blank = 0, frames = 0;
        foreach ((int[] target, float[] scores) in answers)
        {
            string reference = string.Concat(target.Select(label => _config.Ctc!.Texts[label])).Trim(), hypothesis = new GreedyCtcDecoder(_config.Ctc!).Decode(scores)[0].Text;
            words += EditDistance.CountWords(reference, hypothesis);
            letters += EditDistance.CountCharacters(reference, hypothesis);
            for (int start = 0; start < scores.Length; start += count, frames++)
            {
                blank += Answers.Best(scores.AsSpan(start, count)) == labels.Blank ? 1 : 0;
            }
        }

        return new Dictionary<string, double> { ["wer"] = words.Rate, ["cer"] = letters.Rate, ["blank"] = blank / (double)Math.Max(1, frames) };
    }
}

/// <summary>Classes of texts.</summary>
internal sealed class TextClassTask(TextConfig encoder, IReadOnlyList<string> classes, FineTuningRecipe recipe) : FineTuningTask<int, int, int>
{
    public override ModelConfig Config { get; } = encoder with { Labels = classes, HeadFunction = HeadFunction.Softmax };

    public override IHeadLoss<int> Loss { get; } = new ClassLoss(recipe.LabelSmoothing);

    public override IReadOnlyList<string> Metrics => Answers.Metrics(classes.Count);

    public override FineTuningBatch<int, int> Batch(IReadOnlyList<TrainingItem<int, int>> items, long update) =>
        new([.. items.Select(item => (long)item.Item)], [.. items.Select(item => item.Input)], [.. items.Select(item => item.Target)]);

    public override IReadOnlyDictionary<string, double> Measure(IReadOnlyList<(int Target, float[] Scores)> answers, int labels) => Answers.OfClasses(answers, labels);
}

/// <summary>A number for each text.</summary>
internal sealed class TextScoreTask(TextConfig encoder) : FineTuningTask<int, float, float>
{
    public override ModelConfig Config { get; } = encoder with { Labels = ["score"], HeadFunction = HeadFunction.None };

    public override IHeadLoss<float> Loss { get; } = new NumberLoss();

    public override IReadOnlyList<string> Metrics => ["pearson", "spearman", "squared_error"];

    public override FineTuningBatch<int, float> Batch(IReadOnlyList<TrainingItem<int, float>> items, long update) =>
        new([.. items.Select(item => (long)item.Item)], [.. items.Select(item => item.Input)], [.. items.Select(item => item.Target)]);

    public override IReadOnlyDictionary<string, double> Measure(IReadOnlyList<(float Target, float[] Scores)> answers, int labels)
    {
        double[] predicted = [.. answers.Select(answer => (double)answer.Scores[0])], right = [.. answers.Select(answer => (double)answer.Target)];
        return new Dictionary<string, double>
        {
            ["pearson"] = Correlation.Pearson(predicted, right),
            ["spearman"] = Correlation.Spearman(predicted, right),
            ["squared_error"] = predicted.Zip(right, (a, b) => (a - b) * (a - b)).Average(),
        };
    }
}

/// <summary>Classes of images.</summary>
internal sealed class ImageClassTask(VisionConfig encoder, IReadOnlyList<string> classes, FineTuningRecipe recipe) : FineTuningTask<float, int, float[]>
{
    private readonly BatchMixing? _mixing = recipe.Images is { Mixup: 0, CutMix: 0 } ? null : new BatchMixing
    {
        MixupAlpha = recipe.Images.Mixup,
        CutmixAlpha = recipe.Images.CutMix,
        CutmixProbability = recipe.Images.CutMix == 0 ? 0 : recipe.Images.Mixup == 0 ? 1 : 0.5,
        Smoothing = recipe.LabelSmoothing,
    };

    // The head has a norm of its own, after the mean, instead of the encoder's.
    public override ModelConfig Config { get; } = encoder with { Labels = classes, HasFinalNorm = false };

    public override IHeadLoss<float[]> Loss { get; } = new DistributionLoss();

    public override IReadOnlyList<string> Metrics => Answers.Metrics(classes.Count);

    public override FineTuningBatch<float, float[]> Batch(IReadOnlyList<TrainingItem<float, int>> items, long update)
    {
        int count = classes.Count, size = encoder.ImageSize;
        ReadOnlyMemory<float>[] inputs = [.. items.Select(item => item.Input)];
        var targets = new float[items.Count * count];
        if (_mixing is null)
        {
            for (int i = 0; i < items.Count; i++)
            {
                targets.AsSpan(i * count, count).Fill((float)(recipe.LabelSmoothing / count));
                targets[i * count + items[i].Target] += (float)(1 - recipe.LabelSmoothing);
            }
        }
        else
        {
            float[] pixels = [.. inputs.SelectMany(input => input.ToArray())];
            RandomSequence random = new RandomSource(recipe.Seed, update, RandomSite.Mixing).Sequence(items[0].Item);
            _mixing.Apply(pixels, size, size, [.. items.Select(item => item.Target)], count, targets, random);
            inputs = [.. items.Select((_, i) => (ReadOnlyMemory<float>)pixels.AsMemory(i * 3 * size * size, 3 * size * size))];
        }

        return new FineTuningBatch<float, float[]>(
            [.. items.Select(item => (long)item.Item)], inputs, [.. items.Select((_, i) => targets.AsSpan(i * count, count).ToArray())]);
    }

    public override IReadOnlyDictionary<string, double> Measure(IReadOnlyList<(int Target, float[] Scores)> answers, int labels) => Answers.OfClasses(answers, labels);
}

/// <summary>How classes are measured.</summary>
internal static class Answers
{
    /// <summary>The label with the greatest score.</summary>
    public static int Best(ReadOnlySpan<float> scores) => System.Numerics.Tensors.TensorPrimitives.IndexOfMax(scores);

    /// <summary>What is measured of classes.</summary>
    public static IReadOnlyList<string> Metrics(int labels) => labels == 2 ? ["accuracy", "f1", "matthews"] : ["accuracy"];

    public static IReadOnlyDictionary<string, double> OfClasses(IReadOnlyList<(int Target, float[] Scores)> answers, int labels)
    {
        int[] predicted = [.. answers.Select(answer => Best(answer.Scores))], right = [.. answers.Select(answer => answer.Target)];
        var values = new Dictionary<string, double> { ["accuracy"] = Classification.Accuracy(predicted, right) };
        if (labels == 2)
        {
            (values["f1"], values["matthews"]) = (Classification.F1(predicted, right), Classification.Matthews(predicted, right));
        }

        return values;
    }
}
