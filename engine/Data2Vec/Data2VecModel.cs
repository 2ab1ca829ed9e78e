using System.Runtime.ExceptionServices;
using Data2Vec.Audio;
using Data2Vec.Batching;
using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;
using Data2Vec.ModelFile;
using Data2Vec.Text;
using Data2Vec.Transformer;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec;

/// <summary>
/// A loaded model of speech, text or images; what does not fit its kind throws <see cref="InvalidOperationException"/>. It never
/// changes: any number of threads may use it at once, and the same input gives the same vector whatever runs beside it.
/// </summary>
/// <remarks>
/// Each call of a synchronous method is an inference of its own. Asynchronous ones that are made at the same time share batches, see
/// <see cref="ModelOptions.MaxQueuedRows"/> and <see cref="ModelOptions.GatherDelay"/>: what serves many callers best.
/// </remarks>
public sealed partial class Data2VecModel : IDisposable
{
    /// <summary>What messages call a model that was not loaded from a file.</summary>
    private const string NameOfStreams = "the model";

    private readonly D2vFile _file;
    private readonly WeightStore _store;
    private readonly Encoder _encoder;
    private readonly IDisposable _queue;
    private readonly Lock _lock = new();
    private int _running;
    private bool _disposed;

    private Data2VecModel(D2vFile file, WeightStore store, ModelOptions options)
    {
        _file = file;
        _store = store;
        var weights = new WeightReader(file, store);
        switch (file.Architecture)
        {
            case AudioConfig.Architecture or AudioConfig.AlibiArchitecture:
                _encoder = new AudioEncoder(AudioConfig.FromJson(file.Config, file.Architecture), weights);
                break;
            case TextConfig.Architecture or TextConfig.BertArchitecture:
                var config = TextConfig.FromJson(file.Config, file.Architecture);
                _encoder = new TextEncoder(config, weights);
                Tokenizer = ReadTokenizer(file, config);
                break;
            case VisionConfig.Architecture or VisionConfig.PostNormArchitecture:
                _encoder = new VisionEncoder(VisionConfig.FromJson(file.Config, file.Architecture), weights, options.ImageSize);
                break;
            case VggConfig.Architecture:
                _encoder = new VggEncoder(VggConfig.FromJson(file.Config), weights);
                break;
            default:
                throw new InvalidDataException($"models of the kind '{file.Architecture}' are not supported");
        }

        if (options.ImageSize is not null && _encoder is not VisionEncoder)
        {
            throw new ArgumentException($"An image size is of use to vision transformers alone; this model, of the kind '{file.Architecture}', takes {_encoder.Takes}.", nameof(options));
        }

        store.Complete();
        _queue = _encoder is Encoder<int> texts ? Queue(texts, options) : Queue((Encoder<float>)_encoder, options);
    }

    /// <summary>The structure of a speech model; null for other models.</summary>
    public AudioConfig? Audio => (_encoder as AudioEncoder)?.Config;

    /// <summary>The structure of a text model; null for other models.</summary>
    public TextConfig? Text => (_encoder as TextEncoder)?.Config;

    /// <summary>The structure of a vision model; null for other models.</summary>
    public VisionConfig? Vision => (_encoder as VisionEncoder)?.Config;

    /// <summary>The structure of a VGG network; null for other models.</summary>
    public VggConfig? Vgg => (_encoder as VggEncoder)?.Config;

    /// <summary>How an image becomes the pixels that the model sees; null for models that take no images.</summary>
    public ImagePreprocessing? ImagePreprocessing => (_encoder as ImageEncoder)?.Preprocessing;

    /// <summary>What kind of model it is, as the file names it.</summary>
    public string Architecture => _file.Architecture;

    /// <summary>Features of a hidden state, and so of an embedding.</summary>
    public int HiddenSize => _encoder.HiddenSize;

    /// <summary>Transformer layers; none in a VGG network, whose layer 0 are its features.</summary>
    public int Layers => _encoder.Layers;

    /// <summary>What the classification head tells apart, or null where the model has none.</summary>
    public IReadOnlyList<string>? Classes => _encoder.Classes;

    /// <summary>Loads a <c>.d2v</c> file; every byte of it is checked.</summary>
    /// <param name="path">The file. It is mapped, not copied, where the device can work on it as it is.</param>
    /// <param name="options">How to load it.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or does not suit the model.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or holds what this library does not know.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="NotSupportedException">The device cannot run the model.</exception>
    public static Data2VecModel Load(string path, ModelOptions? options = null) => Load(D2vFile.Open(path), options);

