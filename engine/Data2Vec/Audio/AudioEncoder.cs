using Data2Vec.Kernels;
using Data2Vec.ModelFile;
using Data2Vec.Transformer;

namespace Data2Vec.Audio;

/// <summary>The speech encoder of data2vec (Baevski et al. 2022; fairseq's <c>Data2VecAudioModel</c>), and that of data2vec 2.0,
/// which differs by its attention bias.</summary>
internal sealed class AudioEncoder : Encoder<float>
{
    private const float Epsilon = 1e-5f;

    private readonly AudioConfig _config;

    /// <summary>
    /// Frames that the feature extractor makes at a time, of however many recordings. Its first layer has the most rows, so that a
    /// minute of sound would take hundreds of megabytes; each frame sees a few hundred samples alone, hence in pieces it comes out the same.
    /// </summary>
    private readonly int _framesAtOnce;

    private readonly ConvBlock[] _extractor;
    private readonly NormWeights _featureNorm;
    private readonly LinearWeights _projection;
    private readonly ConvBlock[] _positional;
    private readonly NormWeights _norm;
    private readonly LayerStack _layers;
    private readonly LinearWeights? _ctc;

    public AudioEncoder(AudioConfig config, WeightReader weights)
    {
        _config = config;
        int hidden = config.HiddenSize;
        int features = config.FeatureExtractor[^1].OutputChannels;
        _framesAtOnce = Math.Max(1, weights.PreferredConvolutionRows / (config.SamplesPerFrame / config.FeatureExtractor[0].Stride));
        _extractor = [.. config.FeatureExtractor.Select((shape, i) => new ConvBlock(
            weights.Conv1d($"feature_extractor.{i}.conv", shape),
            weights.Norm($"feature_extractor.{i}.norm", shape.OutputChannels, Epsilon)))];
        _featureNorm = weights.Norm("feature_projection.norm", features, Epsilon);
        _projection = weights.Linear("feature_projection.linear", features, hidden);
        NormWeights plain = weights.PlainNorm(hidden, Epsilon);
        _positional = [.. config.PositionalConvolution.Select((shape, i) =>
            new ConvBlock(weights.Conv1d($"positional_convolution.{i}.conv", shape), plain))];
        _norm = weights.Norm("encoder.norm", hidden, Epsilon);
        var sizes = new TransformerSizes(hidden, config.Layers, config.Heads, config.FeedForwardSize, Epsilon);
        _layers = new LayerStack(
            weights, sizes, (layer, _) => new PostNormLayer(layer, sizes), config.Alibi ? Alibi.Read(weights.In("encoder"), sizes) : null);
        _ctc = config.Labels is null ? null : weights.Linear("ctc", hidden, config.Labels.Count);
    }

    public override string Takes => "recordings";

    public override int HiddenSize => _config.HiddenSize;

    public override int Layers => _config.Layers;

    public AudioConfig Config => _config;

    public override int Rows(ReadOnlySpan<float> input)
    {
        int shortest = _config.SamplesFor(1);
        return input.Length >= shortest
            ? _config.Frames(input.Length)
            : throw new InvalidDataException(
                $"a recording of {input.Length} samples is too short for one frame: it must have at least {shortest} ({shortest * 1000.0 / _config.SampleRate:0.#} ms at {_config.SampleRate} Hz)");
    }

    /// <inheritdoc/>
    /// <remarks>Inputs are samples at the model's rate, normalized as it wants them.</remarks>
    public override Tensor Forward(
        Inference run, IReadOnlyList<ReadOnlyMemory<float>> inputs, Sequences sequences, int? layer, Observer? observe,
        CancellationToken cancellation)
    {
        Tensor x = run.Allocate(sequences.Rows, _config.HiddenSize);
        for (int first = 0; first < x.Rows; first += _framesAtOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(_framesAtOnce, x.Rows - first);
            ExtractFeatures(run, SamplesOf(inputs, sequences, first, count), x.SliceRows(first, count), observe);
        }

        observe?.Invoke("features_proj", x);
        AddPositions(run, x, sequences, observe);
        _layers.Forward(run, x, sequences, layer, observe, cancellation);
        return x;
    }

    public override Tensor Logits(Inference run, Tensor x) => Head(run, x, _ctc!);

    /// <summary>The samples that some frames are made of, those of each recording apart.</summary>
    private List<ReadOnlyMemory<float>> SamplesOf(IReadOnlyList<ReadOnlyMemory<float>> inputs, Sequences sequences, int first, int count)
    {
        var samples = new List<ReadOnlyMemory<float>>();
        for (int i = 0; i < inputs.Count; i++)
        {
            int begin = Math.Max(first - sequences.Start(i), 0), end = Math.Min(first + count - sequences.Start(i), sequences.Length(i));
            if (begin < end)
            {
                samples.Add(inputs[i].Slice(begin * _config.SamplesPerFrame, _config.SamplesFor(end - begin)));
            }
        }

        return samples;
    }

    private void ExtractFeatures(Inference run, List<ReadOnlyMemory<float>> samples, Tensor output, Observer? observe)
    {
        long mark = run.Mark();
        Sequences sequence = run.Sequences([.. samples.Select(part => part.Length)]);
        Tensor x = run.Allocate(sequence.Rows, 1, ElementType.F32);
        for (int i = 0; i < samples.Count; i++)
        {
            run.Upload(samples[i].Span, x.SliceRows(sequence.Start(i), sequence.Length(i)));
        }

        for (int i = 0; i < _extractor.Length; i++)
        {
            x = _extractor[i].Forward(run, x, ref sequence);
            observe?.Invoke($"conv_layer{i}", x);
        }

        run.LayerNorm(x, _featureNorm, x);
        observe?.Invoke("features_ln", x);
        run.Linear(x, _projection, output);
        run.Release(mark);
    }

    private void AddPositions(Inference run, Tensor x, Sequences frames, Observer? observe)
    {
        long mark = run.Mark();
        Tensor positions = x;
        foreach (ConvBlock conv in _positional)
        {
            Sequences same = frames;
            positions = conv.Forward(run, positions, ref same);
        }

        observe?.Invoke("pos_conv", positions);
        run.LayerNorm(x, _norm, x, residual: positions);
        run.Release(mark);
    }

    /// <summary>Convolution, normalization over the channels, GELU.</summary>
    private readonly record struct ConvBlock(Conv1dWeights Conv, NormWeights Norm)
    {
        public Tensor Forward(Inference run, Tensor x, ref Sequences sequences)
        {
            Sequences outputs = run.Sequences(sequences, Conv.Shape);
            Tensor output = run.Allocate(outputs.Rows, Conv.Shape.OutputChannels);
            run.Conv1d(x, sequences, Conv, Norm, Activation.Gelu, output, outputs);
            sequences = outputs;
            return output;
        }
    }
}
