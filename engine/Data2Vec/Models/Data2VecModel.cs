using System.Text.Json;
using Data2Vec.Kernels.Cpu;

namespace Data2Vec;

/// <summary>
/// A loaded model: a <see cref="SpeechModel"/>, a <see cref="TextModel"/> or a <see cref="VisionModel"/>. It is immutable: any number of threads may
/// use it at once, and the same input gives the same vector whatever else runs.
/// </summary>
/// <remarks>
/// Each synchronous call is an inference of its own. Asynchronous calls that are made at the same time share batches, which serves many callers best;
/// see <see cref="ModelOptions.MaxQueuedRows"/> and <see cref="ModelOptions.GatherDelay"/>.
/// </remarks>
public abstract class Data2VecModel : IDisposable
{
    /// <summary>What messages call a model that was not loaded from a file.</summary>
    private const string NameOfStreams = "the model";

    private readonly ParameterSource _source;
    private readonly Lock _lock = new();
    private int _running;
    private bool _disposed;

    private protected Data2VecModel(LoadedEncoder loaded) => (_source, Store, Config, HasClassToken, HasPooler, Id) =
        (loaded.Source, loaded.Store, loaded.Encoder.Config, loaded.Encoder.HasClassRow, loaded.Encoder.PoolerRows is not null, loaded.File?.ModelId);

    /// <summary>The id of the published model that this is, such as <c>facebook/data2vec-audio-base-960h</c>; null for other models.</summary>
    public string? Id { get; }

    /// <summary>The model's structure.</summary>
    public virtual ModelConfig Config { get; }

    /// <summary>The architecture's name, see <see cref="ModelArchitecture"/>.</summary>
    public string Architecture => Config.Architecture;

    /// <summary>The kind of input.</summary>
    public Modality Modality => Config.Modality;

    /// <summary>Features of a hidden state.</summary>
    public int HiddenSize => Config.HiddenSize;

    /// <summary>The length of an embedding, unless a call asks for other vectors than the model's own.</summary>
    public int EmbeddingSize => Config.EmbeddingSize;

    /// <summary>Transformer layers. A VGG network has none; its layer 0 is its features.</summary>
    public int Layers => Config.Layers;

    /// <summary>The labels of the model's head, or null where the model has no head.</summary>
    public IReadOnlyList<string>? Labels => Config.Labels;

    /// <summary>Whether <see cref="Pooling.Class"/> applies: whether the first row represents the whole input.</summary>
    public bool HasClassToken { get; }

    /// <summary>Whether <see cref="Pooling.Pooler"/> applies: whether the model itself makes one vector of an input.</summary>
    public bool HasPooler { get; }

    /// <summary>The time that a new asynchronous call would wait for its first batch, by the speed of the last batches; zero before the first batch.</summary>
    public abstract TimeSpan EstimatedWait { get; }

    /// <summary>How long the running batch of asynchronous calls has been running; zero if none runs. A device that hangs shows here.</summary>
    public abstract TimeSpan BusyFor { get; }

    private protected WeightStore Store { get; }

    /// <summary>Refuses a call as an asynchronous one would be refused now, so that its inputs need not be decoded first.</summary>
    /// <exception cref="QueueFullException">Too much waits, see <see cref="ModelOptions.MaxQueuedRows"/> and <see cref="ModelOptions.MaxWait"/>.</exception>
    public abstract void RequireRoom();

    /// <summary>Loads a <c>.d2v</c> file; every byte of it is checked.</summary>
    /// <param name="path">The file. It is mapped, not copied, if the device can use it as it is.</param>
    /// <param name="options">How to load it.</param>
    /// <exception cref="ArgumentException">An option is out of range, or does not apply to the model.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or its content is not supported.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="NotSupportedException">The device cannot run the model.</exception>
    public static Data2VecModel Load(string path, ModelOptions? options = null) => Load(D2vFile.Open(path), options);

