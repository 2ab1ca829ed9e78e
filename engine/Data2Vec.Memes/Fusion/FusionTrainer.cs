using Data2Vec.Memes.Evaluation;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Memes.Fusion;

/// <summary>Trains a <see cref="FusionNetwork"/> on vectors of memes (arXiv 1910.02334, section 4): mean squared error, Adam, dropout.</summary>
public sealed class FusionTrainer
{
    private readonly FusionNetwork _network;
    private readonly FusionNetwork _gradient;
    private readonly (float[] Values, float[] Gradient, Adam Adam)[] _parameters;
    private readonly float _dropout;
    private int _steps;

    internal FusionTrainer(FusionNetwork network, float learningRate, float dropout)
    {
        _network = network;
        _gradient = network.Copy();
        _dropout = dropout;
        _parameters =
        [
            .. network.Layers.Zip(_gradient.Layers).SelectMany(pair => new[] { (pair.First.Weight, pair.Second.Weight), (pair.First.Bias, pair.Second.Bias) })
                .Select(pair => (pair.Item1, pair.Item2, new Adam(pair.Item1.Length, learningRate))),
        ];
    }

    internal FusionNetwork Gradient => _gradient;

    /// <summary>Trains a network.</summary>
    /// <param name="training">What it learns from.</param>
    /// <param name="validation">What chooses the epoch and fits the calibration.</param>
    /// <param name="options">How it is trained.</param>
    /// <param name="report">Told each epoch's number, from 0, and how it went.</param>
    /// <param name="cancellationToken">Looked at before each step.</param>
    /// <exception cref="ArgumentException">There are no examples, their features differ in number, or an option is out of range.</exception>
    /// <exception cref="InvalidDataException">Training diverged: the loss is no number any more.</exception>
    public static TrainingResult Train(
        Examples training, Examples validation, TrainingOptions? options = null, Action<int, EpochResult>? report = null, CancellationToken cancellationToken = default)
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
            int right = 0;
            foreach (int[] batch in order.Chunk(options.BatchSize))
            {
                cancellationToken.ThrowIfCancellationRequested();
                bool[] labels = [.. batch.Select(i => training.Labels[i])];
                float[] scores = trainer.Step([.. batch.Select(i => training.Features[i])], labels, random);
                loss += Loss(scores, labels) * batch.Length;
                right += scores.Zip(labels).Count(pair => Metrics.IsRight(pair.First, pair.Second));
            }

            float[] validated = network.Score(validation.Features);
            var epoch = new EpochResult(
                loss / order.Length, (double)right / order.Length, Loss(validated, validation.Labels), Metrics.Accuracy(validated, validation.Labels));
            if (!double.IsFinite(epoch.TrainingLoss) || !double.IsFinite(epoch.ValidationLoss))
            {
                throw new InvalidDataException($"training diverged in epoch {epochs.Count + 1}; take a smaller learning rate than {options.LearningRate}");
            }

            if (bestEpoch < 0 || epoch.ValidationAccuracy > epochs[bestEpoch].ValidationAccuracy)
            {
                (bestEpoch, best) = (epochs.Count, network.Copy());
            }

            epochs.Add(epoch);
            report?.Invoke(epochs.Count - 1, epoch);
        }

        return new TrainingResult(best, PlattScaling.Fit(best.Score(validation.Features), validation.Labels), bestEpoch, epochs);
    }

    /// <summary>One step of training.</summary>
    /// <param name="x">For each example its features.</param>
    /// <param name="labels">For each example its label.</param>
    /// <param name="random">Chooses what dropout leaves out.</param>
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

    /// <summary>Leaves the mean squared error by the parameters in <see cref="Gradient"/>.</summary>
    internal float[] Differentiate(ReadOnlyMemory<float>[] x, bool[] labels, Random random)
    {
        LinearLayer[] layers = _network.Layers, gradients = _gradient.Layers;
        float[] first = new float[x.Length * layers[0].Outputs], second = new float[x.Length * layers[1].Outputs], scores = new float[x.Length];
        layers[0].Forward(x, first);
        TensorPrimitives.Max(first, 0f, first);
        float[] kept = Dropout(first, random);
        ReadOnlyMemory<float>[] firstRows = FusionNetwork.Rows(first, layers[0].Outputs);
        layers[1].Forward(firstRows, second);
        TensorPrimitives.Max(second, 0f, second);
        ReadOnlyMemory<float>[] secondRows = FusionNetwork.Rows(second, layers[1].Outputs);
        layers[2].Forward(secondRows, scores);

        var d = new float[x.Length];
        for (int i = 0; i < d.Length; i++)
        {
            d[i] = 2 * (scores[i] - Target(labels[i])) / d.Length;
        }

        float[] dSecond = new float[second.Length], dFirst = new float[first.Length];
        layers[2].Backward(secondRows, d, gradients[2], dSecond);
        ThroughReLU(second, dSecond);
        layers[1].Backward(firstRows, dSecond, gradients[1], dFirst);
        TensorPrimitives.Multiply(dFirst, kept, dFirst);
        ThroughReLU(first, dFirst);
        layers[0].Backward(x, dFirst, gradients[0], []);
        return scores;
    }

    internal static double Loss(IReadOnlyList<float> scores, IReadOnlyList<bool> labels) =>
        scores.Zip(labels).Average(pair => Math.Pow(pair.First - Target(pair.Second), 2));

    private static float Target(bool label) => label ? 1 : 0;

    private static void ThroughReLU(float[] y, float[] dy)
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
            throw new ArgumentException("There must be examples, each with a label and all with the same number of features.", name);
        }
    }

    /// <summary>Leaves some out, and makes the others larger by as much.</summary>
    /// <returns>By what each was multiplied.</returns>
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
