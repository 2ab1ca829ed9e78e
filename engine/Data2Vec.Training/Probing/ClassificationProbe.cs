using Data2Vec.Training.Threading;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Training.Probing;

/// <summary>
/// A linear classifier of vectors: softmax regression with an L2 penalty. It is deterministic: threads do not change it. Instances are immutable.
/// </summary>
public sealed class ClassificationProbe
{
    private readonly float[] _weights, _biases;

    internal ClassificationProbe(IReadOnlyList<string> labels, int features, float[] weights, float[] biases, double penalty) =>
        (Labels, Features, _weights, _biases, Penalty) = (labels, features, weights, biases, penalty);

    /// <summary>The names of the classes.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>The length of a vector.</summary>
    public int Features { get; }

    /// <summary>The weights, <c>[classes, features]</c>, for vectors as they are.</summary>
    public ReadOnlySpan<float> Weights => _weights;

    /// <summary>The bias of each class. Negative infinity for a class without a vector.</summary>
    public ReadOnlySpan<float> Biases => _biases;

    /// <summary>The penalty of the squared weights.</summary>
    public double Penalty { get; }

    /// <summary>Whether the optimizer reached the minimum.</summary>
    public bool Converged { get; internal init; } = true;

    /// <summary>The steps of the optimizer.</summary>
    public int Steps { get; internal init; }

    /// <summary>Fits a probe with a given penalty.</summary>
    /// <param name="vectors">The vectors.</param>
    /// <param name="labels">The class of each vector, a number of <paramref name="names"/>.</param>
    /// <param name="names">The names of the classes. The probe never predicts a class without a vector.</param>
    /// <param name="penalty">The penalty of the squared weights, for standardized features and the mean loss.</param>
    /// <param name="options">Threads and accuracy. What is held out does not matter here.</param>
    /// <param name="cancellationToken">Checked before each step.</param>
    /// <exception cref="ArgumentException">The labels do not fit the vectors or the names, or an option is out of range.</exception>
    /// <exception cref="InvalidDataException">All vectors are of one class.</exception>
    public static ClassificationProbe Fit(
        FeatureVectors vectors, IReadOnlyList<int> labels, IReadOnlyList<string> names, double penalty, ProbeOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        using var fit = new ClassificationFit(vectors, [.. labels], names, (options ?? new ProbeOptions()) with { Penalties = [penalty] }, cancellationToken);
        return fit.Fit(penalty, "fitting");
    }

    /// <summary>Computes the scores of the classes. Their softmax are probabilities.</summary>
    /// <exception cref="ArgumentException">The vector has another length.</exception>
    public float[] Scores(ReadOnlySpan<float> vector)
    {
        if (vector.Length != Features)
        {
            throw new ArgumentException($"The vector has {vector.Length} features, but the probe takes {Features}.", nameof(vector));
        }

        float[] scores = new float[Labels.Count];
        for (int c = 0; c < scores.Length; c++)
        {
            scores[c] = TensorPrimitives.Dot(vector, _weights.AsSpan(c * Features, Features)) + _biases[c];
        }

        return scores;
    }

    /// <summary>The most probable class of a vector.</summary>
    public int Predict(ReadOnlySpan<float> vector) => TensorPrimitives.IndexOfMax<float>(Scores(vector));

    /// <summary>The most probable class of each vector.</summary>
    public int[] Predict(FeatureVectors vectors, int? threads = null)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        int[] predicted = new int[vectors.Count];
        ParallelTasks.Run(predicted.Length, threads ?? Environment.ProcessorCount, i => predicted[i] = Predict(vectors[i]));
        return predicted;
    }
}
