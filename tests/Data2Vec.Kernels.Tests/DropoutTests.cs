using static Data2Vec.Kernels.Tests.CpuFixture;
using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Tests;

/// <summary>Dropout of features, at every register width of this machine.</summary>
public class DropoutTests
{
    public static TheoryData<string> Levels => CpuFixture.Levels;

    [Theory, MemberData(nameof(Levels))]
    public void Drops_what_a_scalar_loop_drops(string level)
    {
        const int rows = 21, before = 3;
        RowPlace[] places = [.. Enumerable.Range(0, rows).Select(row => new RowPlace(row % 3 * (1L << 33) + row % 2, row / 3 * 1000))];
        Dropout dropout = DropoutReference.Create(0.3f, 0x0123456789ABCDEF, places);
        using WeightStore store = Backend(level).CreateStore();
        foreach (int columns in new[] { 1, 2, 15, 16, 17, 63, 100, 128, 129, 768, 1500 })
        {
            int all = columns + 2 * before;
            float[] numbers = Numbers(columns, rows * all);
            using TrainingInference run = store.BeginTraining(_ => 0);
            Tensor x = run.Upload(numbers, rows, all);
            run.Drop(x.SliceColumns(before, columns), dropout);
            float[] expected = [.. numbers.Select((value, i) => i % all < before || i % all >= before + columns
                ? value : value * DropoutReference.Factor(0.3f, dropout.Key, places[i / all], i % all - before))];
            Assert.Equal(expected, Download(run, x));
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Keeps_the_share_and_the_mean(string level)
    {
        foreach (float rate in new[] { 0.001f, 0.05f, 0.1f, 0.5f, 0.9f })
        {
            float[] mask = Mask(level, rate, 7, item: 3);
            double count = mask.Length, kept = mask.Count(value => value != 0), deviation = Math.Sqrt(count * rate * (1 - rate));
            Assert.InRange(kept, count * (1 - rate) - 4 * deviation, count * (1 - rate) + 4 * deviation);
            Assert.InRange(mask.Average(value => (double)value), 1 - 4 * deviation / count / (1 - rate), 1 + 4 * deviation / count / (1 - rate));
            Assert.All(mask, value => Assert.True(value == 0 || value == 1 / (1 - rate)));
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Masks_of_other_keys_items_rows_and_columns_are_independent(string level)
    {
        const float rate = 0.25f;
        float[] mask = Mask(level, rate, 7, item: 3);
        foreach (float[] other in new[] { Mask(level, rate, 8, item: 3), Mask(level, rate, 7, item: 4), Mask(level, rate, 7, item: 3 + (1L << 32)) })
        {
            RequireIndependent(mask, other);
        }

        foreach (int distance in new[] { 1, 8, 16, 64, 128, 1000, 2000 })
        {
            RequireIndependent(mask[..^distance], mask[distance..]);
        }

        static void RequireIndependent(float[] a, float[] b)
        {
            const double expected = rate * rate;
            double both = a.Zip(b, (x, y) => x == 0 && y == 0 ? 1 : 0).Average(), deviation = Math.Sqrt(expected * (1 - expected) / a.Length);
            Assert.InRange(both, expected - 4.5 * deviation, expected + 4.5 * deviation);
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void A_rate_of_zero_changes_nothing_and_others_are_refused(string level)
    {
        using WeightStore store = Backend(level).CreateStore();
        using TrainingInference run = store.BeginTraining(_ => 0);
        float[] numbers = Numbers(1, 60);
        Tensor x = run.Upload(numbers, 3, 20);
        run.Drop(x, default);
        Assert.Equal(numbers, Download(run, x));
        foreach (float rate in new[] { -0.1f, 1f, float.NaN })
        {
            Assert.Throws<ArgumentException>(() => run.Drop(x, DropoutReference.Create(rate, 1, new RowPlace[3])));
        }
    }

    private static float[] Mask(string level, float rate, ulong key, long item)
    {
        const int rows = 200, columns = 1000;
        using WeightStore store = Backend(level).CreateStore();
        using TrainingInference run = store.BeginTraining(_ => 0);
        Tensor x = run.Upload([.. Enumerable.Repeat(1f, rows * columns)], rows, columns);
        run.Drop(x, DropoutReference.Create(rate, key, [.. Enumerable.Range(0, rows).Select(row => new RowPlace(item, row))]));
        return Download(run, x);
    }
}
