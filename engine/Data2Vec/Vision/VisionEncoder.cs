using System.Buffers;
using Data2Vec.Vision.Images;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Vision;

/// <summary>
/// The vision encoder of data2vec (Baevski et al. 2022, after Bao et al. 2022; fairseq's <c>Data2VecVisionModel</c>) and data2vec 2.0 (fairseq's
/// <c>Data2VecMultiModel</c>). The rows of an image are its class token, then its patches row by row.
/// </summary>
internal sealed class VisionEncoder : ImageEncoder
{
    private const int ClassRows = 1;

    private readonly LinearWeights _patchEmbedding;
    private readonly Tensor _classToken, _positions;
    private readonly LayerStack _layers;
    private readonly AttentionBias[] _biases = [];
    private readonly NormWeights? _norm, _classifierNorm;
    private readonly LinearWeights? _classifier;

    /// <param name="stored">The structure that the parameters are for.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="imageSize">The size of the images to see; null for the one that the parameters are for.</param>
    public VisionEncoder(VisionConfig stored, ParameterScope parameters, int? imageSize = null)
        : this(stored, parameters, imageSize is { } size ? stored.WithImageSize(size) : stored)
    {
    }

    private VisionEncoder(VisionConfig stored, ParameterScope parameters, VisionConfig config)
        : base(config.Preprocessing)
    {
        Config = config;
        int hidden = config.HiddenSize;
        _patchEmbedding = parameters.Linear("patch_embedding", config.PatchLength, hidden);
        WeightData classToken = parameters.Constant(new Parameter("class_token", [hidden], ParameterRole.Constant) { Initial = InitialValue.Normal(0.02f) })!;
        _classToken = parameters.Activations(
            ClassRows, hidden, classToken.ToArray, new DerivedBackward([classToken], (gradient, _, token) => TensorPrimitives.Add(token, gradient, token)));
        if (config.HasPositionVectors)
        {
            WeightData positions = parameters.Constant(new Parameter("position_embedding.weight", [stored.Patches, hidden], ParameterRole.Constant)
            {
                Initial = InitialValue.Normal(0.02f),
            })!;
            _positions = parameters.Activations(config.Patches, hidden, () => config.GridSize == stored.GridSize
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

    public override VisionConfig Config { get; }

    public override bool HasClassRow => true;

    public override int RowsBeforeMean => ClassRows;

    protected override int RowsOfImage => ClassRows + Config.Patches;

    /// <inheritdoc/>
    /// <remarks>Inputs are normalized pixels <c>[3, size, size]</c>.</remarks>
    public override Tensor Embed(
        Inference run, IReadOnlyList<ReadOnlyMemory<float>> inputs, Sequences sequences, Observer? observer, CancellationToken cancellation)
    {
        Tensor x = run.Allocate(sequences.Rows, Config.HiddenSize);
        long mark = run.Mark();
        Tensor patches = run.Allocate(x.Rows, Config.PatchLength, ElementType.F32);
        int before = ClassRows * Config.PatchLength, length = RowsOfImage * Config.PatchLength;
        float[] rented = ArrayPool<float>.Shared.Rent(length);
        try
        {
            rented.AsSpan(0, before).Clear();
            for (int i = 0; i < inputs.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                Unfold(inputs[i].Span, rented.AsSpan(before));
                run.Upload(rented.AsSpan(0, length), patches.SliceRows(sequences.Start(i), RowsOfImage));
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rented);
        }

        // One product for all images. Its rows between the images are replaced by the class token.
        run.Linear(patches, _patchEmbedding, x, residual: Positions(run, sequences));
        run.Copy(
            _classToken with { Rows = inputs.Count, Stride = 0 },
            x with { Rows = inputs.Count, Stride = RowsOfImage * x.Stride });
        run.Release(mark);
        observer?.Point("embeddings", x);
        return x;
    }

    public override Tensor Contextualize(
        Inference run, Tensor x, Sequences sequences, int? layer, Observer? observer, CancellationToken cancellation)
    {
        x = _layers.Forward(run, Config.HasInputNorm ? Normalize(run, x) : x, sequences, _biases, layer, observer, cancellation);
        x = layer is null && Config.HasFinalNorm ? Normalize(run, x) : x;
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

    private Tensor Normalize(Inference run, Tensor x)
    {
        Tensor normed = run.Reuse(x);
        run.LayerNorm(x, _norm!, normed);
        return normed;
    }

    /// <summary>The position vectors of all images, or no tensor.</summary>
    private Tensor Positions(Inference run, Sequences sequences)
    {
        if (_positions.IsEmpty)
        {
            return default;
        }

        Tensor positions = run.Allocate(sequences.Rows, Config.HiddenSize, ElementType.F32);
        for (int i = 0; i < sequences.Count; i++)
        {
            run.Copy(_positions, PatchesOf(positions, sequences, i));
        }

        return positions;
    }

    /// <summary>The rows of an image without its class token.</summary>
    private Tensor PatchesOf(Tensor x, Sequences sequences, int image) => x.SliceRows(sequences.Start(image) + ClassRows, Config.Patches);

    /// <summary>From pixels <c>[3, size, size]</c> to patches <c>[patches, 3 * patch * patch]</c>.</summary>
    private void Unfold(ReadOnlySpan<float> pixels, Span<float> patches)
    {
        int size = Config.ImageSize, patch = Config.PatchSize, grid = Config.GridSize;
        for (int channel = 0; channel < 3; channel++)
        {
            for (int y = 0; y < size; y++)
            {
                for (int column = 0; column < grid; column++)
                {
                    int row = y / patch * grid + column;
                    pixels.Slice((channel * size + y) * size + column * patch, patch)
                        .CopyTo(patches[(row * Config.PatchLength + (channel * patch + y % patch) * patch)..]);
                }
            }
        }
    }
}

/// <summary>What the image encoders have in common: they see a square of pixels.</summary>
internal abstract class ImageEncoder(ImagePreprocessing preprocessing) : Encoder<float>
{
    public ImagePreprocessing Preprocessing { get; } = preprocessing;
    protected abstract int RowsOfImage { get; }

    public override int Rows(ReadOnlySpan<float> input)
    {
        int size = Preprocessing.CropSize;
        return input.Length != Preprocessing.OutputLength
            ? throw new InvalidDataException(
                $"an image has {input.Length} values; the model takes pixels [3, {size}, {size}], which are {Preprocessing.OutputLength}")
            : !TensorPrimitives.IsFiniteAll(input)
            ? throw new InvalidDataException("an image has pixels that are not finite numbers")
            : RowsOfImage;
    }
}
