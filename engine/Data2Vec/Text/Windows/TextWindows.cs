namespace Data2Vec.Text;

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
