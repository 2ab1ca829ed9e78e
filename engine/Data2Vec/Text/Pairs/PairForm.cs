namespace Data2Vec.Text;

/// <summary>How two texts become one input: <c>&lt;s&gt; A &lt;/s&gt;&lt;/s&gt; B &lt;/s&gt;</c>, or <c>[CLS] A [SEP] B [SEP]</c>.</summary>
/// <param name="BeginId">The id that begins an input.</param>
/// <param name="EndId">The id that ends a text.</param>
/// <param name="Separators">How often the end id stands between the texts.</param>
/// <param name="SecondType">The token type of the second text and of the end after it.</param>
internal readonly record struct PairForm(int BeginId, int EndId, int Separators, int SecondType)
{
    /// <summary>Special tokens of an input.</summary>
    public int SpecialTokens => Separators + 2;

    /// <summary>The fewest tokens that an input may be cut to: one of each text between the special ones.</summary>
    public int SmallestInput => SpecialTokens + 2;

    /// <summary>
    /// The form of a model's pairs, which is the tokenizer's: BERT's has one separator, others have two and no token types. DistilBERT and RoBERTa have no token
    /// types with any.
    /// </summary>
    public static PairForm Of(TextConfig config, TextTokenizer tokenizer)
    {
        bool isBerts = tokenizer is WordPieceTokenizer { IsBerts: true };
        return new(tokenizer.BeginId, tokenizer.EndId, isBerts ? 1 : 2, isBerts && config.Architecture == ModelArchitecture.Bert ? 1 : 0);
    }

    /// <summary>Joins the tokens of two texts. If they are too many, the longer text loses its end first, as in Hugging Face's tokenizers.</summary>
    /// <param name="first">The ids of the first text.</param>
    /// <param name="second">The ids of the second text.</param>
    /// <param name="maxTokens">The most tokens, special ones included; at least <see cref="SmallestInput"/>.</param>
    public PairTokens Join(ReadOnlySpan<int> first, ReadOnlySpan<int> second, int maxTokens)
    {
        (int ofFirst, int ofSecond) = Lengths(first.Length, second.Length, maxTokens - SpecialTokens);
        bool isTruncated = ofFirst < first.Length || ofSecond < second.Length;
        int[] ids = [BeginId, .. first[..ofFirst], .. Enumerable.Repeat(EndId, Separators), .. second[..ofSecond], EndId], types = new int[ids.Length];
        types.AsSpan(1 + ofFirst + Separators).Fill(SecondType);
        return new PairTokens(ids, types, ofFirst + ofSecond, isTruncated);
    }

    // The shorter text keeps up to a half, rounded down; of texts of equal length the first counts as the shorter one.
    private static (int First, int Second) Lengths(int first, int second, int most)
    {
        if (first + second <= most)
        {
            return (first, second);
        }

        int shorter = Math.Min(Math.Min(first, second), most / 2), longer = most - shorter;
        return first <= second ? (shorter, longer) : (longer, shorter);
    }
}
