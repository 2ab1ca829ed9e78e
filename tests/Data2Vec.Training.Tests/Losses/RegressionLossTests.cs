using System.Text.Json;
using Data2Vec.Training.Losses;

namespace Data2Vec.Training.Tests.Losses;

public class RegressionLossTests
{
    /// <summary>Predictions, targets and losses of the first update of fairseq's runs.</summary>
    [Theory]
    [InlineData("audio", 0, null)]
    [InlineData("text", 4, 1.0)]
    [InlineData("vision", 2, null)]
    public void The_loss_is_the_one_that_fairseq_logged(string run, double beta, double? scale)
    {
        JsonElement logged = Fixtures.Json("losses/cases.json").GetProperty(run);
        float[] prediction = Fixtures.Floats($"losses/{run}-pred.npy"), target = Fixtures.Floats($"losses/{run}-y.npy");
        double loss = new RegressionLoss { Beta = beta, Scale = scale }.Compute(prediction, target, 64, []);
        Close.Relative(logged.Number("loss_sum"), loss, 3e-7);
        Assert.Equal(logged.Number("sample_size"), prediction.Length / 64);
    }

    /// <summary>PyTorch's, in double precision.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(0.3)]
    [InlineData(1)]
    [InlineData(4)]
    public void Loss_and_gradient_are_those_of_PyTorch(double beta)
    {
        JsonElement expected = Fixtures.Json("losses/cases.json").GetProperty(FormattableString.Invariant($"regression beta {beta}"));
        float[] gradient = new float[15];
        double loss = new RegressionLoss { Beta = beta, Scale = 0.5 }.Compute(expected.Floats("x"), expected.Floats("y"), 5, gradient);
        Close.Relative(expected.Number("loss") / 2, loss, 1e-6);
        Close.Absolute([.. expected.Doubles("gradient").Select(value => value / 2)], gradient, 1e-6);
    }

    [Fact]
    public void The_squared_error_is_not_halved()
    {
        JsonElement expected = Fixtures.Json("losses/cases.json").GetProperty("mean squared error");
        float[] gradient = new float[4];
        Close.Relative(expected.Number("loss"), RegressionLoss.SquaredError.Compute(expected.Floats("x"), expected.Floats("y"), 1, gradient), 1e-6);
        Close.Absolute(expected.Doubles("gradient"), gradient, 1e-6);
    }

    [Fact]
    public void The_default_scale_is_the_inverse_root_of_the_features() =>
        Assert.Equal(3.0 * 3 / 2 + 1.0 / 2, new RegressionLoss().Compute([3, 0, 0, 1], [0, 0, 0, 0], 4, []), 6);

    [Fact]
    public void No_masked_rows_have_no_loss() => Assert.Equal(0, new RegressionLoss().Compute([], [], 4, []));

    [Fact]
    public void A_number_that_is_not_finite_shows_in_the_loss() =>
        Assert.False(double.IsFinite(new RegressionLoss { Beta = 1 }.Compute([float.NaN, 1], [0, 0], 2, new float[2])));

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new RegressionLoss().Compute(new float[6], new float[6], 4, []));
        Assert.Throws<ArgumentException>(() => new RegressionLoss().Compute(new float[6], new float[5], 3, []));
        Assert.Throws<ArgumentException>(() => new RegressionLoss().Compute(new float[6], new float[6], 3, new float[3]));
        Assert.Throws<ArgumentException>(() => new RegressionLoss { Beta = -1 }.Compute(new float[6], new float[6], 3, []));
    }
}
