using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Data;

/// <summary>
/// The batches of an epoch. They depend on the seed, the epoch, the lengths and the options, and on nothing else. Items are sorted by length, equal lengths in
/// random order, so that the items of a batch are alike; neighbours are grouped; then the batches are put in random order. fairseq's <c>batch_by_size</c> does
/// the same.
/// </summary>
public sealed class BatchPlan
{
    private readonly int[][] _batches;

    private BatchPlan(int[][] batches, IReadOnlyList<int> tooLong) => (_batches, TooLong) = (batches, tooLong);

    /// <summary>The numbers of the items of each batch.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Batches => _batches;

    /// <summary>The items that alone exceed <see cref="BatchOptions.MaxRows"/>, in the order of their numbers. They are in no batch.</summary>
    public IReadOnlyList<int> TooLong { get; }

    /// <summary>Plans an epoch.</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="lengths">The length of each item.</param>
    /// <param name="options">How items are grouped.</param>
    /// <exception cref="ArgumentException">An option is out of range, or there is no limit for a batch.</exception>
    public static BatchPlan Create(ulong seed, long epoch, IReadOnlyList<int> lengths, BatchOptions options)
    {
        ArgumentNullException.ThrowIfNull(lengths);
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        long most = options.MaxRows ?? long.MaxValue;
        int[] all = [.. Enumerable.Range(0, lengths.Count)];
        int[] order = [.. all.Where(item => lengths[item] <= most)];
        RandomSequence random = new EpochRandom(seed, epoch).Sequence(RandomSite.Order, 0);
        if (options.Shuffle)
        {
            random.Shuffle<int>(order);
        }

        // A stable sort: items of equal length keep their random order.
        order = [.. order.OrderByDescending(item => lengths[item])];
        int[][] batches = Group(order, lengths, options);
        if (options.Shuffle)
        {
            random.Shuffle<int[]>(batches);
        }

        return new BatchPlan(batches, [.. all.Where(item => lengths[item] > most)]);
    }

    /// <summary>
    /// The batches of one of several processes that train together. They are dealt in turn. Each gets the same number, the last ones may be empty.
    /// </summary>
    /// <param name="rank">The number of the process, from 0.</param>
    /// <param name="ranks">The number of processes.</param>
    public IReadOnlyList<IReadOnlyList<int>> Share(int rank, int ranks)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ranks);
        ArgumentOutOfRangeException.ThrowIfNegative(rank);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rank, ranks);
        int count = (_batches.Length + ranks - 1) / ranks;
        return [.. Enumerable.Range(0, count).Select(i => rank + (i * (long)ranks)).Select(i => i < _batches.Length ? _batches[i] : [])];
    }

    private static int[][] Group(int[] order, IReadOnlyList<int> lengths, BatchOptions options)
    {
        long mostRows = options.MaxRows ?? long.MaxValue;
        int mostItems = options.MaxItems ?? int.MaxValue;
        var batches = new List<int[]>();
        int first = 0;
        long rows = 0;
        for (int i = 0; i < order.Length; i++)
        {
            // The first of a batch is its longest.
            int length = lengths[order[i]];
            while (i > first && (i - first == mostItems || (options.CountPadding ? (i - first + 1L) * lengths[order[first]] : rows + length) > mostRows))
            {
                int count = Whole(i - first);
                batches.Add(order[first..(first + count)]);
                first += count;
                rows = order[first..i].Sum(item => (long)lengths[item]);
            }

            rows += length;
        }

        while (first < order.Length)
        {
            int count = Whole(order.Length - first);
            batches.Add(order[first..(first + count)]);
            first += count;
        }

        return [.. batches];

        int Whole(int count) => count < options.Multiple ? count : count - (count % options.Multiple);
    }
}
