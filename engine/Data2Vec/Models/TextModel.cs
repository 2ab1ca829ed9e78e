using Data2Vec.Text;

namespace Data2Vec;

/// <summary>A model of texts. See <see cref="InputOptions.LongTexts"/> for texts that are longer than the model accepts.</summary>
public sealed class TextModel : ClassifierModel<string, int>
{
    /// <summary>The asset of a model file that holds <see cref="TextTokenizerAssets.Vocabulary"/>.</summary>
    public const string VocabularyAsset = "tokenizer.vocabulary";

    /// <summary>The asset of a model file that holds <see cref="TextTokenizerAssets.Merges"/>.</summary>
    public const string MergesAsset = "tokenizer.merges";

    internal TextModel(LoadedEncoder loaded)
        : base(loaded) => Tokenizer = loaded.File is { } file && file.Assets.ContainsKey(VocabularyAsset) ? ReadTokenizer(file) : null;

    /// <inheritdoc/>
    public override TextConfig Config => (TextConfig)base.Config;

    /// <summary>The model's tokenizer; null if the model file has none. Such a model takes token ids only.</summary>
    public TextTokenizer? Tokenizer { get; }

    private protected override PreparedInputs<int> Prepare(IReadOnlyList<string> inputs, InputOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        TextTokenizer tokenizer = Tokenizer ?? throw new InvalidOperationException(
            "The model file has no tokenizer, so the model takes token ids only; convert the checkpoint with its vocab.txt, or its encoder.json, vocab.bpe and dict.txt.");
        int most = Math.Min(options.MaxTokens ?? Config.MaxTokens, Config.MaxTokens);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 3, nameof(options));
        var windows = new TextWindows[inputs.Count];
        for (int i = 0; i < windows.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            windows[i] = tokenizer.EncodeWindows(inputs[i], most, options.LongTexts);
        }

        if (options is EmbeddingOptions { Pooling: Pooling.None } && windows.FirstOrDefault(text => text.Windows.Count > 1) is { } longest)
        {
            throw new ArgumentException(
                $"A text of {longest.TokenCount} tokens exceeds the limit of {most}. Its overlapping windows cannot be returned without pooling: pool them, or truncate the text.",
                nameof(inputs));
        }

        return new PreparedInputs<int>(
            [.. windows.SelectMany(text => text.Windows).Select(window => (ReadOnlyMemory<int>)window.Ids)],
            [.. windows.Select(text => text.Windows.Select(window => window.Weight).ToArray())]);
    }

    private TextTokenizer ReadTokenizer(D2vFile file)
    {
        TextTokenizer tokenizer = Config.WordPieces is { } options
            ? TextTokenizer.FromWordPieces(file.Asset(VocabularyAsset).ToArray(), options)
            : TextTokenizer.FromAssets(file.Asset(VocabularyAsset), file.Asset(MergesAsset));
        return tokenizer.VocabularySize <= Config.VocabularySize && tokenizer.PadId == Config.PaddingId
            ? tokenizer
            : throw new InvalidDataException(
                $"the tokenizer's {tokenizer.VocabularySize} ids do not match the model, which has {Config.VocabularySize}");
    }
}