    /// <summary>Loads the bytes of a <c>.d2v</c> file from where a stream stands; every byte is checked.</summary>
    /// <param name="stream">
    /// The stream, which is left open; it need not be able to seek. It is copied into memory outside the managed heap. No more is
    /// read than the model says it has, and one byte.
    /// </param>
    /// <param name="options">How to load it.</param>
    /// <inheritdoc cref="Load(string, ModelOptions?)" path="/exception"/>
    public static Data2VecModel Load(Stream stream, ModelOptions? options = null) => Load(D2vFile.Open(stream, NameOfStreams), options);

    /// <summary>Loads a <c>.d2v</c> file on another thread; every byte of it is checked.</summary>
    /// <param name="path">The file. It is mapped, not copied, where the device can work on it as it is.</param>
    /// <param name="options">How to load it.</param>
    /// <param name="cancellationToken">Looked at before and after.</param>
    /// <inheritdoc cref="Load(string, ModelOptions?)" path="/exception"/>
    public static async Task<Data2VecModel> LoadAsync(string path, ModelOptions? options = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await LoadAsync(() => D2vFile.Open(path), options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Loads the bytes of a <c>.d2v</c> file from where a stream stands; every byte is checked.</summary>
    /// <param name="stream">As for <see cref="Load(Stream, ModelOptions?)"/>.</param>
    /// <param name="options">How to load it.</param>
    /// <param name="cancellationToken">Looked at while bytes are awaited, and afterwards.</param>
    /// <inheritdoc cref="Load(string, ModelOptions?)" path="/exception"/>
    public static async Task<Data2VecModel> LoadAsync(
        Stream stream, ModelOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        cancellationToken.ThrowIfCancellationRequested();
        D2vFile file = await D2vFile.OpenAsync(stream, NameOfStreams, cancellationToken).ConfigureAwait(false);
        return await LoadAsync(() => file, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Frees the model's memory: at once, or when the last running call returns. Calls that still prepare their inputs, and asynchronous
    /// ones whose inputs wait, fail with <see cref="ObjectDisposedException"/>.
    /// </summary>
    public void Dispose()
    {
        _queue.Dispose();
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            if (_running > 0)
            {
                return;
            }
        }

        Free();
    }

    /// <summary>Does on another thread what comes before a model runs, and awaits it until the token ends the waiting.</summary>
    private static Task<TResult> OnPool<TResult>(Func<TResult> prepare, CancellationToken cancellationToken) =>
        Task.Run(prepare, cancellationToken).WaitAsync(cancellationToken);

    private static async Task<Data2VecModel> LoadAsync(Func<D2vFile> open, ModelOptions? options, CancellationToken cancellationToken)
    {
        Data2VecModel model = await Task.Run(() => Load(open(), options), CancellationToken.None).ConfigureAwait(false);
        if (cancellationToken.IsCancellationRequested)
        {
            model.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
        }

        return model;
    }

    /// <summary>Makes a model of a file, which is the model's from now on.</summary>
    internal static Data2VecModel Load(D2vFile file, ModelOptions? options)
    {
        options ??= new ModelOptions();
        WeightStore? store = null;
        try
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxQueuedRows, 1, nameof(options));
            ArgumentOutOfRangeException.ThrowIfLessThan(options.GatherDelay, TimeSpan.Zero, nameof(options));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(options.GatherDelay, TimeSpan.FromMinutes(1), nameof(options));
            store = (options.Backend ?? new CpuBackend(options.Threads)).CreateStore();
            return new Data2VecModel(file, store, options);
        }
        catch (Exception error)
        {
            store?.Dispose();
            file.Dispose();
            if (error is InvalidDataException && !error.Message.StartsWith(file.Path, StringComparison.Ordinal))
            {
                throw new InvalidDataException($"{file.Path}: {error.Message}", error);
            }

            throw;
        }
    }

    private RequestQueue<T> Queue<T>(Encoder<T> encoder, ModelOptions options) => new(
        (inputs, output, cancellationToken) => Compute(encoder, inputs, output, cancellationToken), _store.PreferredBatchRows, options.MaxQueuedRows, options.GatherDelay);

    /// <summary>The encoder, where it is one of what was given.</summary>
    private TEncoder Takes<TEncoder>(string given)
        where TEncoder : Encoder =>
        _encoder as TEncoder ?? throw new InvalidOperationException($"The model takes {_encoder.Takes}, not {given}.");

    /// <summary>The pooled hidden states of one layer; not yet brought to length 1.</summary>
    private float[][] Embed<T>(
        Encoder<T> encoder, IReadOnlyList<ReadOnlyMemory<T>> inputs, EmbeddingOptions options, CancellationToken cancellationToken)
    {
        Require(options);
        return Compute(encoder, inputs, new Output(options.Layer, options.Pooling), cancellationToken);
    }

    private float[][] Compute<T>(
        Encoder<T> encoder, IReadOnlyList<ReadOnlyMemory<T>> inputs, Output output, CancellationToken cancellationToken) =>
        RunInParts(encoder, inputs, (run, part, sequences) =>
        {
            Tensor x = encoder.Forward(run, part, sequences, output.Layer, null, cancellationToken);
            return output.IsLogits
                ? RowPooling.Pool(run, encoder.Logits(run, x), sequences, Pooling.None, 0)
                : RowPooling.Pool(run, x, sequences, output.Pooling, encoder.RowsBeforeMean);
        });

    /// <summary>The same by way of the queue, and how many rows the inputs have.</summary>
    private Task<EmbeddedInputs> EmbedAsync<T>(
        Encoder<T> encoder, IReadOnlyList<ReadOnlyMemory<T>> inputs, EmbeddingOptions options, CancellationToken cancellationToken)
    {
        Require(options);
        return QueueAsync(encoder, inputs, new Output(options.Layer, options.Pooling), cancellationToken);
    }

    private async Task<EmbeddedInputs> QueueAsync<T>(
        Encoder<T> encoder, IReadOnlyList<ReadOnlyMemory<T>> inputs, Output output, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<T>[] own = [.. inputs];
        int[] rows = [.. own.Select(input => encoder.Rows(input.Span))];
        float[][] vectors = await ((RequestQueue<T>)_queue).RunAsync(own, rows, output, cancellationToken).ConfigureAwait(false);
        return new EmbeddedInputs(vectors, rows.Sum(count => (long)count));
    }

    /// <summary>The vectors of what enters the first layer and of every layer's output.</summary>
    private float[][][] EmbedLayers<T>(
        Encoder<T> encoder, IReadOnlyList<ReadOnlyMemory<T>> inputs, EmbeddingOptions options, CancellationToken cancellationToken)
    {
        Require(options);
        List<float[]>[] layers = [.. Enumerable.Range(0, Layers + 1).Select(_ => new List<float[]>())];
        using var use = new Use(this);
        foreach ((ReadOnlyMemory<T>[] part, int[] rows) in Parts(encoder, inputs))
        {
            int layer = 0;
            Run(rows, (run, sequences) => encoder.Forward(
                run, part, sequences, Layers,
                (name, x) =>
                {
                    if (name.StartsWith("layer.", StringComparison.Ordinal))
                    {
                        layers[layer++].AddRange(RowPooling.Pool(run, x, sequences, options.Pooling, encoder.RowsBeforeMean));
                    }
                },
                cancellationToken));
        }

        return [.. layers.Select(layer => layer.ToArray())];
    }

    /// <summary>The classification head's scores for each input.</summary>
    private float[][] Scores<T>(Encoder<T> encoder, IReadOnlyList<ReadOnlyMemory<T>> inputs, CancellationToken cancellationToken)
    {
        if (encoder.Classes is null)
        {
            throw new InvalidOperationException("The model has no classification head: it gives vectors, not labels.");
        }

        return RunInParts(encoder, inputs, (run, part, sequences) =>
            encoder.Scores(run, encoder.Forward(run, part, sequences, null, null, cancellationToken), sequences));
    }

    private float[][] Probabilities<T>(Encoder<T> encoder, IReadOnlyList<ReadOnlyMemory<T>> inputs, CancellationToken cancellationToken)
    {
        float[][] scores = Scores(encoder, inputs, cancellationToken);
        foreach (float[] row in scores)
        {
            // The largest score is taken off first, so that no exponential overflows.
            TensorPrimitives.Subtract(row, TensorPrimitives.Max(row), row);
            TensorPrimitives.SoftMax(row, row);
        }

        return scores;
    }

    private LabelProbability[] Ranked(float[] probabilities) =>
        [.. probabilities.Select((probability, i) => new LabelProbability(Classes![i], probability)).OrderByDescending(label => label.Probability)];

    private float[][] Finish(float[][] vectors, EmbeddingOptions options)
    {
        if (options.Normalize)
        {
            foreach (float[] vector in vectors)
            {
                RowPooling.Normalize(vector, HiddenSize);
            }
        }

        return vectors;
    }

    /// <summary>Shows the activations at every point of the encoder.</summary>
    private void Observe<T>(Encoder<T> encoder, ReadOnlyMemory<T> input, Action<string, float[]> observe)
    {
        using var use = new Use(this);
        Run([encoder.Rows(input.Span)], (run, sequences) => encoder.Forward(
            run, [input], sequences, null, (name, x) => observe(name, RowPooling.Download(run, x)), default));
    }

    private void Require(EmbeddingOptions options)
    {
        if (options.Layer is { } layer)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(layer, nameof(options));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(layer, Layers, nameof(options));
        }

        if (!Enum.IsDefined(options.Pooling))
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.Pooling, "There is no such pooling.");
        }

        if (options.Pooling == Pooling.Class && !_encoder.HasClassRow)
        {
            throw new ArgumentException("The model has no row that stands for the whole input: use the mean.", nameof(options));
        }
    }

    private float[][] RunInParts<T>(
        Encoder<T> encoder, IReadOnlyList<ReadOnlyMemory<T>> inputs, Func<Inference, IReadOnlyList<ReadOnlyMemory<T>>, Sequences, float[][]> body)
    {
        using var use = new Use(this);
        (ReadOnlyMemory<T>[] Inputs, int[] Rows)[] parts = [.. Parts(encoder, inputs)];
        var results = new float[parts.Length][][];
        void RunPart(int i) => results[i] ??= Run(parts[i].Rows, (run, sequences) => body(run, parts[i].Inputs, sequences));
        if (parts.Length > 1 && _store.ConcurrentInferences > 1)
        {
            try
            {
                Parallel.For(0, parts.Length, new ParallelOptions { MaxDegreeOfParallelism = _store.ConcurrentInferences }, RunPart);
            }
            catch (AggregateException errors)
            {
                // Where there is no memory for as many at once, there may be for one after another.
                if (errors.InnerExceptions.FirstOrDefault(error => error is not InsufficientMemoryException) is { } other)
                {
                    ExceptionDispatchInfo.Throw(other);
                }
            }
        }

        for (int i = 0; i < parts.Length; i++)
        {
            RunPart(i);
        }

        return [.. results.SelectMany(part => part)];
    }

    /// <summary>Inputs a few at a time, and how many rows each has: together they keep the device busy, and memory stays what a few need.</summary>
    private IEnumerable<(ReadOnlyMemory<T>[] Inputs, int[] Rows)> Parts<T>(Encoder<T> encoder, IReadOnlyList<ReadOnlyMemory<T>> inputs)
    {
        int[] rows = [.. inputs.Select(input => encoder.Rows(input.Span))];
        for (int first = 0, count; first < rows.Length; first += count)
        {
            int sum = 0;
            count = rows.Skip(first).TakeWhile((length, i) => (sum += length) <= _store.PreferredBatchRows || i == 0).Count();
            yield return ([.. inputs.Skip(first).Take(count)], rows[first..(first + count)]);
        }
    }

    /// <summary>Runs inputs of some rows together, within a <see cref="Use"/>.</summary>
    private TResult Run<TResult>(int[] rows, Func<Inference, Sequences, TResult> body)
    {
        using Inference run = _store.Begin();
        return body(run, run.Sequences(rows));
    }

    private void Free()
    {
        _store.Dispose();
        _file.Dispose();
        FreedMemory.GiveBack();
    }

    /// <summary>A call that runs: the memory stays until it returns.</summary>
    private readonly struct Use : IDisposable
    {
        private readonly Data2VecModel _model;

        public Use(Data2VecModel model)
        {
            _model = model;
            lock (model._lock)
            {
                ObjectDisposedException.ThrowIf(model._disposed, model);
                model._running++;
            }
        }

        public void Dispose()
        {
            bool free;
            lock (_model._lock)
            {
                free = --_model._running == 0 && _model._disposed;
            }

            if (free)
            {
                _model.Free();
            }
        }
    }
}
