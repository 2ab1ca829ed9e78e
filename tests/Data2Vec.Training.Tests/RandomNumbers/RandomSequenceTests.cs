using System.Text.Json;
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

    /// <summary>The share of numbers below each of 23 quantiles of scipy's distributions, within five deviations.</summary>
    [Theory]
    [InlineData("normal")]
    [InlineData("gamma")]
    [InlineData("beta")]
    public void Draws_have_the_distribution_of_their_name(string name)
    {
        const int Count = 100_000;
        JsonElement fixture = Fixtures.Json("augmentation/distributions.json");
        double[] probabilities = fixture.Doubles("probabilities");
        int item = 100;
        foreach (JsonElement distribution in fixture.GetProperty("distributions").EnumerateArray().Where(test => test.GetProperty("name").ValueEquals(name)))
        {
            double[] parameters = distribution.Doubles("parameters"), quantiles = distribution.Doubles("quantiles");
            RandomSequence random = Sequence(item++);
            double[] draws = [.. Enumerable.Range(0, Count).Select(_ => name switch
            {
                "normal" => random.NextNormal(),
                "gamma" => random.NextGamma(parameters[0]),
                _ => random.NextBeta(parameters[0], parameters[1]),
            })];
            for (int i = 0; i < quantiles.Length; i++)
            {
                if (quantiles[i] == 1)
                {
                    continue; // nearer to 1 than a double can be
                }


                double share = draws.Count(value => value <= quantiles[i]) / (double)Count, p = probabilities[i];
                double bound = 5 * Math.Sqrt(p * (1 - p) / Count);
                Assert.True(Math.Abs(share - p) <= bound, $"{name} {string.Join(' ', parameters)}: {share} of the numbers are below {quantiles[i]}, not {p}.");
            }
        }

        Assert.InRange(item, 101, 120);
    }

    [Fact]
    public void Beta_numbers_of_tiny_parameters_are_near_the_ends_and_never_undefined()
    {
        RandomSequence random = Sequence(200);
        double[] values = [.. Enumerable.Range(0, 2000).Select(_ => random.NextBeta(1e-4, 1e-4))];
        Assert.All(values, value => Assert.InRange(value, 0, 1));
        Assert.InRange(values.Count(value => value > 0.5), 900, 1100);
        Assert.InRange(values.Count(value => value is > 0.01 and < 0.99), 0, 20);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Shapes_out_of_range_are_refused(double shape)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Sequence(7).NextGamma(shape));
        Assert.Throws<ArgumentOutOfRangeException>(() => Sequence(7).NextBeta(1, shape));
    }
}
