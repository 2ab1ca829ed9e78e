namespace Data2Vec.Training.Tests;

/// <summary>Comparisons of vectors.</summary>
internal static class Close
{
    /// <summary>Checks the largest absolute difference.</summary>
    public static void Absolute(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double bound)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= bound, $"Element {i} is {actual[i]:R}, not {expected[i]:R}.");
        }
    }

    public static void Absolute(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double bound)
    {
        double[] wide = new double[expected.Length];
        for (int i = 0; i < wide.Length; i++)
        {
            wide[i] = expected[i];
        }

        Absolute(wide, actual, bound);
    }

    public static void Relative(double expected, double actual, double bound) =>
        Assert.True(Math.Abs(expected - actual) <= bound * Math.Abs(expected), $"{actual:R} is not {expected:R}.");
}
