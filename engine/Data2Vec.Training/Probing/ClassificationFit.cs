using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Training.Probing;

/// <summary>Fits probes with several penalties to the same vectors. Each starts from the one before.</summary>
internal sealed class ClassificationFit : IDisposable
{
    private readonly IReadOnlyList<string> _names;
    private readonly ProbeOptions _options;
    private readonly CancellationToken _cancellation;
    private readonly Standardization _standardization;
    private readonly SoftmaxObjective _objective;
    private readonly int[] _present;
    private readonly int _features;
    private readonly double[] _point;
    private readonly double _firstNorm;

    public ClassificationFit(FeatureVectors vectors, int[] labels, IReadOnlyList<string> names, ProbeOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        options.Check();
        CheckLabels(vectors, labels, names);
        (_names, _options, _cancellation, _features) = (names, options, cancellation, vectors.Features);

        // A class without a vector has no minimum: its bias would fall forever.
        _present = [.. labels.Distinct().Order()];
        if (_present.Length < 2)
        {
            throw new InvalidDataException($"All {labels.Length} vectors are of the class '{names[labels[0]]}'. A probe needs at least two classes.");
        }

        _standardization = new Standardization(vectors);
        int[] numbers = [.. labels.Select(label => Array.BinarySearch(_present, label))];
        _objective = new SoftmaxObjective(_standardization.Apply(vectors), _features, numbers, _present.Length, withGradients: true, options.Threads);
        _point = new double[_objective.Parameters];

        // The optimizer starts at the shares of the classes.
        for (int c = 0; c < _present.Length; c++)
        {
            _point[^(_present.Length - c)] = Math.Log(numbers.Count(number => number == c) / (double)numbers.Length);
        }

        double[] gradient = new double[_point.Length];
        _objective.Evaluate(_point, gradient);
        _firstNorm = TensorPrimitives.Norm<double>(gradient);
    }

    /// <summary>Fits a probe, from where the last one ended.</summary>
    /// <param name="penalty">The penalty.</param>
    /// <param name="stage">The stage, for progress.</param>
    /// <param name="tolerance">The accuracy; null for that of the options.</param>
    public ClassificationProbe Fit(double penalty, string stage, double? tolerance = null)
    {
        _objective.Penalty = penalty;
        var optimizer = new LimitedMemoryBfgs
        {
            MaxIterations = _options.MaxIterations,
            Stepped = (step, loss) => _options.Progress?.Report(new ProbeProgress(stage, penalty, step, loss)),
        };
        (int steps, bool converged) = optimizer.Minimize(_point, _objective.Evaluate, (tolerance ?? _options.Tolerance) * _firstNorm, _cancellation);
        float[] weights = new float[_names.Count * _features], biases = new float[_names.Count];
        Array.Fill(biases, float.NegativeInfinity);
        for (int c = 0; c < _present.Length; c++)
        {
            biases[_present[c]] = (float)_standardization.Undo(
                _point.AsSpan(c * _features, _features), _point[^(_present.Length - c)], weights.AsSpan(_present[c] * _features, _features));
        }

        return new ClassificationProbe(_names, _features, weights, biases, penalty) { Steps = steps, Converged = converged };
    }

    /// <summary>Prepares the measurement of losses of held-out vectors, whose classes without a vector here are left out.</summary>
    /// <returns>Null if no vector remains.</returns>
    public SoftmaxObjective? HeldOut(FeatureVectors vectors, int[] labels)
    {
        int[] known = [.. Enumerable.Range(0, labels.Length).Where(i => Array.BinarySearch(_present, labels[i]) >= 0)];
        if (known.Length == 0)
        {
            return null;
        }

        int[] numbers = [.. known.Select(i => Array.BinarySearch(_present, labels[i]))];
        return new SoftmaxObjective(
            _standardization.Apply(vectors.Select(known)), _features, numbers, _present.Length, withGradients: false, _options.Threads);
    }

    /// <summary>The loss of held-out vectors where the last fit ended.</summary>
    public double Loss(SoftmaxObjective heldOut) => heldOut.Evaluate(_point, []);

    public void Dispose() => _objective.Dispose();

    private static void CheckLabels(FeatureVectors vectors, int[] labels, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        if (labels.Length != vectors.Count)
        {
            throw new ArgumentException($"There are {vectors.Count} vectors, but {labels.Length} labels.", nameof(labels));
        }

        foreach (int label in labels)
        {
            if ((uint)label >= (uint)names.Count)
            {
                throw new ArgumentException($"The label {label} is none of the {names.Count} classes.", nameof(labels));
            }
        }
    }
}
