namespace Data2Vec.Memes.Evaluation;

/// <summary>A point of the precision-recall curve.</summary>
/// <param name="Threshold">The lowest score that counts as positive.</param>
/// <param name="Precision">The share of memes at or above the threshold that are positive.</param>
/// <param name="Recall">The share of positive memes that are at or above the threshold.</param>
public readonly record struct PrecisionRecall(double Threshold, double Precision, double Recall);

/// <summary>Quality measures of scores.</summary>
public static class Metrics
{
    /// <summary>The lowest score that counts as positive (arXiv 1910.02334).</summary>
    public const float Threshold = 0.5f;

    /// <summary>The momentum of <see cref="SmoothedMaximum"/>. The paper does not state its value.</summary>
    public const double Momentum = 0.9;

    /// <summary>The share of memes that are classified correctly.</summary>
    /// <exception cref="ArgumentException">There are no scores, or the number of labels differs.</exception>
    public static double Accuracy(IReadOnlyList<float> scores, IReadOnlyList<bool> labels)
    {
        Check(scores, labels);
        return scores.Zip(labels).Average(pair => IsCorrect(pair.First, pair.Second) ? 1.0 : 0);
    }

    /// <summary>The share of the more frequent label, which is the accuracy of a constant answer.</summary>
    public static double MajorityAccuracy(IReadOnlyList<bool> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        double positive = labels.Average(label => label ? 1.0 : 0);
        return Math.Max(positive, 1 - positive);
    }

    /// <summary>
    /// The maximum of a curve's exponential moving average with <see cref="Momentum"/>, which a single lucky epoch does not raise. The average
    /// starts at the curve's first value.
    /// </summary>
    public static double SmoothedMaximum(IEnumerable<double> curve)
    {
        ArgumentNullException.ThrowIfNull(curve);
        double? average = null;
        return curve.Select(value => (average = average is { } before ? Momentum * before + (1 - Momentum) * value : value)!.Value).Max();
    }

    /// <summary>Precision and recall with each distinct score as the threshold, largest score first.</summary>
    /// <exception cref="ArgumentException">There are no scores, no label is positive, the numbers differ, or a score is NaN.</exception>
    public static IReadOnlyList<PrecisionRecall> PrecisionRecallCurve(IReadOnlyList<float> scores, IReadOnlyList<bool> labels)
    {
        Check(scores, labels);
        int positive = labels.Count(label => label), found = 0, taken = 0;
        if (positive == 0 || scores.Any(float.IsNaN))
        {
            throw new ArgumentException("Precision and recall need at least one positive label, and scores that are numbers.", nameof(labels));
        }

        var curve = new List<PrecisionRecall>();
        foreach (IGrouping<float, bool> equal in scores.Zip(labels).GroupBy(pair => pair.First, pair => pair.Second).OrderByDescending(group => group.Key))
        {
            taken += equal.Count();
            found += equal.Count(label => label);
            curve.Add(new PrecisionRecall(equal.Key, (double)found / taken, (double)found / positive));
        }

        return curve;
    }

    /// <summary>The point of the precision-recall curve with the highest recall of those with at least a precision; null if there is none.</summary>
    /// <inheritdoc cref="PrecisionRecallCurve" path="/exception"/>
    public static PrecisionRecall? AtPrecision(IReadOnlyList<float> scores, IReadOnlyList<bool> labels, double precision) =>
        PrecisionRecallCurve(scores, labels).Where(point => point.Precision >= precision).OrderByDescending(point => point.Recall).ThenByDescending(point => point.Precision).Cast<PrecisionRecall?>().FirstOrDefault();

    /// <summary>The point of the precision-recall curve with the highest precision of those with at least a recall, up to 1.</summary>
    /// <inheritdoc cref="PrecisionRecallCurve" path="/exception"/>
    public static PrecisionRecall? AtRecall(IReadOnlyList<float> scores, IReadOnlyList<bool> labels, double recall) =>
        PrecisionRecallCurve(scores, labels).Where(point => point.Recall >= recall).OrderByDescending(point => point.Precision).ThenByDescending(point => point.Recall).Cast<PrecisionRecall?>().FirstOrDefault();

    /// <summary>The area under the precision-recall curve: the sum of each gain in recall times its precision.</summary>
    /// <inheritdoc cref="PrecisionRecallCurve" path="/exception"/>
    public static double AveragePrecision(IReadOnlyList<float> scores, IReadOnlyList<bool> labels)
    {
        double sum = 0, recall = 0;
        foreach (PrecisionRecall point in PrecisionRecallCurve(scores, labels))
        {
            sum += (point.Recall - recall) * point.Precision;
            recall = point.Recall;
        }

        return sum;
    }

    internal static bool IsCorrect(float score, bool label) => score >= Threshold == label;

    internal static void Check(IReadOnlyList<float> scores, IReadOnlyList<bool> labels)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(labels);
        if (scores.Count == 0 || scores.Count != labels.Count)
        {
            throw new ArgumentException($"There are {scores.Count} scores and {labels.Count} labels; give one label for each score, and at least one.", nameof(scores));
        }
    }
}
