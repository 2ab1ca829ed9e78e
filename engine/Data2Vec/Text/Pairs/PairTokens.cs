namespace Data2Vec.Text;

/// <summary>The model input made from a pair of texts.</summary>
public sealed class PairTokens
{
    internal PairTokens(int[] ids, int[] types, int tokenCount, bool isTruncated) => (Ids, Types, TokenCount, IsTruncated) = (ids, types, tokenCount, isTruncated);

    /// <summary>The token ids, special tokens included.</summary>
    public IReadOnlyList<int> Ids { get; }

    /// <summary>The type of each token: in BERT's models 1 for the second text and its end, otherwise 0.</summary>
    public IReadOnlyList<int> Types { get; }

    /// <summary>The number of tokens of both texts, or of the parts that were kept, without special tokens.</summary>
    public int TokenCount { get; }

    /// <summary>Whether tokens were left out, because there were more than the model accepts.</summary>
    public bool IsTruncated { get; }

    /// <summary>The input for <c>EmbedPrepared</c> and <c>ClassifyPrepared</c>: ids with their types, see <see cref="TextConfig.TokenTypeShift"/>.</summary>
    public int[] ToInput() => [.. Ids.Zip(Types, (id, type) => id | (type << TextConfig.TokenTypeShift))];
}
