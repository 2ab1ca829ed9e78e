using Data2Vec.Audio;
using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;
using Data2Vec.ModelFile;
using Data2Vec.Text;
using Data2Vec.Transformer;
using Data2Vec.Vision;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec;

/// <summary>
/// A loaded model of speech, text or images; what does not fit its kind throws <see cref="InvalidOperationException"/>. It never
/// changes: any number of threads may use it at once, and the same input gives the same vector whatever runs beside it.
/// </summary>
public sealed partial class Data2VecModel : IDisposable
{
    private readonly D2vFile _file;
    private readonly WeightStore _store;
    private readonly Encoder _encoder;
    private readonly Lock _lock = new();
    private int _running;
    private bool _disposed;

    private Data2VecModel(D2vFile file, WeightStore store, int? imageSize)
    {
        _file = file;
        _store = store;
        var weights = new WeightReader(file, store);
        switch (file.Architecture)
        {
            case AudioConfig.Architecture or AudioConfig.AlibiArchitecture:
                _encoder = new AudioEncoder(AudioConfig.FromJson(file.Config, file.Architecture), weights);
                break;
            case TextConfig.Architecture:
                var config = TextConfig.FromJson(file.Config);
                _encoder = new TextEncoder(config, weights);
                Tokenizer = ReadTokenizer(file, config);
                break;
            case VisionConfig.Architecture or VisionConfig.PostNormArchitecture:
                _encoder = new VisionEncoder(VisionConfig.FromJson(file.Config, file.Architecture), weights, imageSize);
                break;
            default:
                throw new InvalidDataException($"models of the kind '{file.Architecture}' are not supported");
        }

        if (imageSize is not null && _encoder is not VisionEncoder)
        {
            throw new ArgumentException($"An image size is of use to vision models alone; this model takes {_encoder.Takes}.", nameof(imageSize));
        }
    }

    /// <summary>The structure of a speech model; null for other models.</summary>
    public AudioConfig? Audio => (_encoder as AudioEncoder)?.Config;

    /// <summary>The structure of a text model; null for other models.</summary>
    public TextConfig? Text => (_encoder as TextEncoder)?.Config;

    /// <summary>The structure of a vision model; null for other models.</summary>
    public VisionConfig? Vision => (_encoder as VisionEncoder)?.Config;

    /// <summary>What kind of model it is, as the file names it.</summary>
    public string Architecture => _file.Architecture;

    /// <summary>Features of a hidden state, and so of an embedding.</summary>
    public int HiddenSize => _encoder.HiddenSize;

    /// <summary>Transformer layers.</summary>
    public int Layers => _encoder.Layers;

    /// <summary>What the classification head tells apart, or null where the model has none.</summary>
    public IReadOnlyList<string>? Classes => _encoder.Classes;

