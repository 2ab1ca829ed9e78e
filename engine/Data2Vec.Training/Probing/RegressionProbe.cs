using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Training.Probing;

/// <summary>A linear function of vectors that predicts a number: ridge regression. Instances are immutable.</summary>
public sealed class RegressionProbe
{
    private readonly float[] _weights;

    internal RegressionProbe(float[] weights, float bias, double penalty) => (_weights, Bias, Penalty) = (weights, bias, penalty);

    /// <summary>The length of a vector.</summary>
    public int Features => _weights.Length;

    /// <summary>The weight of each feature, for vectors as they are.</summary>
    public ReadOnlySpan<float> Weights => _weights;

    /// <summary>The bias.</summary>
    public float Bias { get; }

    /// <summary>The penalty of the squared weights.</summary>
    public double Penalty { get; }

    /// <summary>Fits a probe with a given penalty, exactly.</summary>
    /// <param name="vectors">The vectors.</param>
    /// <param name="targets">The number of each vector.</param>
    /// <param name="penalty">The penalty of the squared weights, for standardized features and half the mean squared error.</param>
    /// <param name="threads">The number of threads, all processors by default. It does not change results.</param>
    /// <exception cref="ArgumentException">The targets do not fit the vectors, or the penalty is not above 0.</exception>
    /// <exception cref="InvalidDataException">A target is not finite, or all are equal.</exception>
    public static RegressionProbe Fit(FeatureVectors vectors, IReadOnlyList<double> targets, double penalty, int? threads = null)
    {
        if (penalty is not (> 0 and < double.PositiveInfinity))
        {
            throw new ArgumentOutOfRangeException(nameof(penalty), penalty, "The penalty must be above 0 and finite.");
        }

        return new RegressionFit(vectors, [.. targets], threads ?? Environment.ProcessorCount).Fit(penalty);
    }

    /// <summary>The predicted number of a vector.</summary>
    /// <exception cref="ArgumentException">The vector has another length.</exception>
    public float Predict(ReadOnlySpan<float> vector) => vector.Length == Features
        ? TensorPrimitives.Dot(vector, _weights) + Bias
        : throw new ArgumentException($"The vector has {vector.Length} features, but the probe takes {Features}.", nameof(vector));

    /// <summary>The predicted number of each vector.</summary>
    public double[] Predict(FeatureVectors vectors)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        double[] predicted = new double[vectors.Count];
        for (int i = 0; i < predicted.Length; i++)
        {
            predicted[i] = Predict(vectors[i]);
        }

        return predicted;
    }
}

/// <summary>Fits probes with several penalties to the same vectors.</summary>
internal sealed class RegressionFit
{
    private readonly Standardization _standardization;
    private readonly NormalEquations _equations;
    private readonly int _features, _threads;

    public RegressionFit(FeatureVectors vectors, double[] targets, int threads)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        if (targets.Length != vectors.Count)
        {
            throw new ArgumentException($"There are {vectors.Count} vectors, but {targets.Length} numbers.", nameof(targets));
        }

        if (Array.FindIndex(targets, target => !double.IsFinite(target)) is >= 0 and int bad)
        {
            throw new InvalidDataException($"The number of vector {bad} is not finite.");
        }

        if (targets.All(target => target == targets[0]))
        {
            throw new InvalidDataException($"All {targets.Length} vectors have the number {targets[0]}. A probe needs different ones.");
        }

        (_features, _threads) = (vectors.Features, threads);
        _standardization = new Standardization(vectors);
        _equations = new NormalEquations(_standardization.Apply(vectors), _features, targets, threads);
    }

    public RegressionProbe Fit(double penalty)
    {
        float[] weights = new float[_features];
        double bias = _standardization.Undo(_equations.Solve(penalty, _threads), _equations.Mean, weights);
        return new RegressionProbe(weights, (float)bias, penalty);
    }
}
