using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Audio;

/// <summary>
/// The speech encoder of data2vec (Baevski et al. 2022; fairseq's <c>Data2VecAudioModel</c>). data2vec 2.0's differs in its attention bias.
/// </summary>
internal sealed class AudioEncoder : Encoder<float>
{
    private const float Epsilon = 1e-5f;

    /// <summary>
    /// Frames that the feature extractor makes at a time. Its first layer has many rows: a minute of sound would take hundreds of megabytes. Each
    /// frame depends on a few hundred samples only, so the pieces give the same result.
    /// </summary>
    private readonly int _framesAtOnce;

    private readonly ConvBlock[] _extractor;
    private readonly NormWeights _featureNorm;
    private readonly LinearWeights _projection;
    private readonly ConvBlock[] _positional;
    private readonly NormWeights _norm;
    private readonly LayerStack _layers;
    private readonly LinearWeights? _ctc;
    private readonly AttentionBias[] _biases;

    public AudioEncoder(AudioConfig config, ParameterScope parameters)
    {
        Config = config;
        int hidden = config.HiddenSize;
        int features = config.FeatureExtractor[^1].OutputChannels;
        _framesAtOnce = Math.Max(1, parameters.PreferredConvolutionRows / (config.SamplesPerFrame / config.FeatureExtractor[0].Stride));
        _extractor = [.. config.FeatureExtractor.Select((shape, i) => new ConvBlock(
            parameters.Conv1d($"feature_extractor.{i}.conv", shape, hasBias: false, InitialValue.Kaiming(shape.FanIn)),
            parameters.Norm($"feature_extractor.{i}.norm", shape.OutputChannels, Epsilon)))];
        _featureNorm = parameters.Norm("feature_projection.norm", features, Epsilon);
        _projection = parameters.Linear("feature_projection.linear", features, hidden, InitialValue.Uniform(features));
        NormWeights plain = parameters.PlainNorm(hidden, Epsilon);
        _positional = [.. config.PositionalConvolution.Select((shape, i) => new ConvBlock(
            parameters.Conv1d($"positional_convolution.{i}.conv", shape, hasBias: true, InitialValue.Uniform(shape.FanIn)), plain))];
        _norm = parameters.Norm("encoder.norm", hidden, Epsilon);
        _norm.Dropout = DropoutSite.Input;
        _layers = new LayerStack(parameters, config.Layers, (layer, _) => new PostNormLayer(layer, config));
        _ctc = config.Labels is null ? null : parameters.Linear("ctc", hidden, config.Labels.Count);
        _biases = config.HasAlibi ? Alibi.Create(parameters, config) : [];
    }

    public override AudioConfig Config { get; }

    public override bool HeadScoresRows => true;

    public override int Rows(ReadOnlySpan<float> input)
    {
        int shortest = Config.SamplesFor(1);
        return input.Length < shortest
            ? throw new InvalidDataException(
                $"a recording of {input.Length} samples is too short for one frame: it must have at least {shortest} ({shortest * 1000.0 / Config.SampleRate:0.#} ms at {Config.SampleRate} Hz)")
            : !TensorPrimitives.IsFiniteAll(input)
            ? throw new InvalidDataException("a recording has samples that are not finite numbers")
            : Config.Frames(input.Length);
    }

    /// <inheritdoc/>
    /// <remarks>Inputs are samples at the model's rate, normalized if the model normalizes.</remarks>
    public override Tensor Embed(
        Inference run, IReadOnlyList<ReadOnlyMemory<float>> inputs, Sequences sequences, Observer? observer, CancellationToken cancellation)
    {
        Tensor x = run.Allocate(sequences.Rows, Config.HiddenSize);
        for (int piece = 0, first = 0; first < x.Rows; piece++, first += _framesAtOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(_framesAtOnce, x.Rows - first);
            List<ReadOnlyMemory<float>> samples = SamplesOf(inputs, sequences, first, count);
            Tensor frames = x.SliceRows(first, count);
            run.Segment(new ModelPart(ModelPartKind.Features, piece), Tensor.None, _ => ExtractFeatures(run, samples, frames, observer));
        }

        observer?.Point("features_proj", x);
        return x;
    }

    public override Tensor Contextualize(
        Inference run, Tensor x, Sequences sequences, int? layer, Observer? observer, CancellationToken cancellation) =>
        _layers.Forward(run, run.Segment(new ModelPart(ModelPartKind.Positions), x, frames => AddPositions(run, frames, sequences, observer)), sequences, _biases, layer, observer, cancellation);

    public override Tensor Head(Inference run, Tensor x, Sequences sequences) => Project(run, x, _ctc!);

    /// <summary>The samples that a range of frames depends on, separately for each recording.</summary>
    private List<ReadOnlyMemory<float>> SamplesOf(IReadOnlyList<ReadOnlyMemory<float>> inputs, Sequences sequences, int first, int count)
    {
        var samples = new List<ReadOnlyMemory<float>>();
        for (int i = 0; i < inputs.Count; i++)
        {
            int begin = Math.Max(first - sequences.Start(i), 0), end = Math.Min(first + count - sequences.Start(i), sequences.Length(i));
            if (begin < end)
            {
                samples.Add(inputs[i].Slice(begin * Config.SamplesPerFrame, Config.SamplesFor(end - begin)));
            }
        }

        return samples;
    }

    private Tensor ExtractFeatures(Inference run, List<ReadOnlyMemory<float>> samples, Tensor output, Observer? observer)
    {
        long mark = run.Mark();
        Sequences sequences = run.Sequences([.. samples.Select(part => part.Length)]);
        Tensor x = run.Allocate(sequences.Rows, 1, ElementType.F32);
        for (int i = 0; i < samples.Count; i++)
        {
            run.Upload(samples[i].Span, x.SliceRows(sequences.Start(i), sequences.Length(i)));
        }

        for (int i = 0; i < _extractor.Length; i++)
        {
            x = _extractor[i].Forward(run, x, ref sequences);
            observer?.Point($"conv_layer{i}", x);
        }

        Tensor normed = run.Reuse(x);
        run.LayerNorm(x, _featureNorm, normed);
        observer?.Point("features_ln", normed);
        run.Linear(normed, _projection, output);
        run.Release(mark);
        return output;
    }

    private Tensor AddPositions(Inference run, Tensor x, Sequences frames, Observer? observer)
    {
        Tensor output = run.Reuse(x);
        long mark = run.Mark();
        Tensor positions = x;
        foreach (ConvBlock conv in _positional)
        {
            Sequences same = frames;
            positions = conv.Forward(run, positions, ref same);
        }

        observer?.Point("pos_conv", positions);
        run.LayerNorm(x, _norm, output, residual: positions);
        run.Release(mark);
        return output;
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
