using System.Text.Json;
using Data2Vec.ModelFile;

namespace Data2Vec.Extensions.AI;

/// <summary>
/// A model that is loaded when it is first used, once, whatever number of callers wait for it; where loading fails, the next use
/// tries again. Safe to use from any number of threads.
/// </summary>
public sealed class LazyModel : IDisposable
{
    private readonly Func<Task<Data2VecModel>> _load;
    private readonly string? _path;
    private readonly bool _owns = true;
    private readonly Lock _lock = new();
    private Task<Data2VecModel>? _loading;
    private bool _disposed;

    /// <summary>A model file.</summary>
    /// <param name="path">The <c>.d2v</c> file; it need not be there yet.</param>
    /// <param name="options">How to load it.</param>
    /// <param name="modelId">What the model is called; by default the file's name without its ending.</param>
    public LazyModel(string path, ModelOptions? options = null, string? modelId = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        (_path, ModelId) = (path, modelId ?? Path.GetFileNameWithoutExtension(path));
        _load = () => Data2VecModel.LoadAsync(path, options);
    }

    /// <summary>A model from elsewhere, such as one that is bundled or downloaded.</summary>
    /// <param name="modelId">What the model is called.</param>
    /// <param name="load">Loads it; called on a thread of the pool. The model is disposed with this object.</param>
    public LazyModel(string modelId, Func<Task<Data2VecModel>> load)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelId);
        ArgumentNullException.ThrowIfNull(load);
        ModelId = modelId;
        _load = () => Task.Run(load);
    }

    /// <summary>A model that is loaded already, and stays its owner's.</summary>
    internal LazyModel(Data2VecModel model, string? modelId)
    {
        ArgumentNullException.ThrowIfNull(model);
        ModelId = modelId ?? model.Architecture;
        _loading = Task.FromResult(model);
        _load = () => _loading;
        _owns = false;
    }

    /// <summary>What the model is called, in metadata and results; a request for another is refused.</summary>
    public string ModelId { get; }

    /// <summary>Whether the model is in memory.</summary>
    public bool IsLoaded => _loading is { IsCompletedSuccessfully: true };

    /// <summary>Why it is not, where loading was tried.</summary>
    internal Exception? Failure => _loading?.Exception?.InnerException;

    /// <summary>
    /// Features of an embedding: of the loaded model, else as the file says; null where that is not known without loading.
    /// </summary>
    internal int? Dimensions => _loading is { IsCompletedSuccessfully: true } loaded ? loaded.Result.HiddenSize : DimensionsOfFile();

    /// <summary>The model, loaded where it is not yet.</summary>
    /// <param name="cancellationToken">Ends the waiting, not the loading.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or holds what this library does not know.</exception>
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

    /// <summary>Loads the model and runs a small input through it, so that the first real one finds everything in place.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <inheritdoc cref="GetAsync" path="/exception"/>
    public Task WarmUpAsync(CancellationToken cancellationToken = default) => ProbeAsync(cancellationToken);

    /// <summary>Frees the model, as soon as its running calls return.</summary>
    public void Dispose()
    {
        Task<Data2VecModel>? loading;
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            loading = _loading;
        }

        if (_owns)
        {
            loading?.ContinueWith(
                static loaded => loaded.Result.Dispose(), CancellationToken.None,
                TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    /// <summary>The vector of a small input, by a call that runs beside all that waits for the model.</summary>
    internal async Task<float[]> ProbeAsync(CancellationToken cancellationToken)
    {
        Data2VecModel model = await GetAsync(cancellationToken).ConfigureAwait(false);
        return await Task.Run(() => Probe(model, cancellationToken), cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <exception cref="ArgumentException">It is another model's.</exception>
    internal void RequireId(string? modelId)
    {
        if (modelId is not null && modelId != ModelId)
        {
            throw new ArgumentException($"There is no model '{modelId}' here; this one is '{ModelId}'. Ask for that, or for none.", nameof(modelId));
        }
    }

    private static float[] Probe(Data2VecModel model, CancellationToken cancellationToken) => model switch
    {
        SpeechModel speech => speech.EmbedPrepared(new float[speech.SampleRate], cancellationToken: cancellationToken),
        VisionModel vision => vision.EmbedPrepared(new float[vision.Preprocessing.OutputLength], cancellationToken: cancellationToken),
        TextModel text => text.EmbedPrepared(new[] { text.Config.PaddingId == 0 ? 1 : 0 }, cancellationToken: cancellationToken),
        _ => throw new NotSupportedException(),
    };

    private int? DimensionsOfFile()
    {
        if (_path is null)
        {
            return null;
        }

        try
        {
            using D2vFile file = D2vFile.Open(_path, verify: false);
            return file.Config.TryGetProperty("hidden_size", out JsonElement size) && size.TryGetInt32(out int features) ? features : null;
        }
        catch (Exception error) when (error is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            // The first use says what is wrong.
            return null;
        }
    }
}
