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

        return policy switch
        {
            _ when ids.Length <= capacity => new([Window(ids, 0, 1)], ids.Length, 0, null),
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

/// <summary>The model inputs made from one text.</summary>
public sealed class TextWindows
{
    internal TextWindows(IReadOnlyList<TextWindow> windows, int tokenCount, int truncatedCount, LongTextPolicy? applied) =>
        (Windows, TokenCount, TruncatedCount, Applied) = (windows, tokenCount, truncatedCount, applied);

    /// <summary>One or more windows in the order of the text.</summary>
    public IReadOnlyList<TextWindow> Windows { get; }

    /// <summary>The number of tokens in the whole text, without special tokens.</summary>
    public int TokenCount { get; }

    /// <summary>The number of tokens dropped from the end. Only <see cref="LongTextPolicy.Truncate"/> drops tokens.</summary>
    public int TruncatedCount { get; }

    /// <summary>The policy that was applied, or null if the text fits.</summary>
    public LongTextPolicy? Applied { get; }
}

/// <summary>One model input, cut from a text.</summary>
public sealed class TextWindow
{
    internal TextWindow(int[] ids, int offset, double weight) => (Ids, Offset, Weight) = (ids, offset, weight);

    /// <summary>The token ids, including the special tokens at the beginning and the end.</summary>
    public int[] Ids { get; }

    /// <summary>The index of the window's first token in the text, not counting special tokens.</summary>
    public int Offset { get; }

    /// <summary>
    /// The window's weight in the average over the text: its number of tokens divided by that of all windows. Special tokens do not count,
    /// and overlapping tokens count in both windows. The weights of a text add up to 1.
    /// </summary>
    public double Weight { get; }

    /// <summary>The number of tokens in the window, without special tokens.</summary>
    public int TokenCount => Ids.Length - 2;
}

/// <summary>The treatment of texts with more tokens than the model has positions.</summary>
public enum LongTextPolicy
{
    /// <summary>Keep the beginning and report the number of dropped tokens.</summary>
    Truncate,

    /// <summary>Throw <see cref="TextTooLongException"/>.</summary>
    Error,

    /// <summary>Split into overlapping windows and average their vectors.</summary>
    Chunk,
}

/// <summary>A text has more tokens than the model accepts, and the policy is <see cref="LongTextPolicy.Error"/>.</summary>
public sealed class TextTooLongException : ArgumentException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="tokenCount">The number of tokens in the text, including the two special tokens.</param>
    /// <param name="limit">The most tokens that the model accepts, including the two special tokens.</param>
    public TextTooLongException(int tokenCount, int limit)
        : base(
            $"The text has {tokenCount} tokens with the two special tokens, but the model accepts {limit}. Shorten it, or choose "
            + $"{nameof(LongTextPolicy.Truncate)} to keep the first {limit - 2}, or {nameof(LongTextPolicy.Chunk)} to average over overlapping windows.") =>
        (TokenCount, Limit) = (tokenCount, limit);

    /// <summary>The number of tokens in the text, including the two special tokens.</summary>
    public int TokenCount { get; }

    /// <summary>The most tokens that the model accepts, including the two special tokens.</summary>
    public int Limit { get; }
}
