using Data2Vec.Text;

namespace Data2Vec.Training.Data;

/// <summary>How texts become token ids.</summary>
public sealed record TextEncoding
{
    /// <summary>The ids of a text without special tokens around it. It is called by several threads.</summary>
    public required Func<string, int[]> Tokenize { get; init; }

    /// <summary>The id that begins an input.</summary>
    public int BeginId { get; init; }

    /// <summary>The id that ends a sentence.</summary>
    public int EndId { get; init; } = 2;

    /// <summary>The number of <see cref="EndId"/> between the sentences of a pair: 2 for RoBERTa's inputs, 1 for BERT's.</summary>
    public int PairSeparators { get; init; } = 2;

    /// <summary>The most tokens of an input, special tokens included.</summary>
    public int MaxTokens { get; init; } = 512;

    /// <summary>The encoding of a model, as classifying with it does.</summary>
    /// <exception cref="ArgumentException">The model has no tokenizer.</exception>
    public static TextEncoding For(TextModel model) => Create(model, splitSpecialTokens: false);

    /// <summary>The encoding of a model for pretraining: a special token such as <c>&lt;mask&gt;</c> that is written in a text is text.</summary>
    /// <exception cref="ArgumentException">The model has no tokenizer.</exception>
    public static TextEncoding ForPretraining(TextModel model) => Create(model, splitSpecialTokens: true);

    /// <summary>The encoding of a model whose tokenizer is known.</summary>
    /// <param name="config">The structure of the model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="splitSpecialTokens">Whether a special token that is written in a text is text, as in pretraining.</param>
    public static TextEncoding For(TextConfig config, TextTokenizer tokenizer, bool splitSpecialTokens = false)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(tokenizer);
        TextPreparation preparation = config.Preparation;
        return new TextEncoding
        {
            Tokenize = text => tokenizer.EncodeWithoutSpecials(preparation.Apply(text), splitSpecialTokens),
            BeginId = tokenizer.BeginId,
            EndId = tokenizer.EndId,
            PairSeparators = tokenizer.WordPieces is null ? 2 : 1,
            MaxTokens = Math.Min(preparation.MaxTokens ?? config.MaxTokens, config.MaxTokens),
        };
    }

    /// <summary>A sentence as a model reads it. Of a longer one the beginning is used.</summary>
    /// <exception cref="InvalidDataException">The text is empty.</exception>
    internal int[] Encode(string sentence)
    {
        ReadOnlySpan<int> ids = Ids(sentence);
        return [BeginId, .. ids[..Math.Min(ids.Length, MaxTokens - 2)], EndId];
    }

    /// <summary>A pair of sentences as a model reads it. If it is too long, the longer sentence loses its end first.</summary>
    /// <exception cref="InvalidDataException">A text is empty.</exception>
    internal int[] Encode(string first, string second)
    {
        ReadOnlySpan<int> a = Ids(first), b = Ids(second);
        int most = MaxTokens - 2 - PairSeparators;
        if (a.Length + b.Length > most)
        {
            int half = most / 2;
            (int ofFirst, int ofSecond) = a.Length <= half ? (a.Length, most - a.Length) : b.Length <= half ? (most - b.Length, b.Length) : (most - half, half);
            a = a[..ofFirst];
            b = b[..ofSecond];
        }

        return [BeginId, .. a, .. Enumerable.Repeat(EndId, PairSeparators), .. b, EndId];
    }

    internal void Check()
    {
        ArgumentNullException.ThrowIfNull(Tokenize);
        ArgumentOutOfRangeException.ThrowIfNegative(PairSeparators);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxTokens, PairSeparators + 4);
    }

    private static TextEncoding Create(TextModel model, bool splitSpecialTokens)
    {
        ArgumentNullException.ThrowIfNull(model);
        TextTokenizer tokenizer = model.Tokenizer ?? throw new ArgumentException("The model has no tokenizer.", nameof(model));
        return For(model.Config, tokenizer, splitSpecialTokens);
    }

    private int[] Ids(string text) => !string.IsNullOrWhiteSpace(text) && Tokenize(text) is { Length: > 0 } ids ? ids : throw new InvalidDataException("a text is empty");
}
