using Data2Vec.Training.Metrics;

namespace Data2Vec.Training.Tests.Metrics;

public class CorrelationTests
{
    /// <summary>Anscombe's first quartet: 0.81642051634484.</summary>
    [Fact]
    public void Pearson_of_published_data()
    {
        double[] x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5], y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
        Assert.Equal(0.81642051634484, Correlation.Pearson(x, y), 13);

        // Without ties: 1 - 6 sum d^2 / (n (n^2 - 1)).
        Assert.Equal(1 - (6 * 40.0 / (11 * 120)), Correlation.Spearman(x, y), 13);
    }

    [Fact]
    public void Spearman_ranks_equal_numbers_by_their_mean()
    {
        double[] x = [1, 2, 2, 3], ranksX = [1, 2.5, 2.5, 4], y = [10, 10, 10, 40], ranksY = [2, 2, 2, 4];
        Assert.Equal(Correlation.Pearson(ranksX, ranksY), Correlation.Spearman(x, y), 15);
        Assert.Equal(1, Correlation.Spearman([1, 2, 3], [1, 1000, 1e9]), 15);
        Assert.Equal(-1, Correlation.Spearman([1, 2, 3], [0, -1, -20]), 15);
    }

    [Fact]
    public void Constant_numbers_have_no_correlation()
    {
        Assert.True(double.IsNaN(Correlation.Pearson([1, 1, 1], [1, 2, 3])));
        Assert.True(double.IsNaN(Correlation.Spearman([1, double.NaN, 1], [1, 2, 3])));
    }

    [Fact]
    public void Large_offsets_do_not_cancel() => Assert.Equal(1, Correlation.Pearson([1e9 + 1, 1e9 + 2, 1e9 + 4], [1, 2, 4]), 12);

    [Fact]
    public void Fewer_than_two_numbers_are_refused() => Assert.Throws<ArgumentException>(() => Correlation.Pearson([1], [1]));
}
