using Data2Vec.Memes.Evaluation;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Memes.Fusion;

/// <summary>Trains a <see cref="FusionNetwork"/> (arXiv 1910.02334, section 4): mean squared error, Adam, dropout.</summary>
public sealed class FusionTrainer
{
    private readonly FusionNetwork _network;
    private readonly (float[] Values, float[] Gradient, Adam Adam)[] _parameters;
    private readonly float _dropout;
    private int _steps;

    internal FusionTrainer(FusionNetwork network, float learningRate, float dropout)
    {
        _network = network;
        Gradient = network.Copy();
        _dropout = dropout;
        _parameters =
        [
            .. network.Layers.Zip(Gradient.Layers).SelectMany(pair => new[] { (pair.First.Weight, pair.Second.Weight), (pair.First.Bias, pair.Second.Bias) })
                .Select(pair => (pair.Item1, pair.Item2, new Adam(pair.Item1.Length, learningRate))),
        ];
    }

    internal FusionNetwork Gradient { get; }

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
        var random = new Random(options.Seed);
        var network = FusionNetwork.Create(training.Features[0].Length, options.HiddenSize, random);
        var trainer = new FusionTrainer(network, options.LearningRate, options.Dropout);
        FusionNetwork best = network;
        var epochs = new List<EpochResult>();
        int bestEpoch = -1;
        int[] order = [.. Enumerable.Range(0, training.Labels.Count)];
        while (epochs.Count < options.Epochs && epochs.Count - 1 - bestEpoch < (options.Patience ?? int.MaxValue))
        {
            random.Shuffle(order);
            double loss = 0;
            int correct = 0;
            foreach (int[] batch in order.Chunk(options.BatchSize))
            {
                cancellationToken.ThrowIfCancellationRequested();
                bool[] labels = [.. batch.Select(i => training.Labels[i])];
                float[] scores = trainer.Step([.. batch.Select(i => training.Features[i])], labels, random);
                loss += Loss(scores, labels) * batch.Length;
                correct += scores.Zip(labels).Count(pair => Metrics.IsCorrect(pair.First, pair.Second));
            }

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
                (bestEpoch, best) = (epochs.Count, network.Copy());
            }

            epochs.Add(epoch);
            progress?.Report(epoch);
        }

        return new TrainingResult(best, PlattScaling.Fit(best.Score(validation.Features), validation.Labels), bestEpoch, epochs);
    }

    /// <summary>Does one step of training.</summary>
    /// <returns>The scores before the step.</returns>
    internal float[] Step(ReadOnlyMemory<float>[] x, bool[] labels, Random random)
    {
        float[] scores = Differentiate(x, labels, random);
        _steps++;
        foreach ((float[] values, float[] gradient, Adam adam) in _parameters)
        {
            adam.Step(values, gradient, _steps);
        }

        return scores;
    }

    /// <summary>Puts the gradient of the mean squared error into <see cref="Gradient"/>.</summary>
    internal float[] Differentiate(ReadOnlyMemory<float>[] x, bool[] labels, Random random)
    {
        LinearLayer[] layers = _network.Layers, gradients = Gradient.Layers;
        float[] first = layers[0].ForwardReLU(x), kept = Dropout(first, random);
        ReadOnlyMemory<float>[] firstRows = FusionNetwork.Rows(first, layers[0].Outputs);
        float[] second = layers[1].ForwardReLU(firstRows), scores = new float[x.Length];
        ReadOnlyMemory<float>[] secondRows = FusionNetwork.Rows(second, layers[1].Outputs);
        layers[2].Forward(secondRows, scores);

        float[] d = [.. scores.Zip(labels, (score, label) => 2 * (score - Target(label)) / scores.Length)];
        float[] dSecond = new float[second.Length], dFirst = new float[first.Length];
        layers[2].Backward(secondRows, d, gradients[2], dSecond);
        BackwardReLU(second, dSecond);
        layers[1].Backward(firstRows, dSecond, gradients[1], dFirst);
        TensorPrimitives.Multiply(dFirst, kept, dFirst);
        BackwardReLU(first, dFirst);
        layers[0].Backward(x, dFirst, gradients[0], []);
        return scores;
    }

    internal static double Loss(IReadOnlyList<float> scores, IReadOnlyList<bool> labels) =>
        scores.Zip(labels).Average(pair => Math.Pow(pair.First - Target(pair.Second), 2));

    private static float Target(bool label) => label ? 1 : 0;

    private static void BackwardReLU(float[] y, float[] dy)
    {
        for (int i = 0; i < y.Length; i++)
        {
            dy[i] = y[i] > 0 ? dy[i] : 0;
        }
    }

    private static void Check(Examples examples, string name, Examples first)
    {
        if (examples.Labels.Count == 0 || examples.Features.Count != examples.Labels.Count || examples.Features.Any(input => input.Length != first.Features[0].Length))
        {
            throw new ArgumentException("Give at least one example, a label for each, and the same number of features for all.", name);
        }
    }

    /// <summary>Sets some values to 0 and scales the others up to keep the mean.</summary>
    /// <returns>The factor of each value.</returns>
    private float[] Dropout(float[] values, Random random)
    {
        var kept = new float[values.Length];
        for (int i = 0; i < kept.Length; i++)
        {
            kept[i] = _dropout > 0 && random.NextSingle() < _dropout ? 0 : 1 / (1 - _dropout);
        }

        TensorPrimitives.Multiply(values, kept, values);
        return kept;
    }
}

/// <summary>Kingma and Ba, "Adam" (2015), algorithm 1, with the default constants.</summary>
internal sealed class Adam(int parameters, float learningRate)
{
    private const float Beta1 = 0.9f, Beta2 = 0.999f, Epsilon = 1e-8f;

    private readonly float[] _mean = new float[parameters];
    private readonly float[] _square = new float[parameters];

    /// <summary>Updates values in place. Steps count from 1.</summary>
    public void Step(float[] values, float[] gradient, int step)
    {
        float size = (float)(learningRate / (1 - Math.Pow(Beta1, step)));
        float correction = (float)Math.Sqrt(1 - Math.Pow(Beta2, step));
        for (int i = 0; i < values.Length; i++)
        {
            float mean = _mean[i] = Beta1 * _mean[i] + (1 - Beta1) * gradient[i];
            float square = _square[i] = Beta2 * _square[i] + (1 - Beta2) * gradient[i] * gradient[i];
            values[i] -= size * mean / (MathF.Sqrt(square) / correction + Epsilon);
        }
    }
}
