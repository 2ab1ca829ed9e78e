namespace Data2Vec.Training.Metrics;

/// <summary>Correlation of predicted and right numbers (definitions of <c>scipy.stats</c>). NaN if one side is constant.</summary>
public static class Correlation
{
    /// <summary>Pearson's coefficient.</summary>
    /// <exception cref="ArgumentException">There are fewer than two numbers, or the lengths differ.</exception>
    public static double Pearson(ReadOnlySpan<double> predicted, ReadOnlySpan<double> labels)
    {
        if (labels.Length < 2 || predicted.Length != labels.Length)
        {
            throw new ArgumentException($"There are {predicted.Length} predictions and {labels.Length} labels; there must be equally many, and two at least.");
        }

        double meanP = Mean(predicted), meanL = Mean(labels);
        double product = 0, squareP = 0, squareL = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            double p = predicted[i] - meanP, l = labels[i] - meanL;
            product += p * l;
            squareP += p * p;
            squareL += l * l;
        }

        // Rounding must not give more than 1.
        return Math.Clamp(product / Math.Sqrt(squareP) / Math.Sqrt(squareL), -1, 1);
    }

    /// <summary>Spearman's coefficient: Pearson's of the ranks. Equal numbers share the mean of their ranks.</summary>
    /// <exception cref="ArgumentException">There are fewer than two numbers, or the lengths differ.</exception>
    public static double Spearman(ReadOnlySpan<double> predicted, ReadOnlySpan<double> labels) => Pearson(Ranks(predicted), Ranks(labels));

    private static double Mean(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values)
        {
            sum += value;
        }

        return sum / values.Length;
    }

    private static double[] Ranks(ReadOnlySpan<double> values)
    {
        double[] sorted = values.ToArray();
        int[] order = new int[sorted.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(sorted, order);
        double[] ranks = new double[sorted.Length];
        for (int first = 0; first < sorted.Length;)
        {
            int end = first + 1;
            while (end < sorted.Length && sorted[end] == sorted[first])
            {
                end++;
            }

            for (int i = first; i < end; i++)
            {
                // NaN has no rank.
                ranks[order[i]] = double.IsNaN(sorted[i]) ? double.NaN : (first + end + 1) / 2.0;
            }

            first = end;
        }

        return ranks;
    }
}
