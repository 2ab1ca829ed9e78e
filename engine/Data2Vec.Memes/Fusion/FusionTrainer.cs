using Data2Vec.Memes.Evaluation;
using Data2Vec.Training.Losses;
using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Memes.Fusion;

/// <summary>Trains a <see cref="FusionNetwork"/> (arXiv 1910.02334, section 4): mean squared error, Adam, dropout.</summary>
public static class FusionTrainer
{
    /// <summary>Trains a network.</summary>
    /// <param name="training">The training memes.</param>
    /// <param name="validation">The memes that select the epoch and fit the calibration.</param>
    /// <param name="options">The settings.</param>
    /// <param name="progress">Receives the result of each epoch.</param>
    /// <param name="cancellationToken">Checked before each step.</param>
    /// <exception cref="ArgumentException">There are no examples, their numbers of features differ, or an option is out of range.</exception>
    /// <exception cref="InvalidDataException">Training diverged: the loss is not finite.</exception>
    public static TrainingResult Train(
        Examples training, Examples validation, TrainingOptions? options = null, IProgress<EpochResult>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(validation);
        options ??= new TrainingOptions();
        options.Check();
        Check(training, nameof(training), training);
        Check(validation, nameof(validation), training);
        using var learner = new FusionLearner(training.Features[0].Length, options);
        FusionNetwork? best = null;
        var epochs = new List<EpochResult>();
        int bestEpoch = -1;
        int[] order = [.. Enumerable.Range(0, training.Labels.Count)];
        while (epochs.Count < options.Epochs && epochs.Count - 1 - bestEpoch < (options.Patience ?? int.MaxValue))
        {
            new RandomSource((ulong)options.Seed, epochs.Count, RandomSite.Order).Sequence(0).Shuffle<int>(order);
            double loss = 0;
            int correct = 0;
            foreach (int[] batch in order.Chunk(options.BatchSize))
            {
                cancellationToken.ThrowIfCancellationRequested();
                bool[] labels = [.. batch.Select(i => training.Labels[i])];
                float[] scores = learner.Update(training, batch);
                loss += Loss(scores, labels) * batch.Length;
                correct += scores.Zip(labels).Count(pair => Metrics.IsCorrect(pair.First, pair.Second));
            }

            FusionNetwork network = learner.Network();
            float[] validated = network.Score(validation.Features);
            var epoch = new EpochResult(
                epochs.Count + 1,
                loss / order.Length,
                (double)correct / order.Length,
                Loss(validated, validation.Labels),
                Metrics.Accuracy(validated, validation.Labels));
            if (!double.IsFinite(epoch.TrainingLoss) || !double.IsFinite(epoch.ValidationLoss))
            {
                throw new InvalidDataException($"training diverged in epoch {epoch.Epoch}; use a learning rate below {options.LearningRate}");
            }

            if (bestEpoch < 0 || epoch.ValidationAccuracy > epochs[bestEpoch].ValidationAccuracy)
            {
                (bestEpoch, best) = (epochs.Count, network);
            }

            epochs.Add(epoch);
            progress?.Report(epoch);
        }

        return new TrainingResult(best!, PlattScaling.Fit(best!.Score(validation.Features), validation.Labels), bestEpoch, epochs);
    }

    /// <summary>The mean squared error.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="labels">Whether each score should be 1 rather than 0.</param>
    /// <param name="gradient">Receives the gradient by the scores, if it is not empty.</param>
    internal static double Loss(ReadOnlySpan<float> scores, IReadOnlyList<bool> labels, Span<float> gradient = default) =>
        new RegressionLoss { Scale = 1.0 / scores.Length }.Compute(scores, [.. labels.Select(label => label ? 1f : 0f)], features: 1, gradient);

    private static void Check(Examples examples, string name, Examples first)
    {
        if (examples.Labels.Count == 0 || examples.Features.Count != examples.Labels.Count || examples.Features.Any(input => input.Length != first.Features[0].Length))
        {
            throw new ArgumentException("Give at least one example, a label for each, and the same number of features for all.", name);
        }
    }
}
