using Data2Vec.Training.Data;

namespace Data2Vec.Training.Tests.Data;

public class BatchPlanTests
{
    private static readonly int[] s_lengths = [.. Enumerable.Range(0, 500).Select(i => 10 + (i * 37 % 90))];

    private static readonly BatchOptions s_packed = new() { MaxRows = 400 };

    private static int[][] Batches(BatchPlan plan) => [.. plan.Batches.Select(batch => batch.ToArray())];

    [Fact]
    public void Each_item_is_in_one_batch_and_the_rows_stay_in_the_budget()
    {
        BatchPlan plan = BatchPlan.Create(1, 0, s_lengths, s_packed);
        Assert.Equal(Enumerable.Range(0, s_lengths.Length), plan.Batches.SelectMany(batch => batch).Order());
        Assert.All(plan.Batches, batch => Assert.InRange(batch.Sum(item => s_lengths[item]), 1, 400));
        Assert.Empty(plan.TooLong);

        // Hardly a batch is emptier than the longest item.
        Assert.InRange(plan.Batches.Count, s_lengths.Sum() / 400, s_lengths.Sum() / 300);
    }

    [Fact]
    public void Items_of_a_batch_are_of_like_length()
    {
        BatchPlan plan = BatchPlan.Create(1, 0, s_lengths, s_packed);
        double within = plan.Batches.Average(batch => batch.Max(item => s_lengths[item]) - batch.Min(item => s_lengths[item]));
        Assert.InRange(within, 0, 4);
    }

    [Fact]
    public void The_plan_depends_on_seed_epoch_and_lengths_alone()
    {
        Assert.Equal(Batches(BatchPlan.Create(1, 3, s_lengths, s_packed)), Batches(BatchPlan.Create(1, 3, [.. s_lengths], s_packed with { })));
        Assert.NotEqual(Batches(BatchPlan.Create(1, 3, s_lengths, s_packed)), Batches(BatchPlan.Create(2, 3, s_lengths, s_packed)));
        Assert.NotEqual(Batches(BatchPlan.Create(1, 3, s_lengths, s_packed)), Batches(BatchPlan.Create(1, 4, s_lengths, s_packed)));
    }

    [Fact]
    public void Equal_lengths_are_grouped_differently_in_each_epoch_and_batches_come_in_random_order()
    {
        int[] lengths = [.. Enumerable.Repeat(5, 100), .. Enumerable.Repeat(50, 100)];
        BatchPlan first = BatchPlan.Create(1, 0, lengths, new BatchOptions { MaxItems = 10 }), second = BatchPlan.Create(1, 1, lengths, new BatchOptions { MaxItems = 10 });
        Assert.Empty(first.Batches.Select(batch => string.Join(' ', batch.Order())).Intersect(second.Batches.Select(batch => string.Join(' ', batch.Order()))));

        int[] order = [.. first.Batches.Select(batch => lengths[batch[0]])];
        Assert.NotEqual(order.OrderDescending(), order);
    }

    [Fact]
    public void Without_shuffling_the_order_is_by_length_and_then_by_number()
    {
        BatchPlan plan = BatchPlan.Create(1, 7, [3, 9, 3, 9, 1], new BatchOptions { MaxItems = 2, Shuffle = false });
        Assert.Equal([[1, 3], [0, 2], [4]], Batches(plan));
    }

    // Counted by hand: rows of fairseq are items times the longest.
    [Fact]
    public void Padding_counts_as_in_fairseq_if_wanted()
    {
        int[] lengths = [10, 9, 5, 5, 4, 1];
        Assert.Equal([[0, 1], [2, 3, 4, 5]], Batches(BatchPlan.Create(1, 0, lengths, new BatchOptions { MaxRows = 20, CountPadding = true, Shuffle = false })).Select(Sorted));
        Assert.Equal([[0, 1], [2, 3, 4, 5]], Batches(BatchPlan.Create(1, 0, lengths, new BatchOptions { MaxRows = 19, Shuffle = false })).Select(Sorted));
        Assert.Equal([[0], [1], [2], [3, 4, 5]], Batches(BatchPlan.Create(1, 0, [10, 9, 6, 3, 3, 3], new BatchOptions { MaxRows = 10, CountPadding = true, Shuffle = false })).Select(Sorted));

        static int[] Sorted(int[] batch) => [.. batch.Order()];
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Batches_have_a_multiple_of_items_or_fewer(bool countPadding)
    {
        BatchPlan plan = BatchPlan.Create(1, 0, s_lengths, new BatchOptions { MaxRows = 900, Multiple = 8, CountPadding = countPadding });
        Assert.All(plan.Batches, batch => Assert.True(batch.Count < 8 || batch.Count % 8 == 0, $"{batch.Count} items"));
        Assert.All(plan.Batches, batch =>
            Assert.InRange(countPadding ? batch.Count * batch.Max(item => s_lengths[item]) : batch.Sum(item => s_lengths[item]), 1, 900));
        Assert.Equal(Enumerable.Range(0, s_lengths.Length), plan.Batches.SelectMany(batch => batch).Order());
    }

    [Fact]
    public void A_fixed_number_of_items_needs_no_lengths()
    {
        BatchPlan plan = BatchPlan.Create(1, 0, [.. Enumerable.Repeat(1, 103)], new BatchOptions { MaxItems = 10 });
        Assert.Equal([3, .. Enumerable.Repeat(10, 10)], plan.Batches.Select(batch => batch.Count).Order());
        Assert.NotEqual(Enumerable.Range(0, 103), plan.Batches.SelectMany(batch => batch));
    }

    [Fact]
    public void Items_that_exceed_the_budget_alone_are_told()
    {
        BatchPlan plan = BatchPlan.Create(1, 0, [5, 11, 10, 12], new BatchOptions { MaxRows = 10 });
        Assert.Equal([1, 3], plan.TooLong);
        Assert.Equal([0, 2], plan.Batches.SelectMany(batch => batch).Order());
    }

    [Fact]
    public void Ranks_get_the_batches_in_turn_and_equally_many()
    {
        BatchPlan plan = BatchPlan.Create(1, 0, [.. Enumerable.Repeat(1, 70)], new BatchOptions { MaxItems = 10 });
        int[][][] shares = [.. Enumerable.Range(0, 3).Select(rank => plan.Share(rank, 3).Select(batch => batch.ToArray()).ToArray())];
        Assert.All(shares, share => Assert.Equal(3, share.Length));
        Assert.Equal(Batches(plan), Enumerable.Range(0, 7).Select(i => shares[i % 3][i / 3]));
        Assert.Empty(shares[1][2]);
        Assert.Empty(shares[2][2]);
        Assert.Equal(Batches(plan), plan.Share(0, 1).Select(batch => batch.ToArray()));
    }

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<ArgumentException>(() => BatchPlan.Create(1, 0, [1], new BatchOptions()));
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchPlan.Create(1, 0, [1], new BatchOptions { MaxItems = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchPlan.Create(1, 0, [1], new BatchOptions { MaxItems = 1, Multiple = 0 }));
        Assert.Empty(BatchPlan.Create(1, 0, [], new BatchOptions { MaxItems = 1 }).Batches);
    }
}
