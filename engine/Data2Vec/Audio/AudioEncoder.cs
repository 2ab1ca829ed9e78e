using Data2Vec.Audio.Wav2Vec2;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Audio;

/// <summary>
/// The encoder of speech models: convolutions make frames of samples, convolutions over time tell them their positions, a transformer follows. wav2vec 2.0 (Baevski
/// et al. 2020; fairseq's <c>Wav2Vec2Model</c>), HuBERT (Hsu et al. 2021) and data2vec (Baevski et al. 2022; <c>Data2VecAudioModel</c>) differ in normalizations
/// and positions alone, see <see cref="AudioConfig"/>; data2vec 2.0 and WavLM (Chen et al. 2022) in their attention biases.
/// </summary>
internal sealed class AudioEncoder : Encoder<float>
{
    private const float Epsilon = 1e-5f;

    private readonly FeatureExtractor _extractor;
    private readonly PositionalConvolution _positional;
    private readonly NormWeights _norm;
    private readonly LayerStack _layers;
    private readonly LinearWeights? _ctc;
    private readonly AttentionBias[] _biases;

    public AudioEncoder(AudioConfig config, ParameterScope parameters)
    {
        Config = config;
        int hidden = config.HiddenSize;
        _extractor = new FeatureExtractor(config, parameters, Epsilon);
        _positional = new PositionalConvolution(config, parameters, Epsilon);
        _norm = parameters.Norm("encoder.norm", hidden, Epsilon);
        _norm.Dropout = DropoutSite.Input;
        _layers = new LayerStack(parameters, config.Layers, (layer, i) => config.NormalizesFirst
            ? new PreNormLayer(layer, config, i, isScaled: false, AttentionBiases.All)
            : new PostNormLayer(layer, config));
        _ctc = config.Labels is null ? null : parameters.Linear("ctc", hidden, config.Labels.Count);
        _biases = config.HasAlibi ? Alibi.Create(parameters, config)
            : config.DistanceBuckets is { } buckets ? [.. Enumerable.Repeat(DistanceBias.Create(parameters, buckets, config.Heads), config.Layers)]
            : [];
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
        Inference run, IReadOnlyList<ReadOnlyMemory<float>> inputs, Sequences sequences, Observer? observer, CancellationToken cancellation) =>
        _extractor.Extract(run, inputs, sequences, observer, cancellation);

    public override Tensor Contextualize(
        Inference run, Tensor x, Sequences sequences, int? layer, Observer? observer, CancellationToken cancellation)
    {
        x = run.Segment(new ModelPart(ModelPartKind.Positions), x, frames => AddPositions(run, frames, sequences, observer));
        if (Config.DistanceBuckets is not null)
        {
            observer?.Point("distance_bias", _biases[0].Distances);
        }

        x = _layers.Forward(run, x, sequences, _biases, layer, observer, cancellation);
        if (!Config.NormalizesFirst || layer is not null)
        {
            return x;
        }

        Tensor output = run.Reuse(x);
        run.LayerNorm(x, _norm, output);
        observer?.Point("encoder_norm", output);
        return output;
    }

    public override Tensor Head(Inference run, Tensor x, Sequences sequences) => Project(run, x, _ctc!);

    private Tensor AddPositions(Inference run, Tensor x, Sequences frames, Observer? observer)
    {
        Tensor output = run.Reuse(x);
        long mark = run.Mark();
        Tensor positions = _positional.Forward(run, x, frames);
        observer?.Point("pos_conv", positions);
        if (Config.NormalizesFirst)
        {
            if (output != x)
            {
                run.Copy(x, output);
            }

            run.Add(positions, output);
        }
        else
        {
            run.LayerNorm(x, _norm, output, residual: positions);
        }

        run.Release(mark);
        return output;
    }
}
