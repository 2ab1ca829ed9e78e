using System.Text.Json;
using Data2Vec.Training.Probing;

namespace Data2Vec.Training.Tests.Probing;

public class NearestNeighborsTests
{
    [Fact]
    public void Predictions_and_their_quality_are_those_of_scikit_learn()
    {
        foreach (JsonElement test in ProbingFixtures.Cases("neighbors"))
        {
            FeatureVectors vectors = ProbingFixtures.Vectors(test);
            int known = (int)test.Number("known"), classes = (int)test.Number("classes");
            int[] labels = test.Integers("labels"), expected = test.Integers("predicted");
            bool[] unique = [.. test.GetProperty("unique").EnumerateArray().Select(value => value.GetBoolean())];
            int[] predicted = NearestNeighbors.Predict(
                vectors.Select([.. Enumerable.Range(0, known)]), labels[..known], vectors.Select([.. Enumerable.Range(known, labels.Length - known)]));
            Assert.InRange(unique.Count(value => value), 4, unique.Length);
            Assert.All(Enumerable.Range(0, predicted.Length).Where(i => unique[i]), i => Assert.Equal(expected[i], predicted[i]));

            // Of scikit-learn's own predictions, where several classes have the most votes.
            var quality = new ClassificationQuality(expected, labels.AsSpan(known), classes);
            Assert.Equal(test.Number("accuracy"), quality.Accuracy, 1e-12);
            Assert.Equal(test.Number("matthews"), quality.Matthews, 1e-12);
            Assert.Equal(test.Number("macro_f1"), quality.MacroF1, 1e-12);
            Close.Absolute(test.Doubles("f1"), [.. quality.F1.Select(value => (float)value)], 1e-6);
            Assert.Equal(test.Integers("confusion"), quality.Confusion.SelectMany(row => row));
        }
    }

    /// <summary>Against all cosines in double precision, with more vectors than fit in one chunk and more queries than in one batch.</summary>
    [Fact]
    public void Leaving_one_out_finds_the_nearest_others()
    {
        (FeatureVectors vectors, int[] labels) = ProbingFixtures.Clusters(2300, 5, 4, 3);
        int[] predicted = NearestNeighbors.LeaveOneOut(vectors, labels, 3);
        Assert.Equal(predicted, NearestNeighbors.LeaveOneOut(vectors, labels, 3, threads: 3));
        int differs = 0;
        for (int i = 0; i < vectors.Count; i += 7)
        {
            int[] nearest = [.. Enumerable.Range(0, vectors.Count).Where(j => j != i).OrderByDescending(j => Cosine(vectors[i], vectors[j])).Take(3)];
            var votes = nearest.GroupBy(j => labels[j]).OrderByDescending(group => group.Count()).ThenByDescending(group => group.Sum(j => Cosine(vectors[i], vectors[j])));
            differs += votes.First().Key == predicted[i] ? 0 : 1;
        }

        Assert.InRange(differs, 0, 1); // cosines that are equal in single precision
    }

    /// <summary>Against all cosines in double precision.</summary>
    [Fact]
    public void Recall_counts_the_vectors_that_find_one_of_their_class()
    {
        (FeatureVectors vectors, int[] labels) = ProbingFixtures.Clusters(700, 3, 6, 4);
        labels[5] = 99; // alone in its class
        double[] recall = NearestNeighbors.Recall(vectors, labels, [1, 2, 5]);
        for (int i = 0; i < recall.Length; i++)
        {
            int most = new[] { 1, 2, 5 }[i];
            int found = Enumerable.Range(0, vectors.Count).Where(q => q != 5).Count(q =>
                Enumerable.Range(0, vectors.Count).Where(j => j != q).OrderByDescending(j => Cosine(vectors[q], vectors[j])).Take(most).Any(j => labels[j] == labels[q]));
            Assert.Equal(found / 699.0, recall[i], 0.003); // cosines that are equal in single precision
        }

        Assert.InRange(recall[0], 0.3, 0.99);
        Assert.True(recall[0] < recall[1] && recall[1] < recall[2]);
        Assert.True(double.IsNaN(NearestNeighbors.Recall(FeatureVectors.Join([[1, 2], [2, 1]]), [0, 1], [1])[0]));
        Assert.Throws<ArgumentException>(() => NearestNeighbors.Recall(vectors, labels, [0]));
    }

    [Fact]
    public void Lengths_do_not_matter_and_zeros_are_not_near()
    {
        FeatureVectors known = FeatureVectors.Join([[1e-30f, 0], [1e30f, 1e28f], [0, 0], [0, 5]]);
        Assert.Equal([0, 1, 0], NearestNeighbors.Predict(known, [0, 0, 2, 1], FeatureVectors.Join([[3, 0.1f], [0, 1e-20f], [7e20f, 0]]), 1));
        Assert.Equal([0], NearestNeighbors.Predict(known, [0, 0, 2, 1], FeatureVectors.Join([[0, 0]]), 1)); // all cosines are 0: the first
        Assert.Equal([0], NearestNeighbors.Predict(known, [0, 0, 2, 1], FeatureVectors.Join([[1, 0]]), 99));
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        FeatureVectors vectors = FeatureVectors.Join([[1, 2], [3, 4]]);
        Assert.Throws<ArgumentException>(() => NearestNeighbors.Predict(vectors, [0], vectors));
        Assert.Throws<ArgumentException>(() => NearestNeighbors.Predict(vectors, [0, -1], vectors));
        Assert.Throws<ArgumentException>(() => NearestNeighbors.Predict(vectors, [0, 1], FeatureVectors.Join([[1]])));
        Assert.Throws<ArgumentException>(() => NearestNeighbors.LeaveOneOut(FeatureVectors.Join([[1]]), [0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => NearestNeighbors.Predict(vectors, [0, 1], vectors, 0));
    }

    private static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double product = 0, first = 0, second = 0;
        for (int k = 0; k < a.Length; k++)
        {
            product += (double)a[k] * b[k];
            first += (double)a[k] * a[k];
            second += (double)b[k] * b[k];
        }

        return product / Math.Sqrt(first * second);
    }
}