    /// <summary>Loads the bytes of a <c>.d2v</c> file from a stream's position; every byte is checked.</summary>
    /// <param name="stream">
    /// The stream, which is left open; it need not be seekable. It is copied into memory outside the managed heap, and read up to one byte past the
    /// model's end.
    /// </param>
    /// <param name="options">How to load it.</param>
    /// <inheritdoc cref="Load(string, ModelOptions?)" path="/exception"/>
    public static Data2VecModel Load(Stream stream, ModelOptions? options = null) => Load(D2vFile.Open(stream, NameOfStreams), options);

    /// <summary>Loads an open model file.</summary>
    /// <param name="file">The file. The model takes ownership of it, also if loading fails.</param>
    /// <param name="options">How to load it.</param>
    /// <inheritdoc cref="Load(string, ModelOptions?)" path="/exception"/>
    public static Data2VecModel Load(D2vFile file, ModelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        try
        {
            return Create(new FileParameters(file), () => ModelConfig.FromJson(file.Config, file.Architecture), file, options ?? new ModelOptions());
        }
        catch (InvalidDataException error) when (!error.Message.StartsWith(file.Path, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"{file.Path}: {error.Message}", error);
        }
    }

    /// <summary>Loads a <c>.d2v</c> file of a known kind of model.</summary>
    /// <typeparam name="TModel"><see cref="SpeechModel"/>, <see cref="TextModel"/> or <see cref="VisionModel"/>.</typeparam>
    /// <param name="path">The file.</param>
    /// <param name="options">How to load it.</param>
    /// <exception cref="InvalidDataException">The file is damaged, its content is not supported, or it is another kind of model.</exception>
    /// <inheritdoc cref="Load(string, ModelOptions?)" path="/exception"/>
    public static TModel Load<TModel>(string path, ModelOptions? options = null)
        where TModel : Data2VecModel => Load<TModel>(D2vFile.Open(path), options);

    /// <summary>Loads an open model file of a known kind of model.</summary>
    /// <inheritdoc cref="Load{TModel}(string, ModelOptions?)" path="/typeparam"/>
    /// <param name="file">The file. The model takes ownership of it, also if loading fails.</param>
    /// <param name="options">How to load it.</param>
    /// <inheritdoc cref="Load{TModel}(string, ModelOptions?)" path="/exception"/>
    public static TModel Load<TModel>(D2vFile file, ModelOptions? options = null)
        where TModel : Data2VecModel
    {
        Data2VecModel model = Load(file, options);
        if (model is TModel wanted)
        {
            return wanted;
        }

        model.Dispose();
        throw new InvalidDataException($"{file.Path}: the model takes {model.Modality.Inputs()} ({model.Architecture}); it is not a {typeof(TModel).Name}");
    }

    /// <summary>Loads a <c>.d2v</c> file of a known kind of model on another thread.</summary>
    /// <inheritdoc cref="Load{TModel}(string, ModelOptions?)" path="/typeparam"/>
    /// <param name="path">The file.</param>
    /// <param name="options">How to load it.</param>
    /// <param name="cancellationToken">Checked before and after.</param>
    /// <inheritdoc cref="Load{TModel}(string, ModelOptions?)" path="/exception"/>
    public static async Task<TModel> LoadAsync<TModel>(string path, ModelOptions? options = null, CancellationToken cancellationToken = default)
        where TModel : Data2VecModel => (TModel)await LoadAsync(() => Load<TModel>(path, options), cancellationToken).ConfigureAwait(false);

