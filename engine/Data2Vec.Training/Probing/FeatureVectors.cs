using Data2Vec.Training.Losses;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Training.Probing;

/// <summary>Vectors of the same length that a probe is fitted to, such as the embeddings of a model. All numbers are finite.</summary>
public sealed class FeatureVectors
{
    private readonly ReadOnlyMemory<float> _values;

    /// <summary>Wraps vectors without copying them.</summary>
    /// <param name="values">The vectors one after another.</param>
    /// <param name="features">The length of a vector.</param>
    /// <param name="name">What messages call a vector, such as the file that it is of; null for its number.</param>
    /// <exception cref="ArgumentException">The values are not whole vectors, or there are none.</exception>
    /// <exception cref="InvalidDataException">A vector has a number that is not finite. The message names it.</exception>
    public FeatureVectors(ReadOnlyMemory<float> values, int features, Func<int, string>? name = null)
    {
        Count = Rows.Check(values.Length, features);
        if (Count == 0)
        {
            throw new ArgumentException("There are no vectors.", nameof(values));
        }

        (_values, Features) = (values, features);
        for (int i = 0; i < Count; i++)
        {
            if (!TensorPrimitives.IsFiniteAll(this[i]))
            {
                throw new InvalidDataException($"{name?.Invoke(i) ?? $"vector {i}"}: a feature is not a finite number");
            }
        }
    }

    /// <summary>The number of vectors.</summary>
    public int Count { get; }

    /// <summary>The length of a vector.</summary>
    public int Features { get; }

    /// <summary>A vector.</summary>
    public ReadOnlySpan<float> this[int index] => _values.Span.Slice(index * Features, Features);

    /// <summary>Copies vectors that lie apart.</summary>
    /// <exception cref="ArgumentException">The lengths differ, or there are no vectors.</exception>
    /// <exception cref="InvalidDataException">A vector has a number that is not finite. The message names it.</exception>
    public static FeatureVectors Join(IReadOnlyList<float[]> vectors, Func<int, string>? name = null)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        int features = vectors.Count > 0 ? vectors[0].Length : throw new ArgumentException("There are no vectors.", nameof(vectors));
        float[] values = new float[checked(vectors.Count * features)];
        for (int i = 0; i < vectors.Count; i++)
        {
            if (vectors[i].Length != features)
            {
                throw new ArgumentException($"{name?.Invoke(i) ?? $"vector {i}"} has {vectors[i].Length} features, but the first has {features}.", nameof(vectors));
            }

            vectors[i].CopyTo(values, i * features);
        }

        return new FeatureVectors(values, features, name);
    }

    /// <summary>Copies some of the vectors.</summary>
    internal FeatureVectors Select(ReadOnlySpan<int> indices)
    {
        float[] values = new float[checked(indices.Length * Features)];
        for (int i = 0; i < indices.Length; i++)
        {
            this[indices[i]].CopyTo(values.AsSpan(i * Features));
        }

        return new FeatureVectors(values, Features);
    }
}
