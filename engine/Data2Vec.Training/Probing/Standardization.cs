namespace Data2Vec.Training.Probing;

/// <summary>
/// The mean and deviation of each feature. A probe is fitted to <c>(x - mean) / deviation</c>, so that one penalty suits all features, and its weights
/// are then expressed for x.
/// </summary>
internal sealed class Standardization
{
    /// <summary>A feature whose deviation is below this share of its magnitude is constant up to rounding, and is left out.</summary>
    private const double LeastDeviation = 1e-6;

    private readonly double[] _means, _scales;

    public Standardization(FeatureVectors vectors)
    {
        int features = vectors.Features;
        _means = new double[features];
        _scales = new double[features];
        double[] squares = new double[features];
        for (int i = 0; i < vectors.Count; i++)
        {
            ReadOnlySpan<float> vector = vectors[i];
            for (int k = 0; k < features; k++)
            {
                _means[k] += vector[k];
            }
        }

        for (int k = 0; k < features; k++)
        {
            _means[k] /= vectors.Count;
        }

        for (int i = 0; i < vectors.Count; i++)
        {
            ReadOnlySpan<float> vector = vectors[i];
            for (int k = 0; k < features; k++)
            {
                double difference = vector[k] - _means[k];
                squares[k] += difference * difference;
            }
        }

        for (int k = 0; k < features; k++)
        {
            double deviation = Math.Sqrt(squares[k] / vectors.Count);
            _scales[k] = deviation > LeastDeviation * Math.Abs(_means[k]) ? 1 / deviation : 0;
        }
    }

    /// <summary>Standardizes vectors, row after row.</summary>
    public float[] Apply(FeatureVectors vectors)
    {
        float[] values = new float[vectors.Count * vectors.Features];
        for (int i = 0, next = 0; i < vectors.Count; i++)
        {
            ReadOnlySpan<float> vector = vectors[i];
            for (int k = 0; k < vector.Length; k++)
            {
                values[next++] = (float)((vector[k] - _means[k]) * _scales[k]);
            }
        }

        return values;
    }

    /// <summary>Expresses the weights of an output for vectors as they are.</summary>
    /// <param name="weights">The weights for standardized vectors.</param>
    /// <param name="bias">The bias for standardized vectors.</param>
    /// <param name="destination">Receives the weights.</param>
    /// <returns>The bias.</returns>
    public double Undo(ReadOnlySpan<double> weights, double bias, Span<float> destination)
    {
        for (int k = 0; k < destination.Length; k++)
        {
            destination[k] = (float)(weights[k] * _scales[k]);

            // With the rounded weight, so that the error of rounding does not grow with the mean.
            bias -= destination[k] * _means[k];
        }

        return bias;
    }
}
