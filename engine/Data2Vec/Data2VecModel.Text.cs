using Data2Vec.ModelFile;
using Data2Vec.Text;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec;

/// <content>Text.</content>
public sealed partial class Data2VecModel
{
    /// <summary>The asset of a model file that holds <see cref="TextTokenizerAssets.Vocabulary"/>.</summary>
    internal const string VocabularyAsset = "tokenizer.vocabulary";

    /// <summary>The asset of a model file that holds <see cref="TextTokenizerAssets.Merges"/>.</summary>
    internal const string MergesAsset = "tokenizer.merges";

    /// <summary>The tokenizer of a text model; null where the model file has none, or takes something else.</summary>
    public TextTokenizer? Tokenizer { get; }

    private TextEncoder Texts => Takes<TextEncoder>("texts");

    /// <summary>Embeds texts.</summary>
    /// <param name="texts">Texts of any length, see <see cref="EmbeddingOptions.LongTexts"/>.</param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <param name="cancellationToken">Looked at before each text and layer.</param>
    /// <returns>For each text one vector, or its <c>[tokens, features]</c> where no pooling is asked for.</returns>
    /// <exception cref="TextTooLongException">A text is too long and the policy is <see cref="LongTextPolicy.Error"/>.</exception>
    /// <exception cref="ArgumentException">A text is too long for one window, and windows have no rows in common.</exception>
    /// <exception cref="InvalidOperationException">It is not a text model, or one without a tokenizer.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public float[][] EmbedTexts(
        IReadOnlyList<string> texts, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new EmbeddingOptions();
        TextWindows[] windows = Windows(texts, options, cancellationToken);
        return Finish(Average(Embed(Texts, Inputs(windows), options, cancellationToken), windows), options);
    }

    /// <summary>Embeds one text.</summary>
    /// <inheritdoc cref="EmbedTexts"/>
    public float[] EmbedText(string text, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        EmbedTexts([text], options, cancellationToken)[0];

    /// <summary>Embeds texts, in batches with those of other asynchronous calls.</summary>
    /// <param name="texts">Texts of any length, see <see cref="EmbeddingOptions.LongTexts"/>.</param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <param name="cancellationToken">Ends the task at once, and the work where no other call shares it.</param>
    /// <exception cref="QueueFullException">More inputs wait than <see cref="ModelOptions.MaxQueuedRows"/> allows.</exception>
    /// <inheritdoc cref="EmbedTexts"/>
    public async Task<float[][]> EmbedTextsAsync(
        IReadOnlyList<string> texts, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        (await EmbedTextsCountedAsync(texts, options, cancellationToken).ConfigureAwait(false)).Vectors;

    /// <summary>Embeds one text, in a batch with those of other asynchronous calls.</summary>
    /// <inheritdoc cref="EmbedTextsAsync"/>
    public async Task<float[]> EmbedTextAsync(
        string text, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        (await EmbedTextsAsync([text], options, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Embeds one text by what enters the first layer and by every layer's output.</summary>
    /// <returns><see cref="Layers"/> + 1 entries.</returns>
    /// <inheritdoc cref="EmbedTexts"/>
    public float[][] EmbedTextLayers(string text, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new EmbeddingOptions();
        TextWindows[] windows = Windows([text], options, cancellationToken);
        return Finish(
            [.. EmbedLayers(Texts, Inputs(windows), options, cancellationToken).Select(layer => Average(layer, windows)[0])], options);
    }

    /// <summary>Embeds texts that are token ids already.</summary>
    /// <param name="tokens">The model's ids, with the special ones around each text, at most <see cref="TextConfig.MaxTokens"/>.</param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <param name="cancellationToken">Looked at before each text and layer.</param>
    /// <returns>For each text one vector, or its <c>[tokens, features]</c> where no pooling is asked for.</returns>
    /// <exception cref="InvalidDataException">A text is empty or too long, or an id is padding or none of the model's.</exception>
    /// <exception cref="InvalidOperationException">It is not a text model.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public float[][] EmbedTokens(
        IReadOnlyList<ReadOnlyMemory<int>> tokens, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        options ??= new EmbeddingOptions();
        return Finish(Embed(Texts, tokens, options, cancellationToken), options);
    }

    /// <summary>Embeds texts that are token ids already, in batches with those of other asynchronous calls.</summary>
    /// <param name="tokens">As for <see cref="EmbedTokens"/>; they are copied before the method returns.</param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <param name="cancellationToken">Ends the task at once, and the work where no other call shares it.</param>
    /// <exception cref="QueueFullException">More inputs wait than <see cref="ModelOptions.MaxQueuedRows"/> allows.</exception>
    /// <inheritdoc cref="EmbedTokens"/>
    public async Task<float[][]> EmbedTokensAsync(
        IReadOnlyList<ReadOnlyMemory<int>> tokens, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        options ??= new EmbeddingOptions();

        // A caller who cancels may use the memory again, while a batch with the inputs of others still reads it.
        ReadOnlyMemory<int>[] copies = [.. tokens.Select(ids => (ReadOnlyMemory<int>)ids.ToArray())];
        return Finish((await EmbedAsync(Texts, copies, options, cancellationToken).ConfigureAwait(false)).Vectors, options);
    }

    /// <summary>Embeds one text of token ids by what enters the first layer and by every layer's output.</summary>
    /// <returns><see cref="Layers"/> + 1 entries.</returns>
    /// <inheritdoc cref="EmbedTokens"/>
    public float[][] EmbedTokenLayers(
        ReadOnlyMemory<int> tokens, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new EmbeddingOptions();
        return Finish([.. EmbedLayers(Texts, [tokens], options, cancellationToken).Select(layer => layer[0])], options);
    }

    /// <summary>Says for each text how likely each of the <see cref="Classes"/> is.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="longTexts">
    /// What is done with texts of more tokens than the model takes; the probabilities of windows are averaged.
    /// </param>
    /// <param name="cancellationToken">Looked at before each text and layer.</param>
    /// <returns>For each text all labels, the likeliest first.</returns>
    /// <exception cref="TextTooLongException">A text is too long and the policy is <see cref="LongTextPolicy.Error"/>.</exception>
    /// <exception cref="InvalidOperationException">It is not a text model, or one without a tokenizer or classification head.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public LabelProbability[][] ClassifyTexts(
        IReadOnlyList<string> texts, LongTextPolicy longTexts = LongTextPolicy.Chunk, CancellationToken cancellationToken = default)
    {
        TextWindows[] windows = Windows(texts, new EmbeddingOptions { LongTexts = longTexts }, cancellationToken);
        return [.. Average(Probabilities(Texts, Inputs(windows), cancellationToken), windows).Select(Ranked)];
    }

    /// <summary>Says for each text of token ids how likely each of the <see cref="Classes"/> is.</summary>
    /// <returns>For each text all labels, the likeliest first.</returns>
    /// <exception cref="InvalidOperationException">It is not a text model, or one without a classification head.</exception>
    /// <inheritdoc cref="EmbedTokens"/>
    public LabelProbability[][] ClassifyTokens(
        IReadOnlyList<ReadOnlyMemory<int>> tokens, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        return [.. Probabilities(Texts, tokens, cancellationToken).Select(Ranked)];
    }

    /// <summary>The vectors of texts, and how many tokens went through the model for them.</summary>
    internal async Task<EmbeddedInputs> EmbedTextsCountedAsync(
        IReadOnlyList<string> texts, EmbeddingOptions? options, CancellationToken cancellationToken)
    {
        options ??= new EmbeddingOptions();
        TextWindows[] windows = await OnPool(
            () => Windows(texts, options, cancellationToken), cancellationToken).ConfigureAwait(false);
        EmbeddedInputs embedded = await EmbedAsync(Texts, Inputs(windows), options, cancellationToken).ConfigureAwait(false);
        return embedded with { Vectors = Finish(Average(embedded.Vectors, windows), options) };
    }

    /// <summary>The classification head's scores for each text.</summary>
    internal float[][] ScoresOfTokens(IReadOnlyList<ReadOnlyMemory<int>> tokens) => Scores(Texts, tokens, default);

    /// <summary>Shows the activations at every point of the encoder.</summary>
    internal void Observe(ReadOnlyMemory<int> tokens, Action<string, float[]> observe) => Observe(Texts, tokens, observe);

    private static TextTokenizer? ReadTokenizer(D2vFile file, TextConfig config)
    {
        if (!file.Assets.ContainsKey(VocabularyAsset))
        {
            return null;
        }

        TextTokenizer tokenizer = config.WordPieces is { } options
            ? TextTokenizer.FromWordPieces(file.Asset(VocabularyAsset).ToArray(), options)
            : TextTokenizer.FromAssets(file.Asset(VocabularyAsset), file.Asset(MergesAsset));
        return tokenizer.VocabularySize <= config.VocabularySize && tokenizer.PadId == config.PaddingId
            ? tokenizer
            : throw new InvalidDataException(
                $"the tokenizer's {tokenizer.VocabularySize} ids are not those of the model, which has {config.VocabularySize}");
    }

    private static ReadOnlyMemory<int>[] Inputs(TextWindows[] texts) =>
        [.. texts.SelectMany(text => text.Windows).Select(window => (ReadOnlyMemory<int>)window.Ids)];

    /// <summary>From what each window gave to what each text gives.</summary>
    private static float[][] Average(float[][] ofWindows, TextWindows[] texts)
    {
        var ofTexts = new float[texts.Length][];
        int next = 0;
        for (int i = 0; i < texts.Length; i++)
        {
            IReadOnlyList<TextWindow> windows = texts[i].Windows;
            if (windows.Count == 1)
            {
                ofTexts[i] = ofWindows[next++];
                continue;
            }

            float[] mean = ofTexts[i] = new float[ofWindows[next].Length];
            foreach (TextWindow window in windows)
            {
                TensorPrimitives.MultiplyAdd(ofWindows[next++], (float)window.Weight, mean, mean);
            }
        }

        return ofTexts;
    }

    private TextWindows[] Windows(IReadOnlyList<string> texts, EmbeddingOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(texts);
        TextConfig config = Texts.Config;
        TextTokenizer tokenizer = Tokenizer ?? throw new InvalidOperationException(
            "The model file has no tokenizer, so that it takes token ids alone; convert the checkpoint with its vocab.txt, or its encoder.json, vocab.bpe and dict.txt.");
        int most = Math.Min(options.MaxTokens ?? config.MaxTokens, config.MaxTokens);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 3, nameof(options));
        var windows = new TextWindows[texts.Count];
        for (int i = 0; i < windows.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            windows[i] = tokenizer.EncodeWindows(texts[i], most, options.LongTexts);
        }

        if (options.Pooling == Pooling.None && windows.FirstOrDefault(text => text.Windows.Count > 1) is { } longest)
        {
            throw new ArgumentException(
                $"A text of {longest.TokenCount} tokens does not fit into {most}, and overlapping windows have no rows in common: pool them, or truncate the text.",
                nameof(texts));
        }

        return windows;
    }
}
