using Data2Vec.Training.Probing;
using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Tests.Probing;

public class ProbingTests
{
    /// <summary>Two classes at the distance 3: the best accuracy possible is Phi(1.5) = 93.3 %.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void Accuracy_on_held_out_vectors_is_what_the_classes_allow(int folds)
    {
        RandomSequence random = new RandomSource(3, 0, RandomSite.Initialization).Sequence(folds);
        int[] labels = [.. Enumerable.Range(0, 4000).Select(i => i % 2)];
        float[] values = [.. Enumerable.Range(0, 4000 * 20).Select(i => (float)(random.NextNormal() + (i % 20 == 3 ? 3 * labels[i / 20] : 0)))];
        var result = ClassificationProbing.Run(new FeatureVectors(values, 20), labels, ["no", "yes"], new ProbeOptions { Folds = folds });
        Assert.Equal(folds == 0 ? 800 : 4000, result.Quality.Count);
        Assert.InRange(result.Quality.Accuracy, 0.933 - (folds == 0 ? 0.035 : 0.016), 0.933 + (folds == 0 ? 0.035 : 0.016));
        Assert.Empty(result.Unmeasured);
        Assert.Equal(result.Quality.Count, result.Quality.Confusion.Sum(row => row.Sum()));
    }

    /// <summary>Labels without any relation to the vectors must not be predicted better than by chance, whatever is fitted.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void Random_labels_are_not_predicted(int folds)
    {
        (FeatureVectors vectors, _) = ProbingFixtures.Clusters(1200, 100, 2, 0);
        int[] labels = [.. Enumerable.Range(0, 1200).Select(i => i % 2)];
        new RandomSource(9, 0, RandomSite.Order).Sequence(0).Shuffle<int>(labels);
        var result = ClassificationProbing.Run(vectors, labels, ["a", "b"], new ProbeOptions { Folds = folds });
        double bound = 5 * 0.5 / Math.Sqrt(result.Quality.Count);
        Assert.InRange(result.Quality.Accuracy, 0.5 - bound, 0.5 + bound);
        Assert.InRange(result.Probe.Penalty, 0.01, 1);
    }

    /// <summary>Vectors that say nothing want a strong penalty, many that say much a weak one.</summary>
    [Fact]
    public void The_penalty_follows_the_data()
    {
        (FeatureVectors vectors, int[] labels) = ProbingFixtures.Clusters(300, 100, 2, 0);
        double strong = ClassificationProbing.Run(vectors, labels, ["a", "b"]).Probe.Penalty;
        (vectors, labels) = ProbingFixtures.Clusters(5000, 5, 2, 3);
        double weak = ClassificationProbing.Run(vectors, labels, ["a", "b"]).Probe.Penalty;
        Assert.True(strong >= 10 * weak, $"{strong} and {weak}");
    }

    [Fact]
    public void Results_depend_on_the_seed_alone()
    {
        (FeatureVectors vectors, int[] labels) = ProbingFixtures.Clusters(300, 6, 3, 1.5);
        string[] names = ProbingFixtures.Names(3);
        ClassificationQuality[] runs = [.. new (ulong Seed, int Threads)[] { (1, 1), (1, 4), (2, 1), (3, 1), (4, 1) }.Select(run =>
            ClassificationProbing.Run(vectors, labels, names, new ProbeOptions { Seed = run.Seed, Threads = run.Threads }).Quality)];
        Assert.Equal(runs[0].Confusion, runs[1].Confusion);
        Assert.Contains(runs[2..], run => !run.Confusion.SelectMany(row => row).SequenceEqual(runs[0].Confusion.SelectMany(row => row)));
    }

    [Fact]
    public void A_class_of_one_vector_is_trained_on_and_listed()
    {
        (FeatureVectors vectors, int[] labels) = ProbingFixtures.Clusters(50, 4, 2, 5);
        labels[7] = 2;
        var result = ClassificationProbing.Run(vectors, labels, ["a", "b", "rare"]);
        Assert.Equal(["rare"], result.Unmeasured);
        Assert.True(float.IsFinite(result.Probe.Biases[2]));
        ClassificationProbing folded = ClassificationProbing.Run(vectors, labels, ["a", "b", "rare"], new ProbeOptions { Folds = 5 });
        Assert.Empty(folded.Unmeasured);
        Assert.Equal(0, folded.Quality.F1[2]);
        Assert.Equal(50, folded.Quality.Count);
    }

    [Fact]
    public void Too_few_vectors_are_refused_in_words()
    {
        var error = Assert.Throws<InvalidDataException>(() => ClassificationProbing.Run(FeatureVectors.Join([[1], [2]]), [0, 1], ["a", "b"]));
        Assert.Equal("There are too few vectors to hold a share of 0.2 out: 2, of 2 classes.", error.Message);
        error = Assert.Throws<InvalidDataException>(
            () => ClassificationProbing.Run(FeatureVectors.Join([[1], [2]]), [0, 1], ["a", "b"], new ProbeOptions { Folds = 3 }));
        Assert.Equal("There are 3 folds, but only 2 vectors.", error.Message);
        Assert.Throws<InvalidDataException>(() => ClassificationProbing.Run(FeatureVectors.Join([[1], [2], [3]]), [0, 0, 0], ["a", "b"]));
        Assert.Throws<ArgumentException>(() => ClassificationProbing.Run(FeatureVectors.Join([[1], [2]]), [0, 1], ["a", "b"], new ProbeOptions { HeldOut = 1 }));
        Assert.Throws<ArgumentException>(() => ClassificationProbing.Run(FeatureVectors.Join([[1], [2]]), [0, 1], ["a", "b"], new ProbeOptions { Penalties = [] }));
    }

    [Fact]
    public void Shares_are_held_out_of_each_class()
    {
        int[] labels = [.. Enumerable.Repeat(0, 100), .. Enumerable.Repeat(1, 10), .. Enumerable.Range(2, 30).SelectMany(c => new[] { c, c }), 50];
        (int[] kept, int[] held) = HeldOutSplit.Share(labels, 0.2, 1);
        Assert.Equal(Enumerable.Range(0, labels.Length), kept.Concat(held).Order());
        Assert.InRange(held.Count(item => labels[item] == 0), 20, 21);
        Assert.InRange(held.Count(item => labels[item] == 1), 2, 3);
        Assert.InRange(held.Count(item => labels[item] is > 1 and < 50), 11, 13);
        Assert.All(labels.Distinct(), c => Assert.Contains(kept, item => labels[item] == c));

        int[] folds = HeldOutSplit.Folds(labels, 5, 1);
        Assert.All(Enumerable.Range(0, 5), fold => Assert.Equal(20, Enumerable.Range(0, 100).Count(item => folds[item] == fold)));
        Assert.All(Enumerable.Range(0, 5), fold => Assert.InRange(folds.Count(f => f == fold), 34, 35));
    }
}
