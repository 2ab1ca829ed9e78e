namespace Data2Vec.Text;

/// <summary>Fits a text of any number of tokens to a model with a fixed number of positions.</summary>
public static class TextChunker
{
    /// <summary>Cuts the tokens of a text into windows of at most <paramref name="maxLength"/> ids.</summary>
    /// <param name="ids">The ids of the text without special ones, from <see cref="TextTokenizer.EncodeWithoutSpecials"/>.</param>
    /// <param name="beginId">The id that begins each window.</param>
    /// <param name="endId">The id that ends each window.</param>
    /// <param name="maxLength">The most ids in a window, with those two: 512 for the published models. At least 3.</param>
    /// <param name="policy">What to do where the text does not fit.</param>
    /// <param name="overlap">
    /// With <see cref="LongTextPolicy.Chunk"/>, how many tokens each window repeats from the end of the one before it, so that a
    /// sentence cut by one window's end stands whole, or with context, in the next; less than <paramref name="maxLength"/> - 2.
    /// By default a quarter of <paramref name="maxLength"/> - 2, rounded down: a third more work.
    /// </param>
    /// <exception cref="TextTooLongException">The text does not fit and the policy is <see cref="LongTextPolicy.Error"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A length or the policy makes no sense.</exception>
    public static TextWindows Split(ReadOnlySpan<int> ids, int beginId, int endId, int maxLength, LongTextPolicy policy, int? overlap = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 3);
        int capacity = maxLength - 2;
        int repeated = overlap ?? capacity / 4;
        ArgumentOutOfRangeException.ThrowIfNegative(repeated, nameof(overlap));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(repeated, capacity, nameof(overlap));

        if (ids.Length <= capacity)
        {
            return new([Window(ids, 0, 1)], ids.Length, 0, null);
        }

        return policy switch
        {
            LongTextPolicy.Truncate => new([Window(ids[..capacity], 0, 1)], ids.Length, ids.Length - capacity, policy),
            LongTextPolicy.Chunk => new(Chunk(ids), ids.Length, 0, policy),
            LongTextPolicy.Error => throw new TextTooLongException(ids.Length + 2, maxLength),
            _ => throw new ArgumentOutOfRangeException(nameof(policy), policy, null),
        };

        TextWindow[] Chunk(ReadOnlySpan<int> all)
        {
            // All windows but the last are full; each after the first brings `stride` new tokens, the last the rest.
            int stride = capacity - repeated;
            int count = 1 + (int)(((long)all.Length - capacity + stride - 1) / stride);
            double total = all.Length + ((double)(count - 1) * repeated);
            TextWindow[] windows = new TextWindow[count];
            for (int i = 0; i < count; i++)
            {
                int offset = i * stride;
                int length = Math.Min(capacity, all.Length - offset);
                windows[i] = Window(all.Slice(offset, length), offset, length / total);
            }

            return windows;
        }

        TextWindow Window(ReadOnlySpan<int> tokens, int offset, double weight) => new([beginId, .. tokens, endId], offset, weight);
    }
}
