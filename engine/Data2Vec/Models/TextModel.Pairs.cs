using Data2Vec.Text;

namespace Data2Vec;

/// <content>Pairs of texts.</content>
public sealed partial class TextModel
{
    /// <summary>The model input that a pair of texts becomes, as embedding or classifying it makes it.</summary>
    /// <param name="pair">The texts.</param>
    /// <param name="options">
    /// How texts are handled; null for the model's way. Of a pair that is too long, the longer text loses its end first. It is refused with
    /// <see cref="LongTextPolicy.Error"/>, and is not split into windows.
    /// </param>
    /// <param name="cancellationToken">Checked once in a while.</param>
    /// <exception cref="ArgumentException">A text has an unpaired surrogate, or an option is out of range or asks for windows.</exception>
    /// <exception cref="InvalidOperationException">The model has no tokenizer.</exception>
    /// <exception cref="TextTooLongException">The pair is too long, and the policy is <see cref="LongTextPolicy.Error"/>.</exception>
    public PairTokens TokenizePair(TextPair pair, InputOptions? options = null, CancellationToken cancellationToken = default)
    {
        TextTokenizer tokenizer = RequireTokenizer();
        options ??= new ClassificationOptions();
        PairForm form = PairForm.Of(Config, tokenizer);
        int most = MaxTokens(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, form.SmallestInput, nameof(options));
        if (options.LongTexts == LongTextPolicy.Chunk)
        {
            throw new ArgumentException(
                $"Pairs of texts are not split into windows; choose {nameof(LongTextPolicy.Truncate)} or {nameof(LongTextPolicy.Error)}.", nameof(options));
        }

        if (options is EmbeddingOptions { Prompt: not null } or EmbeddingOptions { PromptName: not null })
        {
            throw new ArgumentException("Pairs of texts have no prompt.", nameof(options));
        }

        PairTokens tokens = form.Join(Ids(pair.First), Ids(pair.Second), most);
        return tokens.IsTruncated && options.LongTexts == LongTextPolicy.Error
            ? throw new TextTooLongException($"The pair of texts has more than {most} tokens with the {form.SpecialTokens} special tokens. Shorten it, or choose {nameof(LongTextPolicy.Truncate)}.", most)
            : tokens;

        int[] Ids(string text)
        {
            ArgumentNullException.ThrowIfNull(text, nameof(pair));
            return tokenizer.EncodeWithoutSpecials(Config.Preparation.Apply(text, prompt: ""), options.SplitSpecialTokens, cancellationToken);
        }
    }

    /// <summary>Embeds pairs of texts, each pair as one input.</summary>
    /// <param name="pairs">The pairs.</param>
    /// <param name="options">Which vectors to compute, and how texts are handled, see <see cref="TokenizePair"/>.</param>
    /// <param name="cancellationToken">Checked before each input and layer.</param>
    /// <returns>For each pair one vector, or its <c>[rows, features]</c> without pooling.</returns>
    /// <exception cref="ArgumentException">A text has an unpaired surrogate, or an option is out of range or asks for windows.</exception>
    /// <exception cref="InvalidDataException">The model file has no vector for the tokens of a second text.</exception>
    /// <exception cref="InvalidOperationException">The model has no tokenizer.</exception>
    /// <exception cref="TextTooLongException">A pair is too long, and the policy is <see cref="LongTextPolicy.Error"/>.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public float[][] EmbedPairs(IReadOnlyList<TextPair> pairs, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        EmbedPrepared(PreparePairs(pairs, options, cancellationToken), options, cancellationToken);

    /// <summary>Embeds pairs of texts, each pair as one input, in batches with the inputs of other asynchronous calls.</summary>
    /// <param name="pairs">The pairs. The list must not change before the task ends.</param>
    /// <param name="options">Which vectors to compute, and how texts are handled, see <see cref="TokenizePair"/>.</param>
    /// <param name="cancellationToken">Ends the task at once, and the work unless another call shares it.</param>
    /// <exception cref="QueueFullException">More rows wait than <see cref="ModelOptions.MaxQueuedRows"/> allows.</exception>
    /// <inheritdoc cref="EmbedPairs"/>
    public async Task<float[][]> EmbedPairsAsync(IReadOnlyList<TextPair> pairs, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        await EmbedPreparedAsync(await PreparePairsAsync(pairs, options, cancellationToken).ConfigureAwait(false), options, cancellationToken).ConfigureAwait(false);

    /// <summary>Computes how probable each label is for each pair of texts, which the model reads as one input.</summary>
    /// <param name="pairs">The pairs.</param>
    /// <param name="options">How texts are handled, see <see cref="TokenizePair"/>.</param>
    /// <param name="cancellationToken">Checked before each input and layer.</param>
    /// <returns>For each pair all labels, the most probable first.</returns>
    /// <exception cref="ArgumentException">A text has an unpaired surrogate, or an option is out of range or asks for windows.</exception>
    /// <exception cref="InvalidDataException">The model file has no vector for the tokens of a second text.</exception>
    /// <exception cref="InvalidOperationException">The model has no classification head or no tokenizer.</exception>
    /// <exception cref="TextTooLongException">A pair is too long, and the policy is <see cref="LongTextPolicy.Error"/>.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public LabelProbability[][] ClassifyPairs(IReadOnlyList<TextPair> pairs, ClassificationOptions? options = null, CancellationToken cancellationToken = default) =>
        ClassifyPrepared(PreparePairs(pairs, options, cancellationToken), cancellationToken);

    /// <summary>Computes how probable each label is for each pair of texts, in batches with the inputs of other asynchronous calls.</summary>
    /// <param name="pairs">The pairs. The list must not change before the task ends.</param>
    /// <param name="options">How texts are handled, see <see cref="TokenizePair"/>.</param>
    /// <param name="cancellationToken">Ends the task at once, and the work unless another call shares it.</param>
    /// <exception cref="QueueFullException">More rows wait than <see cref="ModelOptions.MaxQueuedRows"/> allows.</exception>
    /// <inheritdoc cref="ClassifyPairs"/>
    public async Task<LabelProbability[][]> ClassifyPairsAsync(
        IReadOnlyList<TextPair> pairs, ClassificationOptions? options = null, CancellationToken cancellationToken = default) =>
        await ClassifyPreparedAsync(await PreparePairsAsync(pairs, options, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    private ReadOnlyMemory<int>[] PreparePairs(IReadOnlyList<TextPair> pairs, InputOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        return [.. pairs.Select(pair => (ReadOnlyMemory<int>)TokenizePair(pair, options, cancellationToken).ToInput())];
    }

    // The token ends the waiting.
    private Task<ReadOnlyMemory<int>[]> PreparePairsAsync(IReadOnlyList<TextPair> pairs, InputOptions? options, CancellationToken cancellationToken) =>
        Task.Run(() => Measured(() => PreparePairs(pairs, options, cancellationToken)), cancellationToken).WaitAsync(cancellationToken);
}
