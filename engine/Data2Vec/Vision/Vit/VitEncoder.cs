using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Vision;

/// <summary>
/// The vision transformer of Dosovitskiy et al. 2021 with position vectors, and that of BEiT (Bao et al. 2022) with relative position bias. Its source
/// decides how rows become the vector that a head reads: the class token, or the mean of the patches, perhaps with a normalization or a linear layer.
/// </summary>
internal sealed class VitEncoder : PatchEncoder
{
    private readonly LayerStack _layers;
    private readonly AttentionBias[] _biases = [];
    private readonly NormWeights? _norm, _poolerNorm;
    private readonly LinearWeights? _poolerDense, _classifier;

    /// <param name="stored">The structure that the parameters are for.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="imageSize">The size of the images to see; null for the one that the parameters are for.</param>
    public VitEncoder(VitConfig stored, ParameterScope parameters, int? imageSize = null)
        : this(stored, parameters, imageSize is { } size ? (VitConfig)stored.WithImageSize(size) : stored)
    {
    }

    private VitEncoder(VitConfig stored, ParameterScope parameters, VitConfig config)
        : base(config, parameters)
    {
        int hidden = config.HiddenSize;
        WeightData? positions = config.HasPositionVectors
            ? parameters.Constant(new Parameter("position_embedding.weight", [ClassRows + stored.Patches, hidden], ParameterRole.Constant) { Initial = InitialValue.Normal(0.02f) })
            : null;
        if (config.GridSize != stored.GridSize && positions is not null && config.Interpolation is null)
        {
            throw new ArgumentException(
                $"The model sees images of {stored.ImageSize} x {stored.ImageSize} pixels only; the code that it comes from does not interpolate its positions.", nameof(config));
        }

        ClassToken = parameters.Activations(ClassRows, hidden, () =>
        {
            float[] token = ClassTokenWeights.ToArray();
            if (positions is not null)
            {
                TensorPrimitives.Add(token, positions.ToArray().AsSpan(0, hidden), token);
            }

            return token;
        });
        if (positions is not null)
        {
            Positions = parameters.Activations(config.Patches, hidden, () => PositionVectors.Resize(
                positions.ToArray().AsSpan(hidden), hidden, (stored.GridSize, stored.GridSize), (config.GridSize, config.GridSize), config.Interpolation));
        }

        RelativePositionBias? bias = config.HasRelativePositions ? new RelativePositionBias(parameters, stored, config.GridSize) : null;
        _biases = bias is null ? [] : new AttentionBias[config.Layers];
        _layers = new LayerStack(parameters, config.Layers, (scope, number) =>
        {
            var layer = new PreNormLayer(scope, config, number, config.HasLayerScale, config.AttentionBiases);
            if (bias is not null)
            {
                _biases[number] = bias.OfLayer(scope);
            }

            return layer;
        });

        _norm = config.HasFinalNorm ? parameters.Norm("encoder.norm", hidden, config.Epsilon) : null;
        _poolerNorm = config.Pooler.HasNorm ? parameters.Norm("pooler.norm", hidden, config.Epsilon) : null;
        _poolerDense = config.Pooler.IsDense ? parameters.Linear("pooler.dense", hidden, hidden) : null;
        _classifier = config.Labels is not null ? parameters.Linear("classifier.output", hidden, config.Labels.Count) : null;
    }

    public override VitConfig Config => (VitConfig)base.Config;

    public override Pooling? PoolerRows => Config.Pooler.Rows;

    public override Tensor Contextualize(
        Inference run, Tensor x, Sequences sequences, int? layer, Observer? observer, CancellationToken cancellation)
    {
        x = _layers.Forward(run, x, sequences, _biases, layer, observer, cancellation);
        x = layer is null && _norm is not null ? Normalize(run, x, _norm) : x;
        observer?.Point("output", x);
        return x;
    }

    public override Tensor Pool(Inference run, Tensor x, Sequences sequences)
    {
        Tensor pooled = Config.Pooler.Rows == Pooling.Class ? RowPooling.FirstRows(run, x, sequences) : run.MeanOfSequences(x, sequences, ClassRows);
        if (_poolerNorm is not null)
        {
            Tensor normed = run.Allocate(pooled.Rows, pooled.Columns, pooled.Type);
            run.LayerNorm(pooled, _poolerNorm, normed);
            pooled = normed;
        }

        if (_poolerDense is not null)
        {
            Tensor dense = Project(run, pooled, _poolerDense);
            pooled = run.Allocate(dense.Rows, dense.Columns, dense.Type);
            run.Tanh(dense, pooled);
        }

        return pooled;
    }

    public override Tensor Head(Inference run, Tensor x, Sequences sequences) => Project(run, Pool(run, x, sequences), _classifier!);
}
