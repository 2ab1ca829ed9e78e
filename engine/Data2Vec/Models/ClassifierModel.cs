using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec;

/// <summary>A model that can have a classification head; it has one if <see cref="Data2VecModel.Labels"/> is not null.</summary>
/// <inheritdoc cref="EncoderModel{TInput, TElement}" path="/typeparam"/>
public abstract class ClassifierModel<TInput, TElement> : EncoderModel<TInput, TElement>
    where TElement : unmanaged
{
    private readonly string? _leftOutHead;

    private protected ClassifierModel(LoadedEncoder loaded)
        : base(loaded) => _leftOutHead = loaded.File?.LeftOutHead;

    /// <summary>Computes how probable each label is for each input.</summary>
    /// <param name="inputs">The inputs.</param>
    /// <param name="options">How the inputs are handled. The probabilities of a text's windows are averaged; of a regression, its outputs.</param>
    /// <param name="cancellationToken">Checked before each input and layer.</param>
    /// <returns>For each input all labels, the most probable first.</returns>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="InvalidDataException">The model does not accept an input.</exception>
    /// <exception cref="InvalidOperationException">The model has no classification head, or is given texts and has no tokenizer.</exception>
    /// <exception cref="Text.TextTooLongException">A text is too long, and the policy is <see cref="Text.LongTextPolicy.Error"/>.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public LabelProbability[][] Classify(
        IReadOnlyList<TInput> inputs, ClassificationOptions? options = null, CancellationToken cancellationToken = default)
    {
        RequireHead();
        PreparedInputs<TElement> prepared = Prepare(inputs, options ?? new ClassificationOptions(), cancellationToken);
        return Rank(prepared, Scores(prepared.Parts, options?.MaxRows, cancellationToken));
    }

    /// <summary>Computes how probable each label is for one input.</summary>
    /// <returns>All labels, the most probable first.</returns>
    /// <inheritdoc cref="Classify(IReadOnlyList{TInput}, ClassificationOptions?, CancellationToken)"/>
    public LabelProbability[] Classify(TInput input, ClassificationOptions? options = null, CancellationToken cancellationToken = default) =>
        Classify([input], options, cancellationToken)[0];

    /// <summary>Computes how probable each label is for each input, in batches with the inputs of other asynchronous calls.</summary>
    /// <param name="inputs">The inputs. They must not change before the task ends.</param>
    /// <param name="options">How the inputs are handled.</param>
    /// <param name="cancellationToken">Ends the task at once, and the work unless another call shares it.</param>
    /// <exception cref="QueueFullException">More rows wait than <see cref="ModelOptions.MaxQueuedRows"/> allows.</exception>
    /// <inheritdoc cref="Classify(IReadOnlyList{TInput}, ClassificationOptions?, CancellationToken)"/>
    public async Task<LabelProbability[][]> ClassifyAsync(
        IReadOnlyList<TInput> inputs, ClassificationOptions? options = null, CancellationToken cancellationToken = default)
    {
        RequireHead();
        PreparedInputs<TElement> prepared = await PrepareAsync(inputs, options ?? new ClassificationOptions(), cancellationToken).ConfigureAwait(false);
        return Rank(prepared, await ScoresAsync(prepared.Parts, options?.MaxRows, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Computes how probable each label is for one input, in a batch with those of other asynchronous calls.</summary>
    /// <returns>All labels, the most probable first.</returns>
    /// <inheritdoc cref="ClassifyAsync(IReadOnlyList{TInput}, ClassificationOptions?, CancellationToken)"/>
    public async Task<LabelProbability[]> ClassifyAsync(
        TInput input, ClassificationOptions? options = null, CancellationToken cancellationToken = default) =>
        (await ClassifyAsync([input], options, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Computes how probable each label is for each prepared input, which is passed to the encoder unprocessed.</summary>
    /// <param name="inputs">Token ids with the special ones, or normalized pixels <c>[3, size, size]</c>.</param>
    /// <param name="cancellationToken">Checked before each input and layer.</param>
    /// <returns>For each input all labels, the most probable first.</returns>
    /// <exception cref="InvalidDataException">The model does not accept an input: wrong size, unknown token id, or not finite.</exception>
    /// <exception cref="InvalidOperationException">The model has no classification head.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public LabelProbability[][] ClassifyPrepared(IReadOnlyList<ReadOnlyMemory<TElement>> inputs, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        RequireHead();
        return Rank(new PreparedInputs<TElement>(inputs), Scores(inputs, cancellationToken));
    }

    /// <summary>Computes how probable each label is for one prepared input, which is passed to the encoder unprocessed.</summary>
    /// <returns>All labels, the most probable first.</returns>
    /// <inheritdoc cref="ClassifyPrepared(IReadOnlyList{ReadOnlyMemory{TElement}}, CancellationToken)"/>
    public LabelProbability[] ClassifyPrepared(ReadOnlyMemory<TElement> input, CancellationToken cancellationToken = default) =>
        ClassifyPrepared([input], cancellationToken)[0];

    /// <summary>Computes how probable each label is for each prepared input, like <c>ClassifyPrepared</c>, without ranking the labels.</summary>
    /// <returns>For each input a number for each of <see cref="Data2VecModel.Labels"/>, in their order; labels with the same name stay apart.</returns>
    /// <inheritdoc cref="ClassifyPrepared(IReadOnlyList{ReadOnlyMemory{TElement}}, CancellationToken)"/>
    public IReadOnlyList<float[]> ProbabilitiesPrepared(IReadOnlyList<ReadOnlyMemory<TElement>> inputs, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        RequireHead();
        return Probabilities(new PreparedInputs<TElement>(inputs), Scores(inputs, cancellationToken));
    }

    /// <summary>Computes how probable each label is for each prepared input, in batches with the inputs of other asynchronous calls.</summary>
    /// <param name="inputs">As for <c>ClassifyPrepared</c>. They are copied before the method returns.</param>
    /// <param name="cancellationToken">Ends the task at once, and the work unless another call shares it.</param>
    /// <exception cref="QueueFullException">More rows wait than <see cref="ModelOptions.MaxQueuedRows"/> allows.</exception>
    /// <inheritdoc cref="ClassifyPrepared(IReadOnlyList{ReadOnlyMemory{TElement}}, CancellationToken)"/>
    public async Task<LabelProbability[][]> ClassifyPreparedAsync(
        IReadOnlyList<ReadOnlyMemory<TElement>> inputs, CancellationToken cancellationToken = default)
    {
        RequireHead();
        PreparedInputs<TElement> prepared = Copy(inputs);
        return Rank(prepared, await ScoresAsync(prepared.Parts, null, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>The probability of each label, in the order of the labels, of inputs that are ready.</summary>
    internal float[][] ProbabilitiesReady(IReadOnlyList<ReadyInput<TElement>> inputs, CancellationToken cancellationToken)
    {
        RequireHead();
        PreparedInputs<TElement> joined = Join(inputs);
        return Probabilities(joined, ReadyScores(inputs, joined, cancellationToken));
    }

    private void RequireHead()
    {
        if (Labels is null)
        {
            string reason = _leftOutHead is { } head ? $" The head of its checkpoint ({head}) does not label whole inputs and was left out." : "";
            throw new InvalidOperationException($"The model has no classification head: it gives vectors, not labels.{reason}");
        }
    }

    private LabelProbability[][] Rank(PreparedInputs<TElement> prepared, float[][] scores) =>
    [
        .. Probabilities(prepared, scores).Select(probabilities => (LabelProbability[])
            [.. probabilities.Select((probability, i) => new LabelProbability(Labels![i], probability)).OrderByDescending(label => label.Probability)]),
    ];

    private float[][] Probabilities(PreparedInputs<TElement> prepared, float[][] scores)
    {
        foreach (float[] row in scores)
        {
            switch (Config.HeadFunction)
            {
                case HeadFunction.Softmax:
                    // Subtracting the largest score first keeps the exponentials from overflowing.
                    TensorPrimitives.Subtract(row, TensorPrimitives.Max(row), row);
                    TensorPrimitives.SoftMax(row, row);
                    break;
                case HeadFunction.Sigmoid:
                    TensorPrimitives.Sigmoid(row, row);
                    break;
            }
        }

        return prepared.Combine(scores);
    }
}
