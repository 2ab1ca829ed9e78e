using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Vision;

/// <summary>
/// The vision encoder of data2vec (Baevski et al. 2022, after Bao et al. 2022; fairseq's <c>Data2VecVisionModel</c>) and data2vec 2.0 (fairseq's
/// <c>Data2VecMultiModel</c>).
/// </summary>
internal sealed class VisionEncoder : PatchEncoder
{
    private readonly LayerStack _layers;
    private readonly AttentionBias[] _biases = [];
    private readonly NormWeights? _norm, _classifierNorm;
    private readonly LinearWeights? _classifier;

    /// <param name="stored">The structure that the parameters are for.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="imageSize">The size of the images to see; null for the one that the parameters are for.</param>
    public VisionEncoder(VisionConfig stored, ParameterScope parameters, int? imageSize = null)
        : this(stored, parameters, imageSize is { } size ? (VisionConfig)stored.WithImageSize(size) : stored)
    {
    }

    private VisionEncoder(VisionConfig stored, ParameterScope parameters, VisionConfig config)
        : base(config, parameters)
    {
        int hidden = config.HiddenSize;
        ClassToken = parameters.Activations(
            ClassRows, hidden, ClassTokenWeights.ToArray,
            new DerivedBackward([ClassTokenWeights], (gradient, _, token) => TensorPrimitives.Add(token, gradient, token)));
        if (config.HasPositionVectors)
        {
            WeightData positions = parameters.Constant(new Parameter("position_embedding.weight", [stored.Patches, hidden], ParameterRole.Constant)
            {
                Initial = InitialValue.Normal(0.02f),
            })!;
            Positions = parameters.Activations(config.Patches, hidden, () => config.GridSize == stored.GridSize
                ? positions.ToArray()
                : SinusoidalPositions.Resize(positions.ToArray(), stored.GridSize, config.GridSize, hidden));
        }

        if (config.NormalizesFirst)
        {
            _biases = new AttentionBias[config.Layers];
            var bias = new RelativePositionBias(parameters, stored, config.GridSize);
            _layers = new LayerStack(parameters, config.Layers, (scope, number) =>
            {
                var layer = new PreNormLayer(scope, config, number);
                _biases[number] = bias.OfLayer(scope);
                return layer;
            });
        }
        else
        {
            _layers = new LayerStack(parameters, config.Layers, (scope, _) => new PostNormLayer(scope, config));
        }

        _norm = config.HasInputNorm || config.HasFinalNorm ? parameters.Norm("encoder.norm", hidden, config.Epsilon) : null;
        if (config.Labels is not null)
        {
            _classifierNorm = parameters.Norm("classifier.norm", hidden, config.ClassifierEpsilon ?? config.Epsilon);
            _classifier = parameters.Linear("classifier.output", hidden, config.Labels.Count);
        }
    }

    public override VisionConfig Config => (VisionConfig)base.Config;

    public override Tensor Contextualize(
        Inference run, Tensor x, Sequences sequences, int? layer, Observer? observer, CancellationToken cancellation)
    {
        x = _layers.Forward(run, Config.HasInputNorm ? Normalize(run, x, _norm!) : x, sequences, _biases, layer, observer, cancellation);
        x = layer is null && Config.HasFinalNorm ? Normalize(run, x, _norm!) : x;
        observer?.Point("output", x);
        return x;
    }

    /// <summary>The head of fairseq's <c>Data2VecImageClassificationModel</c>: mean over the patches, normalization, linear layer.</summary>
    public override Tensor Head(Inference run, Tensor x, Sequences sequences)
    {
        Tensor means = run.MeanOfSequences(x, sequences, ClassRows + (Config.PoolSkipsFirstPatch ? 1 : 0));
        Tensor normed = run.Allocate(means.Rows, means.Columns, means.Type);
        run.LayerNorm(means, _classifierNorm!, normed);
        return Project(run, normed, _classifier!);
    }
}
