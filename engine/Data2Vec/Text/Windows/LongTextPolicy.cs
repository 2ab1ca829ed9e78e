namespace Data2Vec.Text;

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
