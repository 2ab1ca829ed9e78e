using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Tests.RandomNumbers;

public class RandomSequenceTests
{
    private static RandomSequence Sequence(int item) => new RandomSource(3, 0, RandomSite.Order).Sequence(item);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(100)]
    public void Integers_are_equally_likely(int count)
    {
        RandomSequence random = Sequence(1);
        int[] counts = new int[count];
        for (int i = 0; i < 2000 * count; i++)
        {
            counts[random.NextInt32(count)]++;
        }

        // Five deviations of a binomial distribution.
        Assert.All(counts, n => Assert.InRange(n, 2000 - (5 * 45), 2000 + (5 * 45)));
    }

    [Fact]
    public void Integers_of_a_range_that_does_not_divide_2_to_the_32_have_no_bias()
    {
        // 2^32 words for 3 * 2^29 values: without rejection two of three neighbouring values have three words each, the third has two.
        RandomSequence random = Sequence(2);
        const int Count = 3 << 29;
        int[] thirds = new int[3];
        int multiples = 0;
        for (int i = 0; i < 30000; i++)
        {
            int value = random.NextInt32(Count);
            thirds[value / (Count / 3)]++;
            multiples += value % 3 == 0 ? 1 : 0;
        }

        Assert.All(thirds, n => Assert.InRange(n, 10000 - 410, 10000 + 410));
        Assert.InRange(multiples, 10000 - 410, 10000 + 410);
    }

    [Fact]
    public void Doubles_are_uniform()
    {
        RandomSequence random = Sequence(3);
        double[] values = [.. Enumerable.Range(0, 40000).Select(_ => random.NextDouble())];
        Assert.InRange(values.Average(), 0.5 - 0.006, 0.5 + 0.006);
        Assert.InRange(values.Average(value => value * value), (1 / 3.0) - 0.006, (1 / 3.0) + 0.006);
        Assert.Equal(values.Length, values.Distinct().Count());
    }

    [Fact]
    public void Samples_are_different_and_every_ordered_choice_is_equally_likely()
    {
        int[] counts = new int[25];
        int[] chosen = new int[2];
        for (int i = 0; i < 20000; i++)
        {
            Sequence(i).Sample(5, chosen);
            Assert.NotEqual(chosen[0], chosen[1]);
            counts[(5 * chosen[0]) + chosen[1]]++;
        }

        Assert.All(counts.Where((_, i) => i / 5 != i % 5), n => Assert.InRange(n, 850, 1150));
    }

    [Fact]
    public void A_sample_of_all_and_a_shuffle_are_permutations()
    {
        int[] chosen = new int[50];
        Sequence(4).Sample(50, chosen);
        Assert.Equal(Enumerable.Range(0, 50), chosen.Order());
        Assert.NotEqual(Enumerable.Range(0, 50), chosen);

        string[] words = [.. Enumerable.Range(0, 50).Select(i => $"{i}")];
        string[] shuffled = [.. words];
        Sequence(5).Shuffle<string>(shuffled);
        Assert.NotEqual(words, shuffled);
        Assert.Equal(words.Order(), shuffled.Order());
    }

    [Fact]
    public void A_sample_of_more_than_there_are_is_refused() => Assert.Throws<ArgumentException>(() => Sequence(6).Sample(3, new int[4]));
}
