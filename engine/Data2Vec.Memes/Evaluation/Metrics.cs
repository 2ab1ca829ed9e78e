namespace Data2Vec.Memes.Evaluation;

/// <summary>How good scores are.</summary>
public static class Metrics
{
    /// <summary>The score from which on a meme counts as one of those looked for (arXiv 1910.02334).</summary>
    public const float Threshold = 0.5f;

    /// <summary>The momentum of <see cref="SmoothedMaximum"/>; the paper does not tell its own.</summary>
    public const double Momentum = 0.9;

    /// <summary>The share of memes that are judged rightly.</summary>
    /// <exception cref="ArgumentException">There are none, or not as many labels.</exception>
    public static double Accuracy(IReadOnlyList<float> scores, IReadOnlyList<bool> labels)
    {
        Check(scores, labels);
        return scores.Zip(labels).Average(pair => IsRight(pair.First, pair.Second) ? 1.0 : 0);
    }

    /// <summary>The share of the more frequent label: the accuracy of who always says the same.</summary>
    public static double MajorityAccuracy(IReadOnlyList<bool> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        double positive = labels.Average(label => label ? 1.0 : 0);
        return Math.Max(positive, 1 - positive);
    }

    /// <summary>
    /// The largest value of the momentum average of a curve, which single lucky epochs do not lift: each point of the average is
    /// <see cref="Momentum"/> of the one before and the rest of the curve's; it begins where the curve does.
    /// </summary>
    public static double SmoothedMaximum(IEnumerable<double> curve)
    {
        ArgumentNullException.ThrowIfNull(curve);
        double? average = null;
        return curve.Select(value => (average = average is { } before ? Momentum * before + (1 - Momentum) * value : value)!.Value).Max();
    }

    /// <summary>For each score that occurs, the largest first, the precision and recall where it is the threshold.</summary>
    /// <exception cref="ArgumentException">There are no memes, none is of those looked for, or a score is no number.</exception>
    public static IReadOnlyList<PrecisionRecall> PrecisionRecallCurve(IReadOnlyList<float> scores, IReadOnlyList<bool> labels)
    {
        Check(scores, labels);
        int all = labels.Count(label => label), found = 0, taken = 0;
        if (all == 0 || scores.Any(float.IsNaN))
        {
            throw new ArgumentException("Precision and recall need memes of those looked for, and scores that are numbers.", nameof(labels));
        }

        var curve = new List<PrecisionRecall>();
        foreach (IGrouping<float, bool> equal in scores.Zip(labels).GroupBy(pair => pair.First, pair => pair.Second).OrderByDescending(group => group.Key))
        {
            taken += equal.Count();
            found += equal.Count(label => label);
            curve.Add(new PrecisionRecall(equal.Key, (double)found / taken, (double)found / all));
        }

        return curve;
    }

    /// <summary>The area under the curve by steps: each gain of recall times the precision there.</summary>
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

    internal static bool IsRight(float score, bool label) => score >= Threshold == label;

    internal static void Check(IReadOnlyList<float> scores, IReadOnlyList<bool> labels)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(labels);
        if (scores.Count == 0 || scores.Count != labels.Count)
        {
            throw new ArgumentException($"{scores.Count} scores and {labels.Count} labels: there must be as many, and at least one.", nameof(scores));
        }
    }
}
