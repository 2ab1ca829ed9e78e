using Data2Vec.Memes.Evaluation;
using Data2Vec.Memes.Fusion;

namespace Data2Vec.Memes.Tests.Evaluation;

public class MetricsTests
{
    // The example of scikit-learn's documentation of average_precision_score, whose answer is 0.8333.
    private static readonly float[] s_scores = [0.1f, 0.4f, 0.35f, 0.8f];
    private static readonly bool[] s_labels = [false, false, true, true];

    [Fact]
    public void Average_precision_matches_the_published_example() =>
        Assert.Equal(5 / 6.0, Metrics.AveragePrecision(s_scores, s_labels), 12);

    [Fact]
    public void The_curve_matches_a_manual_calculation() => Assert.Equal(
        [new(0.8f, 1, 0.5), new(0.4f, 0.5, 0.5), new(0.35f, 2 / 3.0, 1), new(0.1f, 0.5, 1)], Metrics.PrecisionRecallCurve(s_scores, s_labels));

    [Fact]
    public void Equal_scores_are_one_point_in_any_order()
    {
        PrecisionRecall[] expected = [new(0.5f, 2 / 3.0, 1), new(0.25f, 0.5, 1)];
        Assert.Equal(expected, Metrics.PrecisionRecallCurve([0.5f, 0.5f, 0.5f, 0.25f], [true, false, true, false]));
        Assert.Equal(expected, Metrics.PrecisionRecallCurve([0.25f, 0.5f, 0.5f, 0.5f], [false, false, true, true]));
    }

    [Fact]
    public void Average_precision_of_random_scores_matches_its_definition()
    {
        var random = new Random(3);
        float[] scores = [.. Enumerable.Range(0, 200).Select(_ => random.Next(40) / 40f)];
        bool[] labels = [.. scores.Select(score => random.NextDouble() < score)];
        double sum = 0;
        int positive = labels.Count(label => label);
        for (int step = 40; step >= 0; step--)
        {
            float threshold = step / 40f;
            int above = scores.Count(score => score >= threshold);
            int found = scores.Where((score, i) => labels[i] && score >= threshold).Count(), gained = scores.Where((score, i) => labels[i] && score == threshold).Count();
            sum += above == 0 ? 0 : (double)gained / positive * found / above;
        }

        Assert.Equal(sum, Metrics.AveragePrecision(scores, labels), 12);
    }

    [Fact]
    public void Scores_at_the_threshold_count_as_positive()
    {
        Assert.Equal(0.75, Metrics.Accuracy([0.5f, 0.49f, 2, -1], [true, true, true, false]));
        Assert.Equal(2 / 3.0, Metrics.MajorityAccuracy([false, true, false]), 12);
    }

    [Fact]
    public void The_smoothed_maximum_is_that_of_the_moving_average() =>
        Assert.Equal(0.9 * (0.9 * 0.5 + 0.1 * 1) + 0.1 * 1, Metrics.SmoothedMaximum([0.5, 1, 1, 0]), 12);

    [Fact]
    public void Input_without_a_curve_is_rejected()
    {
        Assert.Throws<ArgumentException>(() => Metrics.AveragePrecision([], []));
        Assert.Throws<ArgumentException>(() => Metrics.AveragePrecision([1], [false]));
        Assert.Throws<ArgumentException>(() => Metrics.AveragePrecision([1, float.NaN], [true, false]));
        Assert.Throws<ArgumentException>(() => Metrics.Accuracy([1, 2], [true]));
    }

    [Fact]
    public void The_calibration_maximizes_the_likelihood()
    {
        var random = new Random(4);
        float[] scores = [.. Enumerable.Range(0, 500).Select(_ => random.NextSingle())];
        bool[] labels = [.. scores.Select(score => random.NextDouble() < 1 / (1 + Math.Exp(-(6 * score - 3))))];
        Calibration fitted = PlattScaling.Fit(scores, labels);
        int positive = labels.Count(label => label);
        double[] targets = [.. labels.Select(label => label ? (positive + 1.0) / (positive + 2) : 1.0 / (500 - positive + 2))];
        double bySlope = 0, byIntercept = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            double error = 1 / (1 + Math.Exp(-fitted.Slope * scores[i] - fitted.Intercept)) - targets[i];
            bySlope += error * scores[i];
            byIntercept += error;
        }

        Assert.Equal(0, bySlope, 1e-6);
        Assert.Equal(0, byIntercept, 1e-6);
        Assert.InRange(fitted.Slope, 4, 8);
        Assert.InRange(fitted.Intercept, -4, -2);
    }

    [Theory]
    [InlineData(new[] { 0f, 1f }, new[] { false, true })]
    [InlineData(new[] { 0f, 0f, 0f }, new[] { true, true, true })]
    [InlineData(new[] { 1e20f, -1e20f }, new[] { true, false })]
    [InlineData(new[] { 0.3f }, new[] { false })]
    public void A_calibration_of_few_or_extreme_scores_is_finite(float[] scores, bool[] labels)
    {
        Calibration fitted = PlattScaling.Fit(scores, labels);
        Assert.True(double.IsFinite(fitted.Slope) && double.IsFinite(fitted.Intercept), $"{fitted}");
        Assert.All(scores.Zip(labels), pair => Assert.True(fitted.Probability(pair.First) > 0.5 == pair.Second));
    }

    [Fact]
    public void A_point_is_chosen_by_precision_or_recall()
    {
        float[] scores = [0.9f, 0.8f, 0.7f, 0.6f, 0.5f];
        bool[] labels = [true, true, false, true, false];
        Assert.Equal(new PrecisionRecall(0.8f, 1, 2 / 3.0), Metrics.AtPrecision(scores, labels, 0.9));
        Assert.Equal(new PrecisionRecall(0.6f, 0.75, 1), Metrics.AtPrecision(scores, labels, 0.7));
        Assert.Equal(new PrecisionRecall(0.6f, 0.75, 1), Metrics.AtRecall(scores, labels, 1));
        Assert.Equal(new PrecisionRecall(0.8f, 1, 2 / 3.0), Metrics.AtRecall(scores, labels, 0.5));
        Assert.Null(Metrics.AtPrecision([0.9f, 0.1f], [false, true], 0.9));
    }
}
