using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Data2Vec.Batching;

namespace Data2Vec;

/// <summary>A model that embeds inputs of one type.</summary>
/// <typeparam name="TInput">The input: <see cref="Audio.Waveform"/>, <see cref="string"/> or <see cref="Vision.Images.RgbImage"/>.</typeparam>
/// <typeparam name="TElement">
/// The elements of a prepared input, which is passed to the encoder unprocessed: normalized samples at the model's rate, token ids with the special
/// ones, or normalized pixels <c>[3, size, size]</c>.
/// </typeparam>
public abstract partial class EncoderModel<TInput, TElement> : Data2VecModel
    where TElement : unmanaged
{
    private readonly Encoder<TElement> _encoder;
    private readonly RequestQueue<TElement> _queue;
    private readonly QueueMetrics _metrics;

    private protected EncoderModel(LoadedEncoder loaded)
        : base(loaded)
    {
        _encoder = (Encoder<TElement>)loaded.Encoder;
        if (Config.Embedding.Pooling.HasFlag(Pooling.Class) && !HasClassToken)
        {
            throw new InvalidDataException("the configuration contradicts itself: the model has no class token to pool by");
        }

        if (Config.Embedding.Pooling == Pooling.Pooler && !HasPooler)
        {
            throw new InvalidDataException("the configuration contradicts itself: the model has no pooler to make vectors with");
        }

        _metrics = new QueueMetrics(Architecture);
        _queue = new RequestQueue<TElement>(
            batch => Run(batch.Inputs, [.. batch.Rows], batch.Output, batch.Stop.Token),
            Store.PreferredBatchRows, loaded.Options.MaxQueuedRows, loaded.Options.MaxWait, loaded.Options.GatherDelay, _metrics);
    }

    /// <inheritdoc/>
    public override TimeSpan EstimatedWait => _queue.EstimatedWait;

    /// <inheritdoc/>
    public override TimeSpan BusyFor => _queue.BusyFor;

    /// <inheritdoc/>
    public override void RequireRoom() => _queue.RequireRoom();

    /// <summary>Embeds inputs.</summary>
    /// <param name="inputs">The inputs. They are batched without padding; each result is independent of the other inputs.</param>
    /// <param name="options">Which vectors to compute.</param>
    /// <param name="cancellationToken">Checked before each input and layer.</param>
    /// <returns>For each input one vector, or its <c>[rows, features]</c> without pooling.</returns>
    /// <exception cref="ArgumentException">
    /// An option is out of range or does not apply to the model, or a text needs several windows, which cannot be returned without pooling.
    /// </exception>
    /// <exception cref="InvalidDataException">The model does not accept an input: too short, too small, or not finite.</exception>
    /// <exception cref="InvalidOperationException">The model is given texts and has no tokenizer.</exception>
    /// <exception cref="Text.TextTooLongException">A text is too long, and the policy is <see cref="Text.LongTextPolicy.Error"/>.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public float[][] Embed(IReadOnlyList<TInput> inputs, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new EmbeddingOptions();
        Output output = OutputOf(options);
        return Embed(Prepare(inputs, options, cancellationToken), output, options, cancellationToken);
    }

    /// <summary>Embeds one input.</summary>
    /// <returns>One vector, or <c>[rows, features]</c> without pooling.</returns>
    /// <inheritdoc cref="Embed(IReadOnlyList{TInput}, EmbeddingOptions?, CancellationToken)"/>
    public float[] Embed(TInput input, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        Embed([input], options, cancellationToken)[0];

    /// <summary>Embeds inputs, in batches with those of other asynchronous calls.</summary>
    /// <param name="inputs">The inputs. They must not change before the task ends.</param>
    /// <param name="options">Which vectors to compute.</param>
    /// <param name="cancellationToken">Ends the task at once, and the work unless another call shares it.</param>
    /// <exception cref="QueueFullException">More rows wait than <see cref="ModelOptions.MaxQueuedRows"/> allows.</exception>
    /// <inheritdoc cref="Embed(IReadOnlyList{TInput}, EmbeddingOptions?, CancellationToken)"/>
    public async Task<float[][]> EmbedAsync(
        IReadOnlyList<TInput> inputs, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        (await EmbedCountedAsync(inputs, options, cancellationToken).ConfigureAwait(false)).Vectors;

    /// <summary>Embeds one input, in a batch with those of other asynchronous calls.</summary>
    /// <returns>One vector, or <c>[rows, features]</c> without pooling.</returns>
    /// <inheritdoc cref="EmbedAsync(IReadOnlyList{TInput}, EmbeddingOptions?, CancellationToken)"/>
    public async Task<float[]> EmbedAsync(TInput input, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        (await EmbedAsync([input], options, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Embeds inputs, in batches with those of other asynchronous calls, and counts the rows that went through the model.</summary>
    /// <returns>The vectors, as <c>EmbedAsync</c> returns them, and the number of rows.</returns>
    /// <inheritdoc cref="EmbedAsync(IReadOnlyList{TInput}, EmbeddingOptions?, CancellationToken)"/>
    public async Task<EmbeddedInputs> EmbedCountedAsync(
        IReadOnlyList<TInput> inputs, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new EmbeddingOptions();
        Output output = OutputOf(options);
        PreparedInputs<TElement> prepared = await PrepareAsync(inputs, options, cancellationToken).ConfigureAwait(false);
        return await QueueAsync(prepared, output, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Embeds one input by the input of the first layer and the output of every layer. <see cref="EmbeddingOptions.Layer"/> is ignored.</summary>
    /// <returns><see cref="Data2VecModel.Layers"/> + 1 entries.</returns>
    /// <inheritdoc cref="Embed(TInput, EmbeddingOptions?, CancellationToken)"/>
    public float[][] EmbedLayers(TInput input, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new EmbeddingOptions();
        Output output = OutputOf(options) with { AllLayers = true, IsProjected = false };
        return Layered(Embed(Prepare([input], options, cancellationToken), output, options, cancellationToken)[0]);
    }

    /// <summary>Embeds one input by every layer, in a batch with those of other asynchronous calls.</summary>
    /// <returns><see cref="Data2VecModel.Layers"/> + 1 entries.</returns>
    /// <inheritdoc cref="EmbedAsync(TInput, EmbeddingOptions?, CancellationToken)"/>
    public async Task<float[][]> EmbedLayersAsync(TInput input, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new EmbeddingOptions();
        Output output = OutputOf(options) with { AllLayers = true, IsProjected = false };
        PreparedInputs<TElement> prepared = await PrepareAsync([input], options, cancellationToken).ConfigureAwait(false);
        return Layered((await QueueAsync(prepared, output, options, cancellationToken).ConfigureAwait(false)).Vectors[0]);
    }

    /// <summary>Embeds prepared inputs, which are passed to the encoder unprocessed.</summary>
    /// <param name="inputs">Normalized samples at the model's rate, token ids with the special ones, or normalized pixels <c>[3, size, size]</c>.</param>
    /// <param name="options">Which vectors to compute.</param>
    /// <param name="cancellationToken">Checked before each input and layer.</param>
    /// <returns>For each input one vector, or its <c>[rows, features]</c> without pooling.</returns>
    /// <exception cref="ArgumentException">An option is out of range, or does not apply to the model.</exception>
    /// <exception cref="InvalidDataException">The model does not accept an input: wrong size, unknown token id, or not finite.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public float[][] EmbedPrepared(
        IReadOnlyList<ReadOnlyMemory<TElement>> inputs, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        options ??= new EmbeddingOptions();
        return Embed(new PreparedInputs<TElement>(inputs), OutputOf(options), options, cancellationToken);
    }

    /// <summary>Embeds one prepared input, which is passed to the encoder unprocessed.</summary>
    /// <returns>One vector, or <c>[rows, features]</c> without pooling.</returns>
    /// <inheritdoc cref="EmbedPrepared(IReadOnlyList{ReadOnlyMemory{TElement}}, EmbeddingOptions?, CancellationToken)"/>
    public float[] EmbedPrepared(ReadOnlyMemory<TElement> input, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        EmbedPrepared([input], options, cancellationToken)[0];

    /// <summary>Embeds prepared inputs, in batches with those of other asynchronous calls.</summary>
    /// <param name="inputs">As for <c>EmbedPrepared</c>. They are copied before the method returns.</param>
    /// <param name="options">Which vectors to compute.</param>
    /// <param name="cancellationToken">Ends the task at once, and the work unless another call shares it.</param>
    /// <exception cref="QueueFullException">More rows wait than <see cref="ModelOptions.MaxQueuedRows"/> allows.</exception>
    /// <inheritdoc cref="EmbedPrepared(IReadOnlyList{ReadOnlyMemory{TElement}}, EmbeddingOptions?, CancellationToken)"/>
    public async Task<float[][]> EmbedPreparedAsync(
        IReadOnlyList<ReadOnlyMemory<TElement>> inputs, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new EmbeddingOptions();
        return (await QueueAsync(Copy(inputs), OutputOf(options), options, cancellationToken).ConfigureAwait(false)).Vectors;
    }

    /// <summary>Embeds one prepared input, in a batch with those of other asynchronous calls.</summary>
    /// <returns>One vector, or <c>[rows, features]</c> without pooling.</returns>
    /// <inheritdoc cref="EmbedPreparedAsync(IReadOnlyList{ReadOnlyMemory{TElement}}, EmbeddingOptions?, CancellationToken)"/>
    public async Task<float[]> EmbedPreparedAsync(
        ReadOnlyMemory<TElement> input, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        (await EmbedPreparedAsync([input], options, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Embeds one prepared input by the input of the first layer and the output of every layer. <see cref="EmbeddingOptions.Layer"/> is ignored.</summary>
    /// <returns><see cref="Data2VecModel.Layers"/> + 1 entries.</returns>
    /// <inheritdoc cref="EmbedPrepared(ReadOnlyMemory{TElement}, EmbeddingOptions?, CancellationToken)"/>
    public float[][] EmbedPreparedLayers(
        ReadOnlyMemory<TElement> input, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new EmbeddingOptions();
        return Layered(Embed(new PreparedInputs<TElement>([input]), OutputOf(options) with { AllLayers = true, IsProjected = false }, options, cancellationToken)[0]);
    }

    /// <summary>Brings inputs into the encoder's form.</summary>
    private protected abstract PreparedInputs<TElement> Prepare(
        IReadOnlyList<TInput> inputs, InputOptions options, CancellationToken cancellationToken);

    private protected override void StopQueue() => _queue.Dispose();

    /// <summary>Prepares inputs that become one part each.</summary>
    private protected static PreparedInputs<TElement> PrepareEach(
        IReadOnlyList<TInput> inputs, Func<TInput, ReadOnlyMemory<TElement>> prepare, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var prepared = new ReadOnlyMemory<TElement>[inputs.Count];
        for (int i = 0; i < prepared.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            prepared[i] = prepare(inputs[i] ?? throw new ArgumentNullException(nameof(inputs), $"Input {i} is null."));
        }

        return new PreparedInputs<TElement>(prepared);
    }

    /// <summary>Prepares inputs on another thread. The token ends the waiting.</summary>
    private protected Task<PreparedInputs<TElement>> PrepareAsync(
        IReadOnlyList<TInput> inputs, InputOptions options, CancellationToken cancellationToken) =>
        Task.Run(() => Measured(() => Prepare(inputs, options, cancellationToken)), cancellationToken).WaitAsync(cancellationToken);

    /// <summary>Records how long the preparation of a call takes.</summary>
    private protected TPrepared Measured<TPrepared>(Func<TPrepared> prepare)
    {
        long start = Stopwatch.GetTimestamp();
        TPrepared prepared = prepare();
        _metrics.Prepare(start);
        return prepared;
    }

    /// <summary>Copies prepared inputs: a caller who cancels may reuse their memory while a batch with the inputs of others still reads it.</summary>
    private protected static PreparedInputs<TElement> Copy(IReadOnlyList<ReadOnlyMemory<TElement>> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return new([.. inputs.Select(input => (ReadOnlyMemory<TElement>)input.ToArray())]);
    }

    /// <summary>The head's scores, <c>[labels]</c> or <c>[rows, labels]</c> for each part.</summary>
    internal float[][] Scores(IReadOnlyList<ReadOnlyMemory<TElement>> parts, CancellationToken cancellationToken = default) => Scores(parts, null, cancellationToken);

    /// <summary>The head's scores, unless there are more rows than a limit.</summary>
    private protected float[][] Scores(IReadOnlyList<ReadOnlyMemory<TElement>> parts, long? maxRows, CancellationToken cancellationToken) =>
        Run(parts, RowsOf(parts, maxRows), Output.Scores, cancellationToken);

    /// <summary>The head's scores, computed in batches with the inputs of other asynchronous calls.</summary>
    private protected Task<float[][]> ScoresAsync(IReadOnlyList<ReadOnlyMemory<TElement>> parts, long? maxRows, CancellationToken cancellationToken) =>
        _queue.RunAsync(parts, RowsOf(parts, maxRows), Output.Scores, cancellationToken);

    /// <summary>Counts the rows that a prepared input takes in a batch: frames, tokens, or patches with the class token.</summary>
    /// <param name="input">As for <c>EmbedPrepared</c>.</param>
    /// <exception cref="InvalidDataException">The model does not accept the input.</exception>
    public int CountRows(ReadOnlySpan<TElement> input) => _encoder.Rows(input);

    /// <summary>Shows the activations at every point of the encoder; layers are called <c>layer.N</c>.</summary>
    internal void Observe(ReadOnlyMemory<TElement> input, Action<string, float[]> observe)
    {
        using Use use = BeginUse();
        using Inference run = Store.Begin();
        Sequences sequences = run.Sequences([_encoder.Rows(input.Span)]);
        var observer = new Downloader(run, observe);
        _encoder.Contextualize(run, _encoder.Embed(run, [input], sequences, observer, default), sequences, null, observer, default);
    }

    private float[][] Embed(PreparedInputs<TElement> prepared, Output output, EmbeddingOptions options, CancellationToken cancellationToken)
    {
        output = output with { SkippedRows = prepared.SkippedRows };
        return Finish(prepared, Run(prepared.Parts, RowsOf(prepared.Parts, options.MaxRows), output, cancellationToken), output, options);
    }

    /// <summary>Runs the parts of inputs; what comes of them is for <see cref="Finish"/>.</summary>
    private protected float[][] Run(IReadOnlyList<ReadOnlyMemory<TElement>> parts, Output output, CancellationToken cancellationToken) =>
        Run(parts, RowsOf(parts, null), output, cancellationToken);

    /// <summary>Splits the vectors of all layers.</summary>
    private protected float[][] Layered(float[] layers) => [.. layers.Chunk(layers.Length / (Layers + 1))];

    private async Task<EmbeddedInputs> QueueAsync(
        PreparedInputs<TElement> prepared, Output output, EmbeddingOptions options, CancellationToken cancellationToken)
    {
        int[] rows = RowsOf(prepared.Parts, options.MaxRows);
        output = output with { SkippedRows = prepared.SkippedRows };
        float[][] vectors = await _queue.RunAsync(prepared.Parts, rows, output, cancellationToken).ConfigureAwait(false);
        return new EmbeddedInputs(Finish(prepared, vectors, output, options), rows.Sum(count => (long)count));
    }

    /// <summary>Combines the results of parts, and normalizes them.</summary>
    private protected float[][] Finish(PreparedInputs<TElement> prepared, float[][] ofParts, Output output, EmbeddingOptions options)
    {
        float[][] vectors = output.Pooling == Pooling.None ? prepared.Join(ofParts, output.AllLayers ? Layers + 1 : 1) : prepared.Combine(ofParts);
        if (options.Normalize ?? (Config.Embedding.Normalize && options.Pooling != Pooling.None))
        {
            foreach (float[] vector in vectors)
            {
                RowPooling.Normalize(vector, output.Pooling == Pooling.None ? HiddenSize : vector.Length / (output.AllLayers ? Layers + 1 : 1));
            }
        }

        return vectors;
    }

    private protected Output OutputOf(EmbeddingOptions options)
    {
        if (options.Layer is { } layer)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(layer, nameof(options));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(layer, Layers, nameof(options));
        }

        Pooling pooling = options.Pooling ?? Config.Embedding.Pooling;
        if (!pooling.IsKnown())
        {
            throw new ArgumentOutOfRangeException(nameof(options), pooling, $"The pooling {(int)pooling} is unknown, or combines what cannot be combined.");
        }

        return pooling.HasFlag(Pooling.Class) && !HasClassToken ? throw new ArgumentException("The model has no class token; use the mean.", nameof(options))
            : pooling == Pooling.Pooler && !HasPooler ? throw new ArgumentException("The model has no pooler of its own; use the mean.", nameof(options))
            : new Output(options.Layer, pooling) { IsProjected = _encoder.DenseLayers is not null && options.Layer is null && pooling == Config.Embedding.Pooling };
    }

    /// <summary>The number of rows of each part. The encoder checks the parts here, and nowhere else; errors name one of several.</summary>
    private int[] RowsOf(IReadOnlyList<ReadOnlyMemory<TElement>> parts, long? maxRows)
    {
        var rows = new int[parts.Count];
        long sum = 0;
        int i = 0;
        foreach (ReadOnlyMemory<TElement> part in parts)
        {
            int place = i++;
            sum += rows[place] = rows.Length > 1 ? FileErrors.Named($"input {place}", () => _encoder.Rows(part.Span)) : _encoder.Rows(part.Span);
            if (sum > maxRows)
            {
                throw new TooManyRowsException(Modality, maxRows.Value);
            }
        }

        return rows;
    }

    /// <summary>
    /// Runs inputs a few at a time: enough rows to keep the device busy, few enough to bound memory. Several batches run at the same time if the store allows it.
    /// </summary>
    private float[][] Run(IReadOnlyList<ReadOnlyMemory<TElement>> inputs, int[] rows, Output output, CancellationToken cancellationToken)
    {
        using Use use = BeginUse();
        List<Range> batches = Batches(rows);
        var results = new float[batches.Count][][];
        void RunBatch(int i)
        {
            // Inputs may be made when they are asked for, so that only those of a batch are in memory.
            (int first, int count) = batches[i].GetOffsetAndLength(rows.Length);
            results[i] ??= this.RunBatch([.. Enumerable.Range(first, count).Select(place => inputs[place])], rows[batches[i]], output, cancellationToken);
        }

        if (batches.Count > 1 && Store.ConcurrentInferences > 1)
        {
            try
            {
                Parallel.For(0, batches.Count, new ParallelOptions { MaxDegreeOfParallelism = Store.ConcurrentInferences }, RunBatch);
            }
            catch (AggregateException errors)
            {
                // There may be enough memory for one batch at a time.
                if (errors.InnerExceptions.FirstOrDefault(error => error is not InsufficientMemoryException) is { } other)
                {
                    ExceptionDispatchInfo.Throw(other);
                }
            }
        }

        for (int i = 0; i < batches.Count; i++)
        {
            RunBatch(i);
        }

        return [.. results.SelectMany(batch => batch)];
    }

    /// <summary>Cuts inputs into batches of at most <see cref="WeightStore.PreferredBatchRows"/> rows, or one input.</summary>
    private List<Range> Batches(int[] rows)
    {
        var batches = new List<Range>();
        for (int first = 0, end; first < rows.Length; first = end)
        {
            int sum = rows[first];
            for (end = first + 1; end < rows.Length && sum + rows[end] <= Store.PreferredBatchRows; end++)
            {
                sum += rows[end];
            }

            batches.Add(first..end);
        }

        return batches;
    }

    private float[][] RunBatch(ReadOnlyMemory<TElement>[] inputs, int[] rows, Output output, CancellationToken cancellationToken)
    {
        using Inference run = Store.Begin();
        Sequences sequences = run.Sequences(rows);
        Tensor x = _encoder.Embed(run, inputs, sequences, null, cancellationToken);
        int skip = Math.Max(_encoder.RowsBeforeMean, output.SkippedRows);
        Pooling pooling = output.Pooling == Pooling.Pooler && (output.AllLayers || output.Layer is not null) ? _encoder.PoolerRows!.Value : output.Pooling;
        if (output.AllLayers)
        {
            var layers = new LayerPooling(run, sequences, pooling, skip);
            _encoder.Contextualize(run, x, sequences, Layers, layers, cancellationToken);
            return [.. Enumerable.Range(0, inputs.Length).Select(layers.Join)];
        }

        x = _encoder.Contextualize(run, x, sequences, output.Layer, null, cancellationToken);
        if (!output.IsScores)
        {
            float[][] vectors = pooling == Pooling.Pooler
                ? [.. RowPooling.Download(run, _encoder.Pool(run, x, sequences)).Chunk(HiddenSize)]
                : RowPooling.Pool(run, x, sequences, pooling, skip);
            return output.IsProjected ? _encoder.DenseLayers!.Apply(run, vectors) : vectors;
        }

        Tensor scores = _encoder.Head(run, x, sequences);
        return _encoder.HeadScoresRows
            ? RowPooling.Pool(run, scores, sequences, Pooling.None, 0)
            : [.. RowPooling.Download(run, scores).Chunk(scores.Columns)];
    }

    /// <summary>Pools every layer's hidden states.</summary>
    private sealed class LayerPooling(Inference run, Sequences sequences, Pooling pooling, int skip) : Observer
    {
        private readonly List<float[][]> _layers = [];

        public override void Layer(int number, Tensor states) => _layers.Add(RowPooling.Pool(run, states, sequences, pooling, skip));

        /// <summary>The vectors of all layers of one input, one after another.</summary>
        public float[] Join(int input)
        {
            int length = _layers[0][input].Length;
            var joined = new float[checked(_layers.Count * length)];
            for (int i = 0; i < _layers.Count; i++)
            {
                _layers[i][input].CopyTo(joined, i * length);
            }

            return joined;
        }
    }

    /// <summary>Copies all activations.</summary>
    private sealed class Downloader(Inference run, Action<string, float[]> observe) : Observer
    {
        public override void Layer(int number, Tensor states) => Point($"layer.{number}", states);

        public override void Point(string name, Tensor activations) => observe(name, RowPooling.Download(run, activations));
    }
}
