namespace Data2Vec.Training.Metrics;

/// <summary>
/// The deviation of features over rows, averaged over the features: what fairseq logs as <c>target_var</c> and <c>pred_var</c>
/// (<c>compute_var</c> in <c>examples/data2vec/models/data2vec_audio.py</c>). It falls towards 0 when a model collapses.
/// </summary>
public sealed class FeatureDeviation
{
    private readonly int _features;
    private readonly double[] _sums;

    /// <summary>Creates an empty measurement.</summary>
    /// <param name="features">The number of features.</param>
    public FeatureDeviation(int features)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(features);
        _features = features;
        _sums = new double[(2 * features) + 1];
    }

    /// <summary>The sum of each feature, the sum of each feature's squares, and the number of rows. Those of several ranks add up.</summary>
    public Span<double> Sums => _sums;

    /// <summary>Adds rows, [rows, features].</summary>
    /// <exception cref="ArgumentException">The values are not whole rows.</exception>
    public void Add(ReadOnlySpan<float> rows)
    {
        if (rows.Length % _features != 0)
        {
            throw new ArgumentException($"{rows.Length} elements are not rows of {_features}.", nameof(rows));
        }

        for (int i = 0, feature = 0; i < rows.Length; i++, feature = feature + 1 == _features ? 0 : feature + 1)
        {
            double value = rows[i];
            _sums[feature] += value;
            _sums[_features + feature] += value * value;
        }

        _sums[^1] += rows.Length / _features;
    }

    /// <summary>The mean over the features of sqrt(variance + 1e-6), with the unbiased variance. NaN with fewer than two rows.</summary>
    public double Value()
    {
        double rows = _sums[^1];
        if (rows < 2)
        {
            return double.NaN;
        }

        double total = 0;
        for (int feature = 0; feature < _features; feature++)
        {
            double sum = _sums[feature];
            double variance = (_sums[_features + feature] - (sum * sum / rows)) / (rows - 1);

            // Rounding may give a constant feature less than 0.
            total += Math.Sqrt(Math.Max(0, variance) + 1e-6);
        }

        return total / _features;
    }

    /// <summary>Forgets all rows.</summary>
    public void Clear() => Array.Clear(_sums);
}
