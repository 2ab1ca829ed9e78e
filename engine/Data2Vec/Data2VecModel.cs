using Data2Vec.Audio;
using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;
using Data2Vec.ModelFile;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec;

/// <summary>
/// A loaded model. It never changes: any number of threads may use it at once, and the same input gives the same vector
/// whatever runs beside it.
/// </summary>
public sealed class Data2VecModel : IDisposable
{
    private readonly D2vFile _file;
    private readonly WeightStore _store;
    private readonly AudioEncoder _encoder;
    private readonly Lock _lock = new();
    private int _running;
    private bool _disposed;

    private Data2VecModel(D2vFile file, WeightStore store, AudioConfig config)
    {
        _file = file;
        _store = store;
        Config = config;
        _encoder = new AudioEncoder(config, new WeightReader(file, store), store);
    }

    /// <summary>The structure of the model.</summary>
    public AudioConfig Config { get; }

    /// <summary>What kind of model it is, as the file names it.</summary>
    public string Architecture => _file.Architecture;

    /// <summary>Features of a hidden state, and so of an embedding.</summary>
    public int HiddenSize => Config.HiddenSize;

    /// <summary>Transformer layers.</summary>
    public int Layers => Config.Layers;

    /// <summary>Samples in a second that the model listens to, in Hz.</summary>
    public int SampleRate => Config.SampleRate;

    /// <summary>Whether the model has a CTC head.</summary>
    public bool CanTranscribe => Config.Labels is not null;

    /// <summary>Loads a <c>.d2v</c> file; every byte of it is checked.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or holds what this library does not know.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Data2VecModel Load(string path, ModelOptions? options = null)
    {
        options ??= new ModelOptions();
        Backend backend = options.Backend ?? new CpuBackend(options.Threads);
        D2vFile file = D2vFile.Open(path);
        WeightStore store = backend.CreateStore();
        try
        {
            if (file.Architecture != AudioConfig.Architecture)
            {
                throw new InvalidDataException($"{path}: models of the kind '{file.Architecture}' are not supported");
            }

            return new Data2VecModel(file, store, ReadConfig(file));
        }
        catch
        {
            store.Dispose();
            file.Dispose();
            throw;
        }
    }

