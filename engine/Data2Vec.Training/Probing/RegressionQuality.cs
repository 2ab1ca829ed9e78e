using Data2Vec.Training.Metrics;

namespace Data2Vec.Training.Probing;

/// <summary>How well numbers were predicted.</summary>
public sealed record RegressionQuality
{
    /// <summary>Measures predictions.</summary>
    /// <exception cref="ArgumentException">There are no items, or the lengths differ.</exception>
    public RegressionQuality(ReadOnlySpan<double> predicted, ReadOnlySpan<double> targets)
    {
        if (targets.IsEmpty || predicted.Length != targets.Length)
        {
            throw new ArgumentException($"There are {predicted.Length} predictions and {targets.Length} numbers; there must be equally many, and some.");
        }

        Count = targets.Length;
        double mean = 0, error = 0, variance = 0;
        foreach (double target in targets)
        {
            mean += target / Count;
        }

        for (int i = 0; i < Count; i++)
        {
            error += (predicted[i] - targets[i]) * (predicted[i] - targets[i]);
            variance += (targets[i] - mean) * (targets[i] - mean);
        }

        RootMeanSquareError = Math.Sqrt(error / Count);
        Determination = variance > 0 ? 1 - (error / variance) : double.NaN;
        Pearson = Count > 1 ? Correlation.Pearson(predicted, targets) : double.NaN;
        Spearman = Count > 1 ? Correlation.Spearman(predicted, targets) : double.NaN;
    }

    /// <summary>The number of items.</summary>
    public int Count { get; }

    /// <summary>The root of the mean squared error.</summary>
    public double RootMeanSquareError { get; }

    /// <summary>R²: the share of the variance that is explained. Negative if the mean would be better; not a number if all targets are equal.</summary>
    public double Determination { get; }

    /// <summary>Pearson's correlation.</summary>
    public double Pearson { get; }

    /// <summary>Spearman's correlation of ranks.</summary>
    public double Spearman { get; }
}
