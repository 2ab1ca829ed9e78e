using System.Text.Json;
using Data2Vec.Training.Probing;
using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Tests.Probing;

public class RegressionProbeTests
{
    [Fact]
    public void The_minimum_is_that_of_scikit_learns_ridge()
    {
        int cases = 0;
        foreach (JsonElement test in ProbingFixtures.Cases("numbers"))
        {
            FeatureVectors vectors = ProbingFixtures.Vectors(test);
            double[] numbers = test.Doubles("numbers"), expected = test.Doubles("predicted"), weights = test.Doubles("weights");
            var probe = RegressionProbe.Fit(vectors, numbers, test.Number("penalty"));
            for (int k = 0; k < weights.Length; k++)
            {
                Assert.Equal(weights[k], probe.Weights[k], Math.Max(1e-4 * Math.Abs(weights[k]), 1e-9));
            }

            double[] predicted = probe.Predict(vectors);
            ProbingFixtures.CloseInNorm(expected, predicted, 1e-5);
            var quality = new RegressionQuality(predicted, numbers);
            Assert.Equal(test.Number("determination"), quality.Determination, 1e-5);
            Assert.Equal(test.Number("error"), quality.RootMeanSquareError, 1e-4 * test.Number("error"));
            cases++;
        }

        Assert.Equal(4, cases);
    }

    /// <summary>A linear function with noise of deviation 1: that is the error on vectors that were held out.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void The_error_on_held_out_vectors_is_the_noise(int folds)
    {
        RandomSequence random = new RandomSource(5, 0, RandomSite.Initialization).Sequence(1);
        float[] values = [.. Enumerable.Range(0, 3000 * 30).Select(_ => (float)random.NextNormal())];
        double[] targets = [.. Enumerable.Range(0, 3000).Select(i => 4 + (2 * values[i * 30]) - values[(i * 30) + 7] + random.NextNormal())];
        var result = RegressionProbing.Run(new FeatureVectors(values, 30), targets, new ProbeOptions { Folds = folds });
        Assert.InRange(result.Quality.RootMeanSquareError, folds == 0 ? 0.87 : 0.93, folds == 0 ? 1.13 : 1.07);
        Assert.InRange(result.Quality.Pearson, 0.88, 0.94);
        Assert.Equal(2, result.Probe.Weights[0], 0.1);
        Assert.Equal(4, result.Probe.Bias, 0.1);
    }

    [Fact]
    public void Bits_do_not_depend_on_threads()
    {
        (FeatureVectors vectors, int[] labels) = ProbingFixtures.Clusters(1500, 600, 2, 3);
        double[] targets = [.. labels.Select((label, i) => label + (0.001 * i))];
        RegressionProbe one = RegressionProbe.Fit(vectors, targets, 0.1, threads: 1), many = RegressionProbe.Fit(vectors, targets, 0.1, threads: 6);
        Assert.True(one.Weights.SequenceEqual(many.Weights));
        Assert.Equal(one.Bias, many.Bias);
    }

    [Fact]
    public void Numbers_that_cannot_be_fitted_are_named()
    {
        FeatureVectors vectors = FeatureVectors.Join([[1], [2], [3]]);
        Assert.Equal("The number of vector 1 is not finite.", Assert.Throws<InvalidDataException>(() => RegressionProbe.Fit(vectors, [1, double.NaN, 2], 1)).Message);
        Assert.Equal("All 3 vectors have the number 1. A probe needs different ones.", Assert.Throws<InvalidDataException>(() => RegressionProbe.Fit(vectors, [1, 1, 1], 1)).Message);
        Assert.Throws<ArgumentException>(() => RegressionProbe.Fit(vectors, [1, 2], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => RegressionProbe.Fit(vectors, [1, 2, 3], 0));
    }
}
