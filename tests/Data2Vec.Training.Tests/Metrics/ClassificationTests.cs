using Data2Vec.Training.Metrics;

namespace Data2Vec.Training.Tests.Metrics;

public class ClassificationTests
{
    [Fact]
    public void Measures_of_a_table_of_two_classes_follow_their_definitions()
    {
        // True positives 6, false positives 1, false negatives 2, true negatives 3.
        (int[] predicted, int[] labels) = Table((1, 1, 6), (1, 0, 1), (0, 1, 2), (0, 0, 3));
        Assert.Equal(9 / 12.0, Classification.Accuracy(predicted, labels));
        Assert.Equal(12 / 15.0, Classification.F1(predicted, labels), 15);
        Assert.Equal(6 / 9.0, Classification.F1(predicted, labels, positive: 0), 15);
        Assert.Equal((6 * 3 - 1 * 2) / Math.Sqrt(7.0 * 8 * 4 * 5), Classification.Matthews(predicted, labels), 15);
    }

    [Fact]
    public void Matthews_of_several_classes_is_the_correlation_of_their_indicators()
    {
        (int[] predicted, int[] labels) = Table((0, 0, 5), (0, 1, 2), (1, 1, 4), (1, 2, 1), (2, 0, 3), (2, 2, 7));
        double product = Covariance(predicted, labels), scale = Math.Sqrt(Covariance(predicted, predicted) * Covariance(labels, labels));
        Assert.Equal(product / scale, Classification.Matthews(predicted, labels), 14);

        static double Covariance(int[] a, int[] b) => Enumerable.Range(0, 3).Sum(k =>
        {
            double meanA = a.Average(value => value == k ? 1.0 : 0), meanB = b.Average(value => value == k ? 1.0 : 0);
            return a.Zip(b, (x, y) => ((x == k ? 1 : 0) - meanA) * ((y == k ? 1 : 0) - meanB)).Sum();
        });
    }

    [Fact]
    public void Constant_predictions_have_no_correlation()
    {
        Assert.Equal(0, Classification.Matthews([1, 1, 1], [0, 1, 1]));
        Assert.Equal(0, Classification.F1([0, 0], [0, 0]));
        Assert.Equal(-1, Classification.Matthews([0, 1, 0], [1, 0, 1]), 15);
    }

    [Fact]
    public void Missing_items_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Classification.Accuracy([], []));
        Assert.Throws<ArgumentException>(() => Classification.F1([1], [1, 0]));
    }

    private static (int[] Predicted, int[] Labels) Table(params (int Predicted, int Label, int Count)[] cells) => (
        [.. cells.SelectMany(cell => Enumerable.Repeat(cell.Predicted, cell.Count))],
        [.. cells.SelectMany(cell => Enumerable.Repeat(cell.Label, cell.Count))]);
}