    /// <summary>Embeds recordings.</summary>
    /// <param name="waveforms">Samples of one channel at <see cref="SampleRate"/>, each long enough for one frame.</param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <param name="normalizeInput">Whether the samples are normalized as the model wants them; off where that is done already.</param>
    /// <param name="cancellation">Looked at before each layer.</param>
    /// <returns>For each recording one vector, or its <c>[frames, features]</c> where no pooling is asked for.</returns>
    /// <exception cref="InvalidDataException">A recording is too short.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public float[][] EmbedAudio(
        IReadOnlyList<ReadOnlyMemory<float>> waveforms, EmbeddingOptions? options = null, bool normalizeInput = true,
        CancellationToken cancellation = default)
    {
        options = Checked(options);
        int layer = options.Layer ?? Layers;
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)layer, (uint)Layers, nameof(options));
        return Run(waveforms, normalizeInput, (run, inputs) =>
        {
            Tensor x = _encoder.Forward(run, inputs, layer, out Sequences frames, null, cancellation);
            return Pool(run, x, frames, options);
        });
    }

    /// <summary>Embeds one recording.</summary>
    /// <inheritdoc cref="EmbedAudio(IReadOnlyList{ReadOnlyMemory{float}}, EmbeddingOptions?, bool, CancellationToken)"/>
    public float[] EmbedAudio(
        ReadOnlyMemory<float> waveform, EmbeddingOptions? options = null, bool normalizeInput = true,
        CancellationToken cancellation = default) => EmbedAudio([waveform], options, normalizeInput, cancellation)[0];

    /// <summary>Embeds one recording by what enters the first layer and by every layer's output.</summary>
    /// <returns><see cref="Layers"/> + 1 entries.</returns>
    /// <inheritdoc cref="EmbedAudio(IReadOnlyList{ReadOnlyMemory{float}}, EmbeddingOptions?, bool, CancellationToken)"/>
    public float[][] EmbedAudioLayers(
        ReadOnlyMemory<float> waveform, EmbeddingOptions? options = null, bool normalizeInput = true,
        CancellationToken cancellation = default)
    {
        options = Checked(options);
        var layers = new List<float[]>();
        Run([waveform], normalizeInput, (run, inputs) =>
        {
            Sequences one = run.Sequences([Config.Frames(waveform.Length)]);
            _encoder.Forward(
                run, inputs, Layers, out _,
                (name, x) =>
                {
                    if (name.StartsWith("layer.", StringComparison.Ordinal))
                    {
                        layers.Add(Pool(run, x, one, options)[0]);
                    }
                },
                cancellation);
            return layers;
        });
        return [.. layers];
    }

    /// <summary>Writes down what is spoken, by the likeliest label of each frame.</summary>
    /// <exception cref="InvalidOperationException">The model has no CTC head.</exception>
    /// <inheritdoc cref="EmbedAudio(IReadOnlyList{ReadOnlyMemory{float}}, EmbeddingOptions?, bool, CancellationToken)"/>
    public string[] Transcribe(
        IReadOnlyList<ReadOnlyMemory<float>> waveforms, bool normalizeInput = true, CancellationToken cancellation = default)
    {
        IReadOnlyList<string> labels = Config.Labels
            ?? throw new InvalidOperationException("The model has no CTC head: it gives vectors, not text.");
        return [.. LogitsOfAudio(waveforms, normalizeInput, cancellation).Select(logits => logits.All(float.IsFinite)
            ? CtcDecoder.Greedy(logits, labels)
            : throw new InvalidDataException("the model gives numbers that are not finite"))];
    }

    /// <summary>Frees the model's memory: at once, or when the last running call returns.</summary>
    public void Dispose()
    {
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

    /// <summary>The CTC head's scores, <c>[frames, labels]</c> for each recording.</summary>
    internal float[][] LogitsOfAudio(
        IReadOnlyList<ReadOnlyMemory<float>> waveforms, bool normalizeInput = true, CancellationToken cancellation = default) =>
        Run(waveforms, normalizeInput, (run, inputs) =>
        {
            Tensor x = _encoder.Forward(run, inputs, Layers, out Sequences frames, null, cancellation);
            return Pool(run, _encoder.Logits(run, x), frames, new EmbeddingOptions { Pooling = Pooling.None });
        });

    /// <summary>Shows the activations at every point of the encoder.</summary>
    internal void Observe(ReadOnlyMemory<float> waveform, Action<string, float[]> observe) => Run([waveform], false, (run, inputs) =>
    {
        _encoder.Forward(run, inputs, Layers, out _, (name, x) => observe(name, Rows(run, x)), default);
        return true;
    });

    private static AudioConfig ReadConfig(D2vFile file)
    {
        try
        {
            return AudioConfig.FromJson(file.Config);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{file.Path}: {error.Message}", error);
        }
    }

    private static EmbeddingOptions Checked(EmbeddingOptions? options) => options?.Pooling == Pooling.Class
        ? throw new ArgumentException("A speech model has no row that stands for the whole input: use the mean.", nameof(options))
        : options ?? new EmbeddingOptions();

    private static float[] Rows(Inference run, Tensor x)
    {
        var rows = new float[checked(x.Rows * x.Columns)];
        run.Download(x, rows);
        return rows;
    }

    private static float[][] Pool(Inference run, Tensor x, Sequences sequences, EmbeddingOptions options)
    {
        Tensor means = options.Pooling == Pooling.Mean ? run.MeanOfSequences(x, sequences) : default;
        var vectors = new float[sequences.Count][];
        for (int i = 0; i < vectors.Length; i++)
        {
            vectors[i] = Rows(run, means.IsEmpty ? x.SliceRows(sequences.Start(i), sequences.Length(i)) : means.SliceRows(i, 1));
            if (options.Normalize)
            {
                for (int row = 0; row < vectors[i].Length; row += x.Columns)
                {
                    Span<float> vector = vectors[i].AsSpan(row, x.Columns);
                    float length = TensorPrimitives.Norm(vector);
                    TensorPrimitives.Divide(vector, length > 0 ? length : 1f, vector);
                }
            }
        }

        return vectors;
    }

    private T Run<T>(IReadOnlyList<ReadOnlyMemory<float>> waveforms, bool normalize, Func<Inference, IReadOnlyList<ReadOnlyMemory<float>>, T> body)
    {
        ArgumentNullException.ThrowIfNull(waveforms);
        int shortest = Config.SamplesFor(1);
        var inputs = new ReadOnlyMemory<float>[waveforms.Count];
        for (int i = 0; i < inputs.Length; i++)
        {
            if (waveforms[i].Length < shortest)
            {
                throw new InvalidDataException(
                    $"a recording of {waveforms[i].Length} samples is too short for one frame: it must have at least {shortest} ({shortest * 1000.0 / SampleRate:0.#} ms at {SampleRate} Hz)");
            }

            inputs[i] = normalize && Config.Normalize ? Normalization.PerUtterance(waveforms[i].Span) : waveforms[i];
        }

        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _running++;
        }

        try
        {
            using Inference run = _store.Begin();
            return body(run, inputs);
        }
        finally
        {
            bool free;
            lock (_lock)
            {
                free = --_running == 0 && _disposed;
            }

            if (free)
            {
                Free();
            }
        }
    }

    private void Free()
    {
        _store.Dispose();
        _file.Dispose();
    }
}
