using Data2Vec.Training.Optimizers;

namespace Data2Vec.Training.Tests.Optimizers;

public class GradientClippingTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(13)]
    [InlineData(200_003)]
    public void The_norm_is_that_of_a_plain_sum_and_does_not_depend_on_threads(int count)
    {
        float[] values = [.. Enumerable.Range(0, count).Select(i => MathF.Sin(i * 0.7f) * MathF.Pow(10, i % 7 - 3))];
        double expected = Math.Sqrt(values.Sum(value => (double)value * value));
        double norm = GradientClipping.Norm(values, 1);
        Close.Relative(expected, norm, 1e-12);
        Assert.Equal(norm, GradientClipping.Norm(values, 5));
    }

    [Fact]
    public void Values_whose_squares_overflow_single_precision_have_a_norm() =>
        Close.Relative(Math.Sqrt(3) * 1e30, GradientClipping.Norm([1e30f, 1e30f, -1e30f]), 1e-6);

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_norm_with_an_element_that_is_not_finite_is_not_finite(float value)
    {
        float[] values = new float[40_000];
        values[39_999] = value;
        Assert.False(double.IsFinite(GradientClipping.Norm(values)));
    }

    [Fact]
    public void The_scale_brings_long_gradients_to_the_limit_and_leaves_short_ones()
    {
        Assert.Equal(1, GradientClipping.Scale(4.9, 5));
        Assert.Equal(5 / (20 + 1e-6), GradientClipping.Scale(20, 5));
        Assert.Equal(1, GradientClipping.Scale(20, 0));
    }
}
