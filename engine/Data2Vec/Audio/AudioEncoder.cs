using Data2Vec.Kernels;
using Data2Vec.ModelFile;
using Data2Vec.Transformer;

namespace Data2Vec.Audio;

/// <summary>Called with a name and the activations at that point of an encoder, while they are there.</summary>
/// <param name="name">A point, such as <c>layer.3</c>.</param>
/// <param name="activations">What stands there, <c>[rows, features]</c>.</param>
internal delegate void Observer(string name, Tensor activations);

/// <summary>The speech encoder of data2vec (Baevski et al. 2022; fairseq's <c>Data2VecAudioModel</c>).</summary>
internal sealed class AudioEncoder
{
    private const float Epsilon = 1e-5f;

    /// <summary>
    /// Frames that the feature extractor makes at a time. Its first layers are long, so that a minute of sound would take
    /// hundreds of megabytes; each frame sees a few hundred samples alone, hence in pieces it comes out the same.
    /// </summary>
    private const int FramesAtOnce = 100;

    private readonly AudioConfig _config;
    private readonly ConvBlock[] _extractor;
    private readonly NormWeights _featureNorm;
    private readonly LinearWeights _projection;
    private readonly ConvBlock[] _positional;
    private readonly NormWeights _norm;
    private readonly PostNormLayer[] _layers;
    private readonly LinearWeights? _ctc;

    public AudioEncoder(AudioConfig config, WeightReader weights, WeightStore store)
    {
        _config = config;
        int hidden = config.HiddenSize;
        int features = config.FeatureExtractor[^1].OutputChannels;
        _extractor = [.. config.FeatureExtractor.Select((shape, i) => new ConvBlock(
            weights.Conv1d($"feature_extractor.{i}.conv", shape),
            weights.Norm($"feature_extractor.{i}.norm", shape.OutputChannels, Epsilon)))];
        _featureNorm = weights.Norm("feature_projection.norm", features, Epsilon);
        _projection = weights.Linear("feature_projection.linear", features, hidden);
        NormWeights plain = store.Norm(null, null, hidden, Epsilon);
        _positional = [.. config.PositionalConvolution.Select((shape, i) =>
            new ConvBlock(weights.Conv1d($"positional_convolution.{i}.conv", shape), plain))];
        _norm = weights.Norm("encoder.norm", hidden, Epsilon);
        _layers = [.. Enumerable.Range(0, config.Layers).Select(i =>
            new PostNormLayer(weights.In("encoder").In(i), hidden, config.Heads, config.FeedForwardSize, Epsilon))];
        _ctc = config.Labels is null ? null : weights.Linear("ctc", hidden, config.Labels.Count);
    }

    /// <summary>
    /// From waveforms to the hidden states of a layer, <c>[frames, hidden]</c>, one sequence a waveform.
    /// </summary>
    /// <param name="run">Where it runs.</param>
    /// <param name="waveforms">Normalized samples at 16 kHz; each long enough for a frame.</param>
    /// <param name="layer">The last layer to run; 0 for what enters the first one.</param>
    /// <param name="frames">The frames of each waveform.</param>
    /// <param name="observe">Sees the activations on the way.</param>
    /// <param name="cancellation">Looked at before each layer.</param>
    public Tensor Forward(
        Inference run, IReadOnlyList<ReadOnlyMemory<float>> waveforms, int layer, out Sequences frames, Observer? observe,
        CancellationToken cancellation)
    {
        Span<int> lengths = waveforms.Count <= 256 ? stackalloc int[waveforms.Count] : new int[waveforms.Count];
        for (int i = 0; i < lengths.Length; i++)
        {
            lengths[i] = _config.Frames(waveforms[i].Length);
        }

        frames = run.Sequences(lengths);
        Tensor x = run.Allocate(frames.Rows, _config.HiddenSize);
        for (int i = 0; i < waveforms.Count; i++)
        {
            for (int first = 0; first < frames.Length(i); first += FramesAtOnce)
            {
                cancellation.ThrowIfCancellationRequested();
                int count = Math.Min(FramesAtOnce, frames.Length(i) - first);
                ReadOnlySpan<float> samples = waveforms[i].Span.Slice(first * _config.SamplesPerFrame, _config.SamplesFor(count));
                ExtractFeatures(run, samples, x.SliceRows(frames.Start(i) + first, count), observe);
            }
        }

        observe?.Invoke("features_proj", x);
        AddPositions(run, x, frames, observe);
        observe?.Invoke("layer.0", x);
        for (int i = 0; i < layer; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            _layers[i].Forward(run, x, frames);
            observe?.Invoke($"layer.{i + 1}", x);
        }

        return x;
    }

    /// <summary>The scores of each label, <c>[frames, labels]</c>, from the last layer's hidden states.</summary>
    public Tensor Logits(Inference run, Tensor x) => run.Linear(x, _ctc!);

    private void ExtractFeatures(Inference run, ReadOnlySpan<float> samples, Tensor output, Observer? observe)
    {
        long mark = run.Mark();
        Tensor x = run.Upload(samples, samples.Length, 1);
        Sequences sequence = run.Sequences([samples.Length]);
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
