using Data2Vec.Training.Network;

namespace Data2Vec.Training.Tests.Network;

/// <summary>Comparisons of the gradients of two passes.</summary>
internal static class GradientComparison
{
    /// <summary>Checks that the L2 of the difference over that of the gradient is small for each parameter that has more than rounding errors.</summary>
    public static void Close<T>(TrainableNetwork<T> network, float[][] expected, float[][] actual, double bound)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            double norm = Math.Sqrt(expected[i].Sum(value => (double)value * value));
            double error = Math.Sqrt(expected[i].Zip(actual[i], (a, b) => ((double)a - b) * ((double)a - b)).Sum());
            Assert.True(error <= bound * norm + 1e-6, $"{network.Buffers.Places[i].Parameter.Name}: {error:0.0e+0} of {norm:0.0e+0}");
        }
    }

    public static void Equal<T>(TrainableNetwork<T> network, float[][] expected, float[][] actual)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(
                expected[i].AsSpan().SequenceEqual(actual[i]), $"{network.Buffers.Places[i].Parameter.Name} differs");
        }
    }
}
