namespace Data2Vec.Text;

/// <summary>Fits texts of any length to a model with a fixed number of positions.</summary>
public static class TextChunker
{
    /// <summary>Splits the tokens of a text into windows of at most <paramref name="maxLength"/> ids.</summary>
    /// <param name="ids">The token ids without special tokens, from <see cref="TextTokenizer.EncodeWithoutSpecials"/>.</param>
    /// <param name="beginId">The id that begins each window.</param>
    /// <param name="endId">The id that ends each window.</param>
    /// <param name="maxLength">The most ids in a window, including those two; at least 3. The published models accept 512.</param>
    /// <param name="policy">The treatment of texts that do not fit.</param>
    /// <param name="overlap">
    /// With <see cref="LongTextPolicy.Chunk"/>, the number of tokens that each window repeats from the previous one, less than
    /// <paramref name="maxLength"/> - 2. A sentence cut by the end of a window then has context in the next. The default is a quarter of
    /// <paramref name="maxLength"/> - 2, rounded down, which costs a third more work.
    /// </param>
    /// <exception cref="TextTooLongException">The text does not fit and the policy is <see cref="LongTextPolicy.Error"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A length or the policy is out of range.</exception>
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
            // All windows but the last are full. Each window after the first adds `stride` new tokens, and the last adds the rest.
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
