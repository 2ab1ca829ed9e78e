using System.Text.Json;
using Data2Vec.Training.Metrics;

namespace Data2Vec.Training.Tests.Metrics;

public class FeatureDeviationTests
{
    /// <summary>Targets and predictions of fairseq's runs, measured by fairseq's compute_var.</summary>
    [Theory]
    [InlineData("audio")]
    [InlineData("text")]
    [InlineData("vision")]
    public void Deviations_are_those_of_fairseq(string run)
    {
        JsonElement expected = Fixtures.Json("losses/cases.json").GetProperty(run);
        Close.Relative(expected.Number("y_var"), Measure(Fixtures.Floats($"losses/{run}-y.npy")).Value(), 1e-6);
        Close.Relative(expected.Number("pred_var"), Measure(Fixtures.Floats($"losses/{run}-pred.npy")).Value(), 1e-6);
    }

    [Fact]
    public void Sums_of_two_ranks_give_the_deviation_of_all_rows()
    {
        float[] rows = Fixtures.Floats("losses/text-y.npy");
        FeatureDeviation first = Measure(rows[..(64 * 10)]), second = Measure(rows[(64 * 10)..]);
        for (int i = 0; i < first.Sums.Length; i++)
        {
            first.Sums[i] += second.Sums[i];
        }

        Close.Relative(Measure(rows).Value(), first.Value(), 1e-12);
    }

    [Fact]
    public void One_row_has_no_deviation_and_equal_rows_have_the_least()
    {
        var deviation = new FeatureDeviation(2);
        deviation.Add([1, 2]);
        Assert.True(double.IsNaN(deviation.Value()));
        deviation.Add([1, 2]);
        Assert.Equal(1e-3, deviation.Value(), 12);
        deviation.Clear();
        Assert.True(double.IsNaN(deviation.Value()));
        Assert.Throws<ArgumentException>(() => deviation.Add([1, 2, 3]));
    }

    private static FeatureDeviation Measure(ReadOnlySpan<float> rows)
    {
        var deviation = new FeatureDeviation(64);
        deviation.Add(rows);
        return deviation;
    }
}
