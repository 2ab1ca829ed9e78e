using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Tests.RandomNumbers;

public class RandomSourceTests
{
    [Fact]
    public void A_number_depends_on_its_place_alone()
    {
        var source = new RandomSource(1, 2, RandomSite.Dropout, 3);
        float[] whole = new float[103];
        source.Fill(5, 7, 0, whole);
        for (int first = 0; first < 9; first++)
        {
            float[] part = new float[41];
            source.Fill(5, 7, first, part);
            Assert.Equal(whole[first..(first + 41)], part);
        }

        for (int column = 0; column < whole.Length; column++)
        {
            Assert.Equal(whole[column], source.Uniform(5, 7, column));
        }
    }

    [Fact]
    public void Each_part_of_the_place_changes_the_numbers()
    {
        float[][] all =
        [
            Draw(new(1, 2, RandomSite.Dropout, 3), 5, 7),
            Draw(new(1 + (1UL << 32), 2, RandomSite.Dropout, 3), 5, 7),
            Draw(new(2, 2, RandomSite.Dropout, 3), 5, 7),
            Draw(new(1, 3, RandomSite.Dropout, 3), 5, 7),
            Draw(new(1, 2 + (1L << 32), RandomSite.Dropout, 3), 5, 7),
            Draw(new(1, 2, RandomSite.DropPath, 3), 5, 7),
            Draw(new(1, 2, RandomSite.Dropout, 4), 5, 7),
            Draw(new(1, 2, RandomSite.Dropout, 3), 6, 7),
            Draw(new(1, 2, RandomSite.Dropout, 3), 5 + (1L << 32), 7),
            Draw(new(1, 2, RandomSite.Dropout, 3), 5, 8),
            DrawSequence(new RandomSource(1, 2, RandomSite.Dropout, 3).Sequence(5, 7)),
            DrawSequence(new RandomSource(1, 2, RandomSite.Dropout, 3).Sequence(5, 8)),
        ];
        Assert.Equal(all.Length * all[0].Length, all.SelectMany(values => values).Distinct().Count());

        static float[] Draw(RandomSource source, long item, int row)
        {
            float[] values = new float[8];
            source.Fill(item, row, 0, values);
            return values;
        }

        static float[] DrawSequence(RandomSequence sequence) => [.. Enumerable.Range(0, 8).Select(_ => sequence.NextSingle())];
    }

    [Fact]
    public void Numbers_are_uniform_and_columns_rows_and_items_independent()
    {
        var source = new RandomSource(11, 0, RandomSite.Dropout);
        const int Side = 400;
        float[] values = new float[Side * Side];
        for (int row = 0; row < Side; row++)
        {
            source.Fill(row / 20, row % 20, 0, values.AsSpan(row * Side, Side));
        }

        Assert.InRange(values.Min(), 0, 1e-4);
        Assert.InRange(values.Max(), 1 - 1e-4, 1 - 1e-9);

        // Chi-squared with 99 degrees of freedom: 61 to 149 holds with a probability of 0.998.
        int[] counts = new int[100];
        foreach (float value in values)
        {
            counts[(int)(value * 100)]++;
        }

        Assert.InRange(counts.Sum(count => (count - 1600.0) * (count - 1600.0) / 1600), 55, 160);
        foreach (int distance in new[] { 1, 2, 4, Side, 20 * Side })
        {
            double sum = 0;
            for (int i = distance; i < values.Length; i++)
            {
                sum += (values[i] - 0.5) * (values[i - distance] - 0.5) * 12;
            }

            // The deviation of the mean of products is 1 / sqrt(count).
            Assert.InRange(sum / values.Length, -0.0125, 0.0125);
        }
    }
}
