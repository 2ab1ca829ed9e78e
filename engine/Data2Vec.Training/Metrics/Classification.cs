namespace Data2Vec.Training.Metrics;

/// <summary>Quality of predicted classes, as GLUE measures it (arXiv 1804.07461; definitions of scikit-learn).</summary>
public static class Classification
{
    /// <summary>The share of right predictions.</summary>
    /// <param name="predicted">The predicted class of each item.</param>
    /// <param name="labels">The right class of each item.</param>
    /// <exception cref="ArgumentException">There are no items, or the lengths differ.</exception>
    public static double Accuracy(ReadOnlySpan<int> predicted, ReadOnlySpan<int> labels)
    {
        Check(predicted, labels);
        int right = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            right += predicted[i] == labels[i] ? 1 : 0;
        }

        return right / (double)labels.Length;
    }

    /// <summary>The harmonic mean of precision and recall of one class. 0 if it is neither predicted nor present.</summary>
    /// <param name="predicted">The predicted class of each item.</param>
    /// <param name="labels">The right class of each item.</param>
    /// <param name="positive">The class that counts as positive.</param>
    /// <exception cref="ArgumentException">There are no items, or the lengths differ.</exception>
    public static double F1(ReadOnlySpan<int> predicted, ReadOnlySpan<int> labels, int positive = 1)
    {
        Check(predicted, labels);
        long both = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            both += predicted[i] == positive && labels[i] == positive ? 1 : 0;
        }

        long all = predicted.Count(positive) + labels.Count(positive);
        return all == 0 ? 0 : 2 * both / (double)all;
    }

    /// <summary>
    /// Matthews' correlation coefficient, for any number of classes (Gorodkin 2004). 0 if all predictions or all labels are the same.
    /// </summary>
    /// <param name="predicted">The predicted class of each item.</param>
    /// <param name="labels">The right class of each item.</param>
    /// <exception cref="ArgumentException">There are no items, or the lengths differ.</exception>
    public static double Matthews(ReadOnlySpan<int> predicted, ReadOnlySpan<int> labels)
    {
        Check(predicted, labels);
        var counts = new Dictionary<int, (long Predicted, long Labelled)>();
        long right = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            right += predicted[i] == labels[i] ? 1 : 0;
            (long p, long l) = counts.GetValueOrDefault(predicted[i]);
            counts[predicted[i]] = (p + 1, l);
            (p, l) = counts.GetValueOrDefault(labels[i]);
            counts[labels[i]] = (p, l + 1);
        }

        double total = labels.Length, product = 0, squarePredicted = 0, squareLabelled = 0;
        foreach ((long p, long l) in counts.Values)
        {
            product += (double)p * l;
            squarePredicted += (double)p * p;
            squareLabelled += (double)l * l;
        }

        double scale = Math.Sqrt((total * total) - squarePredicted) * Math.Sqrt((total * total) - squareLabelled);
        return scale == 0 ? 0 : ((right * total) - product) / scale;
    }

    private static void Check(ReadOnlySpan<int> predicted, ReadOnlySpan<int> labels)
    {
        if (labels.IsEmpty || predicted.Length != labels.Length)
        {
            throw new ArgumentException($"There are {predicted.Length} predictions and {labels.Length} labels; there must be equally many, and some.");
        }
    }
}
