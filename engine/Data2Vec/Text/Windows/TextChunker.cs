namespace Data2Vec.Text;

/// <summary>Fits texts of any length to a model with a fixed number of positions.</summary>
public static class TextChunker
{
    /// <summary>The special tokens of a window: one at the beginning, one at the end.</summary>
    internal const int SpecialTokens = 2;

    /// <summary>The smallest window: one token between the special ones.</summary>
    internal const int SmallestWindow = SpecialTokens + 1;

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
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, SmallestWindow);
        int capacity = maxLength - SpecialTokens;
        int repeated = overlap ?? capacity / 4;
        ArgumentOutOfRangeException.ThrowIfNegative(repeated, nameof(overlap));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(repeated, capacity, nameof(overlap));

        return policy switch
        {
            _ when ids.Length <= capacity => new([Window(ids, 0, 1)], ids.Length, null),
            LongTextPolicy.Truncate => new([Window(ids[..capacity], 0, 1)], capacity, policy),
            LongTextPolicy.Chunk => new(Chunk(ids), ids.Length, policy),
            LongTextPolicy.Error => throw new TextTooLongException(maxLength),
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
    internal TextWindows(IReadOnlyList<TextWindow> windows, int tokenCount, LongTextPolicy? applied) =>
        (Windows, TokenCount, Applied) = (windows, tokenCount, applied);

    /// <summary>One or more windows in the order of the text.</summary>
    public IReadOnlyList<TextWindow> Windows { get; }

    /// <summary>The number of tokens in the text, or in the part that was kept, without special tokens.</summary>
    public int TokenCount { get; }

    /// <summary>Whether the end of the text was dropped. How much it is, is not known: it is not tokenized.</summary>
    public bool IsTruncated => Applied == LongTextPolicy.Truncate;

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
    /// <summary>Keep the beginning.</summary>
    Truncate,

    /// <summary>Throw <see cref="TextTooLongException"/>.</summary>
    Error,

    /// <summary>Split into overlapping windows and average their vectors.</summary>
    Chunk,
}

/// <summary>A text has more tokens than the model accepts, and the policy is <see cref="LongTextPolicy.Error"/>; or more than can be split.</summary>
public sealed class TextTooLongException : ArgumentException
{
    /// <summary>Creates the exception of a text that the model does not accept.</summary>
    /// <param name="limit">The most tokens that the model accepts, including the two special tokens.</param>
    public TextTooLongException(int limit)
        : this(
            $"The text has more than {limit} tokens with the two special tokens, which is the most that the model accepts. Shorten it, or choose "
            + $"{nameof(LongTextPolicy.Truncate)} to keep the first {limit - TextChunker.SpecialTokens}, or {nameof(LongTextPolicy.Chunk)} to average over overlapping windows.",
            limit)
    {
    }

    internal TextTooLongException(string message, int limit)
        : base(message) => Limit = limit;

    /// <summary>The most tokens that are accepted.</summary>
    public int Limit { get; }
}
