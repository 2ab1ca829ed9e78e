using Data2Vec.ModelFile;

namespace Data2Vec.Extensions.AI;

/// <summary>
/// A model that is loaded on first use, once for all concurrent callers. After a failed load, the next use tries again. Instances are thread-safe.
/// </summary>
public sealed class LazyModel : IDisposable
{
    private readonly Func<Task<Data2VecModel>> _load;
    private readonly string? _path;
    private readonly bool _owns = true;
    private readonly Lock _lock = new();
    private Task<Data2VecModel>? _loading;
    private string? _modelId;
    private bool _disposed;

    /// <summary>Creates a lazy model from a file.</summary>
    /// <param name="path">The <c>.d2v</c> file. It need not exist yet.</param>
    /// <param name="options">The settings.</param>
    /// <param name="modelId">The model's id; default: that of the published model that the file was made from, or else the file's name without extension.</param>
    public LazyModel(string path, ModelOptions? options = null, string? modelId = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        (_path, _modelId) = (path, modelId);
        _load = () => Data2VecModel.LoadAsync(path, options);
    }

    /// <summary>Creates a lazy model from another source, such as a bundled or downloaded model.</summary>
    /// <param name="modelId">The model's id.</param>
    /// <param name="load">Loads the model on a thread of the pool. This object disposes the model.</param>
    public LazyModel(string modelId, Func<Task<Data2VecModel>> load)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelId);
        ArgumentNullException.ThrowIfNull(load);
        _modelId = modelId;
        _load = () => Task.Run(load);
    }

    /// <summary>Wraps a loaded model, which stays its owner's.</summary>
    /// <param name="model">The model.</param>
    /// <param name="modelId">The model's id; null for that of the published model that it is, or else the name of its architecture.</param>
    public LazyModel(Data2VecModel model, string? modelId = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        _modelId = modelId ?? model.Id ?? model.Architecture;
        _loading = Task.FromResult(model);
        _load = () => _loading;
        _owns = false;
    }

    /// <summary>The model's id in metadata and results. Requests for another id fail.</summary>
    public string ModelId => _modelId ?? (_modelId = FromFile(file => file.ModelId ?? Path.GetFileNameWithoutExtension(_path))) ?? Path.GetFileNameWithoutExtension(_path!);

    /// <summary>Whether the model is loaded.</summary>
    public bool IsLoaded => _loading is { IsCompletedSuccessfully: true };

    /// <summary>The error of a failed load.</summary>
    internal Exception? Failure => _loading?.Exception?.InnerException;

    /// <summary>The number of features of an embedding with some options, from the loaded model or the file; null if neither is available.</summary>
    internal int? Dimensions(EmbeddingOptions options) => _loading is { IsCompletedSuccessfully: true } loaded ? loaded.Result.Config.EmbeddingSizeOf(options)
        : FromFile(file => (int?)ModelConfig.FromJson(file.Config, file.Architecture).EmbeddingSizeOf(options));

    /// <summary>Returns the model, and loads it if necessary.</summary>
    /// <param name="cancellationToken">Ends the waiting, not the loading.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or its content is not supported.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">This object was disposed.</exception>
    public Task<Data2VecModel> GetAsync(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_loading is null or { IsCompleted: true, IsCompletedSuccessfully: false })
            {
                _loading = _load();
            }

            return _loading.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Loads the model and runs a small input through it, so that the first real input is not slower than others.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <inheritdoc cref="GetAsync" path="/exception"/>
    public Task WarmUpAsync(CancellationToken cancellationToken = default) => ProbeAsync(cancellationToken);

    /// <summary>Frees the model when its running calls return.</summary>
    public void Dispose()
    {
        Task<Data2VecModel>? loading;
        lock (_lock)
        {
            loading = _disposed ? null : _loading;
            _disposed = true;
        }

        if (_owns)
        {
            loading?.ContinueWith(
                static loaded => loaded.Result.Dispose(), CancellationToken.None,
                TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    /// <summary>The vector of a small input, by a synchronous call that does not wait in the model's queue.</summary>
    internal async Task<float[]> ProbeAsync(CancellationToken cancellationToken)
    {
        Data2VecModel model = await GetAsync(cancellationToken).ConfigureAwait(false);
        return await Task.Run(() => Probe(model, cancellationToken), cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Checks the model id of a request. Clients call this before they use the model.</summary>
    /// <param name="modelId">The requested id; null for any.</param>
    /// <exception cref="ArgumentException">The id is another model's.</exception>
    public void RequireId(string? modelId)
    {
        if (modelId is not null && modelId != ModelId)
        {
            throw new ArgumentException($"There is no model '{modelId}' here; this one is '{ModelId}'. Request it by this id, or without an id.", nameof(modelId));
        }
    }

    /// <summary>The services of a generator or client: its metadata, the model, and itself.</summary>
    /// <typeparam name="TMetadata">The type of the metadata.</typeparam>
    /// <param name="client">The generator or client.</param>
    /// <param name="serviceType">The requested service.</param>
    /// <param name="serviceKey">The requested key. Keyed services do not exist.</param>
    /// <param name="createMetadata">Creates the metadata.</param>
    public object? GetService<TMetadata>(object client, Type serviceType, object? serviceKey, Func<TMetadata> createMetadata)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(TMetadata) ? createMetadata()
            : serviceType.IsAssignableTo(typeof(Data2VecModel)) && GetAsync().GetAwaiter().GetResult() is var model && serviceType.IsInstanceOfType(model) ? model
            : serviceType == typeof(LazyModel) ? this
            : serviceType.IsInstanceOfType(client) ? client
            : null;
    }

    private static float[] Probe(Data2VecModel model, CancellationToken cancellationToken) => model switch
    {
        SpeechModel speech => speech.EmbedPrepared(new float[speech.SampleRate], cancellationToken: cancellationToken),
        VisionModel vision => vision.EmbedPrepared(new float[vision.Preprocessing.OutputLength], cancellationToken: cancellationToken),
        TextModel text => text.EmbedPrepared(new[] { text.Config.PaddingId == 0 ? 1 : 0 }, cancellationToken: cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(model)),
    };

    /// <summary>A property of the model's file; null if there is no file to read.</summary>
    private T? FromFile<T>(Func<D2vFile, T?> property)
    {
        try
        {
            using D2vFile? file = _path is null ? null : D2vFile.Open(_path, verify: false);
            return file is null ? default : property(file);
        }
        catch (Exception error) when (error is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            // The first use reports the error.
            return default;
        }
    }
}
