using Data2Vec.Training.Data;
using Data2Vec.Training.State;

namespace Data2Vec.Training.Tests.Data;

public class BatchReaderTests
{
    private static readonly BatchReaderOptions s_options = new() { Batches = new BatchOptions { MaxRows = 60 }, Seed = 5 };

    private static MemoryData<int, int> Items(int count) =>
        new([.. Enumerable.Range(0, count).Select(i => ((ReadOnlyMemory<int>)Enumerable.Range(100 * i, 3 + (i % 17)).ToArray(), i))]);

    private static async Task<List<Batch<int, int>>> Read(
        BatchReaderOptions options, int count = 100, BatchPosition start = default, long endEpoch = 2, TrainingData<int, int>? data = null)
    {
        var batches = new List<Batch<int, int>>();
        await foreach (Batch<int, int> batch in new BatchReader<int, int>(data ?? Items(count), options).ReadAsync(start, endEpoch))
        {
            batches.Add(batch);
        }

        return batches;
    }

    private static string[] Content(IEnumerable<Batch<int, int>> batches) =>
        [.. batches.Select(batch => $"{batch.Position} {string.Join("; ", batch.Items.Select(item => $"{item.Item} {item.Target} {string.Join(',', item.Input.ToArray())}"))}")];

    [Fact]
    public async Task Batches_are_those_of_the_plan_epoch_after_epoch()
    {
        List<Batch<int, int>> batches = await Read(s_options);
        var reader = new BatchReader<int, int>(Items(100), s_options);
        int[][] planned = [.. new long[] { 0, 1 }.SelectMany(epoch => reader.Plan(epoch).Batches).Select(batch => batch.ToArray())];
        Assert.Equal(planned, batches.Select(batch => batch.Items.Select(item => item.Item).ToArray()));
        Assert.Equal(2, batches.Count(batch => batch.EndsEpoch));
        Assert.Equal(new BatchPosition(2, 0), batches[^1].Next);
        Assert.All(batches.Zip(batches.Skip(1)), pair => Assert.Equal(pair.First.Next, pair.Second.Position));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 3)]
    [InlineData(2, 50)]
    public async Task Workers_and_their_speed_change_nothing(int workers, int ahead)
    {
        string[] expected = Content(await Read(s_options));
        Assert.Equal(expected, Content(await Read(s_options with { Workers = workers, Ahead = ahead }, data: new FaultyData(Items(100), [], isSlow: true))));
    }

    [Fact]
    public async Task Reading_goes_on_in_the_middle_of_an_epoch_with_the_same_batches()
    {
        List<Batch<int, int>> all = await Read(s_options);
        for (int i = 0; i < all.Count; i++)
        {
            Assert.Equal(Content(all.Skip(i + 1)), Content(await Read(s_options, start: all[i].Next)));
        }
    }

    [Fact]
    public async Task Ranks_read_different_batches_that_are_all_together()
    {
        var alone = (await Read(s_options, endEpoch: 1)).Select(batch => Content([batch with { Position = default }])[0]).ToList();
        List<Batch<int, int>>[] ranks = [await Read(s_options with { Ranks = 2 }, endEpoch: 1), await Read(s_options with { Rank = 1, Ranks = 2 }, endEpoch: 1)];
        Assert.Equal(ranks[0].Count, ranks[1].Count);
        string[] dealt = [.. Enumerable.Range(0, alone.Count).Select(i => Content([ranks[i % 2][i / 2] with { Position = default }])[0])];
        Assert.Equal(alone, dealt);
    }

    [Fact]
    public async Task Damaged_items_are_named_once_and_the_others_are_read()
    {
        var reports = new List<SkippedItem>();
        List<Batch<int, int>> batches = await Read(s_options with { Report = reports.Add }, data: new FaultyData(Items(100), [3, 42]));
        Assert.Equal(["item 3: the file is torn", "item 42: the file is torn"], reports.Select(report => report.ToString()).Order());
        Assert.Equal(2 * 98, batches.Sum(batch => batch.Items.Count));
        Assert.Equal(2 * 100, batches.Sum(batch => batch.Planned));
        Assert.DoesNotContain(batches.SelectMany(batch => batch.Items), item => item.Item is 3 or 42);
    }

    [Fact]
    public async Task A_batch_of_damaged_items_alone_is_empty_and_keeps_its_place()
    {
        List<Batch<int, int>> batches = await Read(s_options with { Batches = new BatchOptions { MaxItems = 1 } }, data: new FaultyData(Items(100), [3]), endEpoch: 1);
        Assert.Equal(100, batches.Count);
        Assert.Single(batches, batch => batch.Items.Count == 0 && batch.Planned == 1);
    }

    [Fact]
    public async Task A_strict_reading_ends_with_the_damaged_item()
    {
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => Read(s_options with { Strict = true }, data: new FaultyData(Items(100), [42])));
        Assert.Equal("item 42: the file is torn", error.Message);
    }

    [Fact]
    public async Task Too_many_damaged_items_end_the_reading()
    {
        // 9 of 80 are more than a tenth but too few to end anything.
        await Read(s_options, data: new FaultyData(Items(80), [.. Enumerable.Range(0, 9)]), endEpoch: 1);
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => Read(s_options, data: new FaultyData(Items(100), [.. Enumerable.Range(0, 40)])));
        Assert.Contains("more than a tenth", error.Message, StringComparison.Ordinal);
        Assert.Contains("the file is torn", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_errors_are_not_swallowed() =>
        await Assert.ThrowsAsync<DivideByZeroException>(() => Read(s_options, data: new FaultyData(Items(100), [42], new DivideByZeroException())));

    [Fact]
    public async Task Items_that_fit_in_no_batch_are_named()
    {
        var reports = new List<SkippedItem>();
        var options = s_options with { Batches = new BatchOptions { MaxRows = 18 }, Report = reports.Add, Strict = true };
        List<Batch<int, int>> batches = await Read(options, count: 34);
        Assert.Equal(2 * 32, batches.Sum(batch => batch.Items.Count));
        Assert.Equal(["item 16: its 19 rows are more than the 18 of a batch", "item 33: its 19 rows are more than the 18 of a batch"], reports.Select(report => report.ToString()));

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => Read(options with { Batches = new BatchOptions { MaxRows = 2 } }));
        Assert.Contains("no item fits in a batch", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_are_counted_as_the_caller_says()
    {
        List<Batch<int, int>> batches = await Read(s_options with { Rows = length => 10 * length, Batches = new BatchOptions { MaxRows = 200 } });
        Assert.All(batches, batch => Assert.InRange(batch.Items.Sum(item => item.Input.Length), 1, 20));
    }

    [Fact]
    public async Task Items_are_cut_to_the_shortest_of_their_batch_at_random_places()
    {
        BatchReaderOptions options = s_options with { CropToShortest = true, Batches = new BatchOptions { MaxItems = 30 } };
        List<Batch<int, int>> batches = await Read(options, count: 300, endEpoch: 1);
        Assert.All(batches, batch => Assert.Single(batch.Items.Select(item => item.Input.Length).Distinct()));
        Assert.All(batches.SelectMany(batch => batch.Items), item => Assert.Equal(Enumerable.Range(item.Input.Span[0], item.Input.Length), item.Input.ToArray()));
        Assert.All(batches.SelectMany(batch => batch.Items), item => Assert.Equal(item.Item, item.Input.Span[0] / 100));
        Assert.Contains(batches.SelectMany(batch => batch.Items), item => item.Input.Span[0] % 100 > 0);
        Assert.Equal(Content(batches), Content(await Read(options with { Workers = 5 }, count: 300, endEpoch: 1)));
    }

    [Fact]
    public async Task Cancelling_ends_the_reading_and_no_worker_goes_on()
    {
        var data = new FaultyData(Items(1000), []);
        using var cancellation = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (Batch<int, int> batch in new BatchReader<int, int>(data, s_options).ReadAsync(cancellationToken: cancellation.Token))
            {
                if (batch.Position.Batch == 5)
                {
                    await cancellation.CancelAsync();
                }
            }
        });
        int loaded = data.Loaded;
        await Task.Delay(50);
        Assert.Equal(loaded, data.Loaded);
    }

    [Fact]
    public async Task Leaving_early_stops_the_workers_and_no_more_batches_are_loaded_than_asked_for()
    {
        var data = new FaultyData(Items(1000), []);
        await foreach (Batch<int, int> batch in new BatchReader<int, int>(data, s_options with { Batches = new BatchOptions { MaxItems = 1 }, Ahead = 4 }).ReadAsync())
        {
            await Task.Delay(50);
            Assert.InRange(data.Loaded, 1, 5);
            break;
        }

        int loaded = data.Loaded;
        await Task.Delay(50);
        Assert.Equal(loaded, data.Loaded);
    }

    [Fact]
    public async Task Options_and_places_are_checked()
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Read(s_options with { Workers = 0 }));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Read(s_options with { Rank = 1 }));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Read(s_options, start: new BatchPosition(0, 1000)));
        await Assert.ThrowsAsync<InvalidDataException>(() => Read(s_options, count: 0));
    }

    [Fact]
    public void A_fingerprint_tells_of_changed_targets_lengths_and_order()
    {
        static DataFingerprint Of(params (int[] Input, int Target)[] items) =>
            new MemoryData<int, int>([.. items.Select(item => ((ReadOnlyMemory<int>)item.Input, item.Target))]).Fingerprint;

        DataFingerprint same = Of(([1, 2], 0), ([3], 1));
        Assert.Equal(same, Of(([1, 2], 0), ([3], 1)));
        Assert.Equal(2, same.Items);
        Assert.NotEqual(same, Of(([1, 2], 0), ([3], 0)));
        Assert.NotEqual(same, Of(([1, 2], 0), ([3, 4], 1)));
        Assert.NotEqual(same, Of(([3], 1), ([1, 2], 0)));
    }
}
