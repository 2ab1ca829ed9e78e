using Data2Vec.Text;

namespace Data2Vec;

/// <summary>A model of texts. See <see cref="InputOptions.LongTexts"/> for texts that are longer than the model accepts.</summary>
public sealed partial class TextModel : ClassifierModel<string, int>
{
    /// <summary>The asset of a model file that holds <see cref="TextTokenizerAssets.Vocabulary"/>.</summary>
    public const string VocabularyAsset = "tokenizer.vocabulary";

    /// <summary>The asset of a model file that holds <see cref="TextTokenizerAssets.Merges"/>.</summary>
    public const string MergesAsset = "tokenizer.merges";

    /// <summary>The asset of a model file that holds <see cref="TextTokenizerAssets.CharacterMap"/>.</summary>
    public const string CharacterMapAsset = "tokenizer.characters";

    internal TextModel(LoadedEncoder loaded)
        : base(loaded) => Tokenizer = loaded.File is { } file ? ReadTokenizer(Config, name => file.Assets.ContainsKey(name) ? file.Asset(name).ToArray() : null) : null;

    /// <inheritdoc/>
    public override TextConfig Config => (TextConfig)base.Config;

    /// <summary>The model's tokenizer; null if the model file has none. Such a model takes token ids only.</summary>
    public TextTokenizer? Tokenizer { get; }

    /// <summary>The model inputs that a text becomes, as embedding or classifying it makes them.</summary>
    /// <param name="text">The text.</param>
    /// <param name="options">How texts are handled; null for the model's way.</param>
    /// <param name="cancellationToken">Checked once in a while.</param>
    /// <exception cref="ArgumentException">The text has an unpaired surrogate, or an option is out of range.</exception>
    /// <exception cref="InvalidOperationException">The model has no tokenizer.</exception>
    /// <exception cref="TextTooLongException">The text is too long, and the policy is <see cref="LongTextPolicy.Error"/>.</exception>
    public TextWindows Tokenize(string text, InputOptions? options = null, CancellationToken cancellationToken = default) =>
        Windows(RequireTokenizer(), text, options ?? new ClassificationOptions(), options?.MaxRows ?? long.MaxValue, cancellationToken);

    private protected override PreparedInputs<int> Prepare(IReadOnlyList<string> inputs, InputOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        TextTokenizer tokenizer = RequireTokenizer();
        var windows = new TextWindows[inputs.Count];
        long left = options.MaxRows ?? long.MaxValue;
        for (int i = 0; i < windows.Length; i++)
        {
            windows[i] = Windows(tokenizer, inputs[i], options, left, cancellationToken);
            left -= windows[i].Windows.Sum(window => (long)window.Ids.Length);
            if (left < 0)
            {
                throw new TooManyRowsException(Modality, options.MaxRows!.Value);
            }
        }

        int skipped = Config.Preparation.PoolSkipsPrompt ? PromptRows(tokenizer, windows, options, cancellationToken) : 0;
        if (options is EmbeddingOptions { Pooling: Pooling.None } && windows.FirstOrDefault(text => text.Windows.Count > 1) is { } longest)
        {
            throw new ArgumentException(
                $"A text of {longest.TokenCount} tokens needs several windows. The overlapping windows cannot be returned without pooling: pool them, or truncate the text.",
                nameof(inputs));
        }

        return new PreparedInputs<int>(
            [.. windows.SelectMany(text => text.Windows).Select(window => (ReadOnlyMemory<int>)window.Ids)],
            [.. windows.Select(text => text.Windows.Select(window => window.Weight).ToArray())])
        {
            SkippedRows = skipped,
        };
    }

    /// <summary>The rows of the opening token and the prompt at the start of each text.</summary>
    private int PromptRows(TextTokenizer tokenizer, TextWindows[] windows, InputOptions options, CancellationToken cancellationToken)
    {
        string prompt = Config.Preparation.PromptFor(options);
        if (prompt.Length == 0 || windows.Length == 0)
        {
            return 0;
        }

        if (windows.Any(text => text.Windows.Count > 1))
        {
            throw new ArgumentException("The model leaves the prompt out of its vectors. That is not possible for a text of several windows, of which only the first has the prompt: truncate long texts.", nameof(options));
        }

        int rows = 1 + tokenizer.EncodeWithoutSpecials(Config.Preparation.Apply("", prompt), options.SplitSpecialTokens, cancellationToken).Length;
        int fewest = windows.Min(text => text.Windows[0].Ids.Length);
        return rows < fewest ? rows : throw new ArgumentException(
            $"The model leaves the prompt out of its vectors, and a text has no token after the {rows - 1} of the prompt; shorten the prompt.", nameof(options));
    }

    /// <exception cref="TooManyRowsException">The text has more tokens than <paramref name="left"/>.</exception>
    private TextWindows Windows(TextTokenizer tokenizer, string text, InputOptions options, long left, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        TextPreparation preparation = Config.Preparation;
        int most = MaxTokens(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, TextChunker.SmallestWindow, nameof(options));
        int wanted = (int)Math.Clamp(left, 0, TextTokenizer.MaxTokens);
        return tokenizer.EncodeWindows(
            preparation.Apply(text, preparation.PromptFor(options)), most, options.LongTexts ?? preparation.LongTexts, wanted, options.SplitSpecialTokens, cancellationToken)
            ?? throw (wanted < TextTokenizer.MaxTokens ? new TooManyRowsException(Modality, options.MaxRows!.Value) : TextTokenizer.TooLong());
    }

    /// <summary>The most tokens of an input, special ones included.</summary>
    private int MaxTokens(InputOptions options) => Math.Min(options.MaxTokens ?? Config.Preparation.MaxTokens ?? Config.MaxTokens, Config.MaxTokens);

    private TextTokenizer RequireTokenizer() => Tokenizer ?? throw new InvalidOperationException(
        "The model file has no tokenizer, so the model takes token ids only; convert the checkpoint with its vocab.txt, its tokenizer.json, or its encoder.json, vocab.bpe and dict.txt.");

    /// <summary>The tokenizer that a model file keeps in its assets, or null if it has none.</summary>
    /// <param name="config">The structure of the model.</param>
    /// <param name="asset">Finds an asset.</param>
    /// <exception cref="InvalidDataException">It is damaged, or does not belong to the model.</exception>
    internal static TextTokenizer? ReadTokenizer(TextConfig config, Func<string, byte[]?> asset)
    {
        if (asset(VocabularyAsset) is not { } vocabulary)
        {
            return null;
        }

        TextTokenizer tokenizer = config switch
        {
            { WordPieces: { } options } => TextTokenizer.FromWordPieces(vocabulary, options),
            { Unigrams: { } options } => UnigramTokenizer.FromAssets(vocabulary, asset(CharacterMapAsset) ?? [], options),
            _ => TextTokenizer.FromAssets(vocabulary, asset(MergesAsset) ?? throw new InvalidDataException($"asset '{MergesAsset}' is missing")),
        };
        tokenizer = tokenizer.With(config.AddedTokens, config.AddPrefixSpace);
        config.Require(tokenizer);
        return tokenizer;
    }
}
