using System.Text.Json;
using Data2Vec.Training.Probing;

namespace Data2Vec.Training.Tests.Probing;

public class ClassificationProbeTests
{
    private static readonly ProbeOptions s_accurate = new() { Tolerance = 1e-6 };

    /// <summary>
    /// The same function is minimized, so the minimum is the same: weights and probabilities. Weights are compared in units of a standard deviation. Weights of
    /// classes may differ by a constant vector only where the penalty does not fix it, which it does.
    /// </summary>
    [Fact]
    public void The_minimum_is_that_of_scikit_learn()
    {
        int cases = 0;
        foreach (JsonElement test in ProbingFixtures.Cases("classes"))
        {
            FeatureVectors vectors = ProbingFixtures.Vectors(test);
            int classes = (int)test.Number("classes");
            var probe = ClassificationProbe.Fit(vectors, test.Integers("labels"), ProbingFixtures.Names(classes), test.Number("penalty"), s_accurate);
            Assert.True(probe.Converged);
            Assert.InRange(probe.Steps, 5, 100);
            double[] deviations = [.. Enumerable.Range(0, vectors.Features).Select(k => Deviation(vectors, k))];
            double[] expected = [.. test.Doubles("weights").Select((w, i) => w * deviations[i % deviations.Length])];
            ProbingFixtures.CloseInNorm(expected, [.. probe.Weights.ToArray().Select((w, i) => w * deviations[i % deviations.Length])], 1e-4);
            double[] probabilities = test.Doubles("probabilities");
            for (int i = 0; i < vectors.Count; i++)
            {
                double[] scores = [.. probe.Scores(vectors[i]).Select(score => Math.Exp(score))];
                for (int c = 0; c < classes; c++)
                {
                    Assert.Equal(probabilities[(i * classes) + c], scores[c] / scores.Sum(), 1e-4);
                }
            }

            Assert.Equal(test.Integers("predicted"), probe.Predict(vectors));
            cases++;
        }

        Assert.Equal(4, cases);
    }

    [Fact]
    public void Bits_do_not_depend_on_threads()
    {
        (FeatureVectors vectors, int[] labels) = ProbingFixtures.Clusters(5000, 33, 7, 2);
        string[] names = ProbingFixtures.Names(7);
        ClassificationProbe[] probes =
        [
            .. new[] { 1, 2, 5, 1 }.Select(threads => ClassificationProbe.Fit(vectors, labels, names, 0.01, new ProbeOptions { Threads = threads })),
        ];
        Assert.All(probes, probe => Assert.True(probe.Weights.SequenceEqual(probes[0].Weights) && probe.Biases.SequenceEqual(probes[0].Biases)));
    }

    /// <summary>More than one chunk of vectors, so sums over chunks and blocks matter: the gradient is 0 at the minimum, by another computation.</summary>
    [Fact]
    public void The_gradient_vanishes_at_the_minimum()
    {
        (FeatureVectors vectors, int[] labels) = ProbingFixtures.Clusters(4500, 9, 5, 2);
        double[] gradient = new double[5 * 10];
        var probe = ClassificationProbe.Fit(vectors, labels, ProbingFixtures.Names(5), 0.02, s_accurate);
        for (int i = 0; i < vectors.Count; i++)
        {
            double[] scores = [.. probe.Scores(vectors[i]).Select(score => Math.Exp(score))];
            for (int c = 0; c < 5; c++)
            {
                double error = ((scores[c] / scores.Sum()) - (labels[i] == c ? 1 : 0)) / vectors.Count;
                for (int k = 0; k < 9; k++)
                {
                    gradient[(c * 10) + k] += error * vectors[i][k];
                }

                gradient[(c * 10) + 9] += error;
            }
        }

        for (int c = 0; c < 5; c++)
        {
            for (int k = 0; k < 9; k++)
            {
                // With the penalty of the standardized weight.
                double deviation = Deviation(vectors, k);
                Assert.Equal(0, gradient[(c * 10) + k] + (0.02 * probe.Weights[(c * 9) + k] * deviation * deviation), 2e-6);
            }

            Assert.Equal(0, gradient[(c * 10) + 9], 2e-6);
        }
    }

    [Fact]
    public void A_class_without_a_vector_is_never_predicted()
    {
        (FeatureVectors vectors, int[] labels) = ProbingFixtures.Clusters(60, 4, 2, 6);
        var probe = ClassificationProbe.Fit(vectors, [.. labels.Select(label => label * 2)], ["first", "none", "last"], 0.01);
        Assert.Equal(labels.Select(label => label * 2), probe.Predict(vectors));
        Assert.Equal(float.NegativeInfinity, probe.Biases[1]);
    }

    [Fact]
    public void Inputs_that_cannot_be_fitted_are_named()
    {
        (FeatureVectors vectors, int[] labels) = ProbingFixtures.Clusters(6, 3, 2, 1);
        var error = Assert.Throws<InvalidDataException>(() => ClassificationProbe.Fit(vectors, new int[6], ["cat", "dog"], 1));
        Assert.Equal("All 6 vectors are of the class 'cat'. A probe needs at least two classes.", error.Message);
        Assert.Throws<ArgumentException>(() => ClassificationProbe.Fit(vectors, labels[..5], ["cat", "dog"], 1));
        Assert.Throws<ArgumentException>(() => ClassificationProbe.Fit(vectors, labels, ["cat"], 1));
        Assert.Throws<ArgumentException>(() => ClassificationProbe.Fit(vectors, labels, ["cat", "dog"], 0));
        error = Assert.Throws<InvalidDataException>(() => FeatureVectors.Join([[1, 2], [3, float.NaN]], i => $"{i}.wav"));
        Assert.Equal("1.wav: a feature is not a finite number", error.Message);
        Assert.Throws<ArgumentException>(() => FeatureVectors.Join([[1, 2], [3]]));
        Assert.Throws<ArgumentException>(() => FeatureVectors.Join([]));
        Assert.Throws<ArgumentException>(() => new FeatureVectors(new float[5], 2));
    }

    [Fact]
    public void A_fit_can_be_cancelled()
    {
        (FeatureVectors vectors, int[] labels) = ProbingFixtures.Clusters(500, 8, 3, 1);
        using var source = new CancellationTokenSource();
        var options = new ProbeOptions { Tolerance = 1e-12, Progress = new Cancelling(source) };
        Assert.Throws<OperationCanceledException>(() => ClassificationProbe.Fit(vectors, labels, ProbingFixtures.Names(3), 1e-5, options, source.Token));
    }

    private static double Deviation(FeatureVectors vectors, int feature)
    {
        double[] values = [.. Enumerable.Range(0, vectors.Count).Select(i => (double)vectors[i][feature])];
        double mean = values.Average();
        return Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
    }

    private sealed class Cancelling(CancellationTokenSource source) : IProgress<ProbeProgress>
    {
        public void Report(ProbeProgress value)
        {
            if (value.Step == 3)
            {
                source.Cancel();
            }
        }
    }
}
