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

    /// <summary>The token type of the second sentence of a pair: 0 for RoBERTa's inputs, 1 for BERT's.</summary>
    public int SecondTokenType { get; init; }

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
        var form = PairForm.Of(config, tokenizer);
        return new TextEncoding
        {
            Tokenize = text => tokenizer.EncodeWithoutSpecials(preparation.Apply(text), splitSpecialTokens),
            BeginId = form.BeginId,
            EndId = form.EndId,
            PairSeparators = form.Separators,
            SecondTokenType = form.SecondType,
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
    internal int[] Encode(string first, string second) => Form.Join(Ids(first), Ids(second), MaxTokens).ToInput();

    private PairForm Form => new(BeginId, EndId, PairSeparators, SecondTokenType);

    internal void Check()
    {
        ArgumentNullException.ThrowIfNull(Tokenize);
        ArgumentOutOfRangeException.ThrowIfNegative(PairSeparators);
        ArgumentOutOfRangeException.ThrowIfNegative(SecondTokenType);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(SecondTokenType, TextConfig.MostTokenTypes);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxTokens, Form.SmallestInput);
    }

    private static TextEncoding Create(TextModel model, bool splitSpecialTokens)
    {
        ArgumentNullException.ThrowIfNull(model);
        TextTokenizer tokenizer = model.Tokenizer ?? throw new ArgumentException("The model has no tokenizer.", nameof(model));
        return For(model.Config, tokenizer, splitSpecialTokens);
    }

    private int[] Ids(string text) => !string.IsNullOrWhiteSpace(text) && Tokenize(text) is { Length: > 0 } ids ? ids : throw new InvalidDataException("a text is empty");
}
