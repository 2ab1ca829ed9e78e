namespace Data2Vec.Text;

/// <summary>A text has more tokens than the model takes, and the policy was <see cref="LongTextPolicy.Error"/>.</summary>
public sealed class TextTooLongException : ArgumentException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="tokenCount">The tokens of the text with the two special ones around it.</param>
    /// <param name="limit">The most the model takes, with those two.</param>
    public TextTooLongException(int tokenCount, int limit)
        : base(
            $"The text has {tokenCount} tokens with <s> and </s>, the model takes {limit}. Shorten it, or choose {nameof(LongTextPolicy.Truncate)} "
            + $"to keep the first {limit - 2}, or {nameof(LongTextPolicy.Chunk)} to average over overlapping windows.")
    {
        TokenCount = tokenCount;
        Limit = limit;
    }

    /// <summary>The tokens of the text with the two special ones around it.</summary>
    public int TokenCount { get; }

    /// <summary>The most the model takes, with the two special tokens.</summary>
    public int Limit { get; }
}