    /// <summary>Loads a <c>.d2v</c> file; every byte of it is checked.</summary>
    /// <exception cref="ArgumentException"><see cref="ModelOptions.ImageSize"/> does not suit the model.</exception>
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
            return new Data2VecModel(file, store, options.ImageSize);
        }
        catch (Exception error)
        {
            store.Dispose();
            file.Dispose();
            if (error is InvalidDataException && !error.Message.StartsWith(path, StringComparison.Ordinal))
            {
                throw new InvalidDataException($"{path}: {error.Message}", error);
            }

            throw;
        }
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

    /// <summary>The encoder, where it is one of what was given.</summary>
    private TEncoder Takes<TEncoder>(string given)
        where TEncoder : Encoder =>
        _encoder as TEncoder ?? throw new InvalidOperationException($"The model takes {_encoder.Takes}, not {given}.");

    /// <summary>The pooled hidden states of one layer; not yet brought to length 1.</summary>
    private float[][] Embed<T>(
        Encoder<T> encoder, IReadOnlyList<ReadOnlyMemory<T>> inputs, EmbeddingOptions options, CancellationToken cancellation)
    {
        if (options.Layer is { } layer)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)layer, (uint)Layers, nameof(options));
        }

        RequirePooling(options);
        return RunInParts(encoder, inputs, (run, part, sequences) =>
        {
            Tensor x = encoder.Forward(run, part, sequences, options.Layer, null, cancellation);
            return RowPooling.Pool(run, x, sequences, options.Pooling, encoder.RowsBeforeMean);
        });
    }

    /// <summary>The same for what enters the first layer and for every layer's output.</summary>
    private float[][][] EmbedLayers<T>(
        Encoder<T> encoder, IReadOnlyList<ReadOnlyMemory<T>> inputs, EmbeddingOptions options, CancellationToken cancellation)
    {
        RequirePooling(options);
        List<float[]>[] layers = [.. Enumerable.Range(0, Layers + 1).Select(_ => new List<float[]>())];
        foreach (ReadOnlyMemory<T>[] part in Parts(encoder, inputs))
        {
            int layer = 0;
            Run(encoder, part, (run, sequences) => encoder.Forward(
                run, part, sequences, Layers,
                (name, x) =>
                {
                    if (name.StartsWith("layer.", StringComparison.Ordinal))
                    {
                        layers[layer++].AddRange(RowPooling.Pool(run, x, sequences, options.Pooling, encoder.RowsBeforeMean));
                    }
                },
                cancellation));
        }

        return [.. layers.Select(layer => layer.ToArray())];
    }

    /// <summary>The classification head's scores for each input.</summary>
    private float[][] Scores<T>(Encoder<T> encoder, IReadOnlyList<ReadOnlyMemory<T>> inputs, CancellationToken cancellation)
    {
        if (encoder.Classes is null)
        {
            throw new InvalidOperationException("The model has no classification head: it gives vectors, not labels.");
        }

        return RunInParts(encoder, inputs, (run, part, sequences) =>
            encoder.Scores(run, encoder.Forward(run, part, sequences, null, null, cancellation), sequences));
    }

    private float[][] Probabilities<T>(Encoder<T> encoder, IReadOnlyList<ReadOnlyMemory<T>> inputs, CancellationToken cancellation)
    {
        float[][] scores = Scores(encoder, inputs, cancellation);
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
    private void Observe<T>(Encoder<T> encoder, ReadOnlyMemory<T> input, Action<string, float[]> observe) =>
        Run(encoder, [input], (run, sequences) => encoder.Forward(
            run, [input], sequences, null, (name, x) => observe(name, RowPooling.Download(run, x)), default));

    private void RequirePooling(EmbeddingOptions options)
    {
        if (options.Pooling == Pooling.Class && !_encoder.HasClassRow)
        {
            throw new ArgumentException("A speech model has no row that stands for the whole input: use the mean.", nameof(options));
        }
    }

    private float[][] RunInParts<T>(
        Encoder<T> encoder, IReadOnlyList<ReadOnlyMemory<T>> inputs, Func<Inference, IReadOnlyList<ReadOnlyMemory<T>>, Sequences, float[][]> body) =>
        [.. Parts(encoder, inputs).SelectMany(part => Run(encoder, part, (run, sequences) => body(run, part, sequences)))];

    /// <summary>Inputs a few at a time: together they keep the device busy, and memory stays what a few need.</summary>
    private IEnumerable<ReadOnlyMemory<T>[]> Parts<T>(Encoder<T> encoder, IReadOnlyList<ReadOnlyMemory<T>> inputs)
    {
        int[] rows = [.. inputs.Select(input => encoder.Rows(input.Span))];
        for (int first = 0, count; first < rows.Length; first += count)
        {
            int sum = 0;
            count = rows.Skip(first).TakeWhile((length, i) => (sum += length) <= _store.RowsAtOnce || i == 0).Count();
            yield return [.. inputs.Skip(first).Take(count)];
        }
    }

    private TResult Run<T, TResult>(
        Encoder<T> encoder, IReadOnlyList<ReadOnlyMemory<T>> inputs, Func<Inference, Sequences, TResult> body)
    {
        var rows = new int[inputs.Count];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = encoder.Rows(inputs[i].Span);
        }

        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _running++;
        }

        try
        {
            using Inference run = _store.Begin();
            return body(run, run.Sequences(rows));
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