    /// <summary>Loads a <c>.d2v</c> file on another thread; every byte of it is checked.</summary>
    /// <param name="path">The file. It is mapped, not copied, if the device can use it as it is.</param>
    /// <param name="options">How to load it.</param>
    /// <param name="cancellationToken">Checked before and after.</param>
    /// <inheritdoc cref="Load(string, ModelOptions?)" path="/exception"/>
    public static async Task<Data2VecModel> LoadAsync(string path, ModelOptions? options = null, CancellationToken cancellationToken = default)
    {
        return await LoadAsync(() => Load(path, options), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Loads the bytes of a <c>.d2v</c> file from a stream's position; every byte is checked.</summary>
    /// <param name="stream">As for <see cref="Load(Stream, ModelOptions?)"/>.</param>
    /// <param name="options">How to load it.</param>
    /// <param name="cancellationToken">Checked while waiting for bytes, and afterwards.</param>
    /// <inheritdoc cref="Load(string, ModelOptions?)" path="/exception"/>
    public static async Task<Data2VecModel> LoadAsync(
        Stream stream, ModelOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        cancellationToken.ThrowIfCancellationRequested();
        D2vFile file = await D2vFile.OpenAsync(stream, NameOfStreams, cancellationToken).ConfigureAwait(false);
        return await LoadAsync(() => Load(file, options), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Creates a model with the values that training starts from, without a tokenizer.</summary>
    /// <param name="config">The model's structure.</param>
    /// <param name="seed">Determines all random values.</param>
    /// <param name="options">How to load it.</param>
    /// <exception cref="ArgumentException">The structure is not valid, or an option is out of range or does not apply to the model.</exception>
    public static Data2VecModel Create(ModelConfig config, ulong seed, ModelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        try
        {
            using JsonDocument json = JsonDocument.Parse(config.ToJson().ToJsonString());
            config = ModelConfig.FromJson(json.RootElement, config.Architecture);
        }
        catch (InvalidDataException error)
        {
            throw new ArgumentException(error.Message, nameof(config), error);
        }

        return Create(new InitialParameters(seed), () => config, null, options ?? new ModelOptions());
    }

    /// <summary>
    /// Frees the model's memory: at once, or when the last running call returns. Calls that still prepare their inputs, and asynchronous calls whose
    /// inputs wait, fail with <see cref="ObjectDisposedException"/>.
    /// </summary>
    public void Dispose()
    {
        StopQueue();
        GC.SuppressFinalize(this);
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

    /// <summary>Fails the asynchronous calls whose inputs wait.</summary>
    private protected abstract void StopQueue();

    /// <summary>Begins a call: the model's memory stays until it ends.</summary>
    private protected Use BeginUse() => new(this);

    private static async Task<Data2VecModel> LoadAsync(Func<Data2VecModel> load, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Data2VecModel model = await Task.Run(load, CancellationToken.None).ConfigureAwait(false);
        if (cancellationToken.IsCancellationRequested)
        {
            model.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
        }

        return model;
    }

    /// <summary>Constructs the encoder and the model around it; <paramref name="source"/> is disposed if that fails.</summary>
    private static Data2VecModel Create(ParameterSource source, Func<ModelConfig> readConfig, D2vFile? file, ModelOptions options)
    {
        WeightStore? store = null;
        try
        {
            options.Validate();
            ModelConfig config = readConfig();
            ModelArchitecture architecture = ModelArchitecture.Find(config.Architecture);
            if (options.ImageSize is not null && !architecture.AcceptsImageSize)
            {
                throw new ArgumentException(
                    $"An image size applies to vision transformers only; this model ({config.Architecture}) takes {architecture.Modality.Inputs()}.", nameof(options));
            }

            store = (options.Backend ?? new CpuBackend(options.Threads)).CreateStore();
            var loaded = new LoadedEncoder(source, store, architecture.CreateEncoder(config, new ParameterScope(source, store), options.ImageSize), options, file);
            source.Complete();
            Data2VecModel model = architecture.Modality switch
            {
                Modality.Speech => new SpeechModel(loaded),
                Modality.Text => new TextModel(loaded),
                _ => new VisionModel(loaded),
            };
            store.Complete();
            return model;
        }
        catch
        {
            store?.Dispose();
            source.Dispose();
            throw;
        }
    }

    private void Free()
    {
        Store.Dispose();
        _source.Dispose();
        FreedMemory.GiveBack();
    }

    /// <summary>A running call.</summary>
    private protected readonly struct Use : IDisposable
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

/// <summary>An encoder with its weights on a backend, on the way to a model.</summary>
/// <param name="Source">Where the parameters are.</param>
/// <param name="Store">The weights on the backend.</param>
/// <param name="Encoder">The encoder.</param>
/// <param name="Options">How the model is loaded.</param>
/// <param name="File">The model file, if there is one.</param>
internal sealed record LoadedEncoder(ParameterSource Source, WeightStore Store, Encoder Encoder, ModelOptions Options, D2vFile? File);
