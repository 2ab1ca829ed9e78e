using System.Buffers;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;
using Data2Vec.Transformer;

namespace Data2Vec.Vision;

/// <summary>The vision encoder of data2vec (Baevski et al. 2022, after Bao et al. 2022; fairseq's <c>Data2VecVisionModel</c>).</summary>
/// <remarks>
/// The rows of an image are its class token, then its patches, row by row. data2vec 2.0 (fairseq's <c>Data2VecMultiModel</c>) has vectors of
/// positions instead of a bias of attention, and normalizes before the first layer and after each residual.
/// </remarks>
internal sealed class VisionEncoder : ImageEncoder
{
    private const int ClassRows = 1;

    private readonly LinearWeights _patchEmbedding;
    private readonly Tensor _classToken;
    private readonly Tensor _positions;
    private readonly LayerStack _layers;
    private readonly NormWeights? _norm;
    private readonly NormWeights? _classifierNorm;
    private readonly LinearWeights? _classifier;

    /// <param name="stored">The structure that the weights are for.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="imageSize">The side of the square of pixels to see; null for the one that the weights are for.</param>
    public VisionEncoder(VisionConfig stored, WeightReader weights, int? imageSize = null)
        : this(stored, weights, imageSize is { } size ? stored.WithImageSize(size) : stored)
    {
    }

    private VisionEncoder(VisionConfig stored, WeightReader weights, VisionConfig config)
        : base(config.Preprocessing)
    {
        Config = config;
        int hidden = config.HiddenSize;
        _patchEmbedding = weights.Linear("patch_embedding", config.PatchLength, hidden);
        _classToken = weights.Constant(weights.Values("class_token", hidden), ClassRows, hidden);
        var sizes = new TransformerSizes(hidden, config.Layers, config.Heads, config.FeedForwardSize, config.Epsilon);
        if (config.PostNorm)
        {
            float[] positions = weights.Values("position_embedding.weight", stored.Patches, hidden);
            if (config.GridSize != stored.GridSize)
            {
                positions = SinusoidalPositions.Resize(positions, stored.GridSize, config.GridSize, hidden);
            }

            _positions = weights.Constant(positions, config.Patches, hidden);
            _layers = new LayerStack(weights, sizes, (layer, _) => new PostNormLayer(layer, sizes));
        }
        else
        {
            _layers = new LayerStack(weights, sizes, (layer, _) => new PreNormLayer(layer, sizes), RelativePositionBias.Read(weights, stored, config.GridSize));
        }

        _norm = config.PostNorm || config.FinalNorm ? weights.Norm("encoder.norm", hidden, config.Epsilon) : null;
        if (config.Labels is not null)
        {
            _classifierNorm = weights.Norm("classifier.norm", hidden, config.Epsilon);
            _classifier = weights.Linear("classifier.output", hidden, config.Labels.Count);
        }
    }

    public VisionConfig Config { get; }

    public override int HiddenSize => Config.HiddenSize;

    public override int Layers => Config.Layers;

    public override bool HasClassRow => true;

    public override int RowsBeforeMean => ClassRows;

    public override IReadOnlyList<string>? Classes => Config.Labels;

    protected override int RowsOfImage => ClassRows + Config.Patches;

    /// <inheritdoc/>
    /// <remarks>Inputs are pixels <c>[3, size, size]</c>, normalized as the model wants them.</remarks>
    public override Tensor Forward(
        Inference run, IReadOnlyList<ReadOnlyMemory<float>> inputs, Sequences sequences, int? layer, Observer? observe,
        CancellationToken cancellation)
    {
        Tensor x = run.Allocate(sequences.Rows, HiddenSize);
        EmbedPatches(run, inputs, sequences, x, cancellation);
        if (Config.PostNorm)
        {
            observe?.Invoke("embeddings", x);
            run.LayerNorm(x, _norm!, x);
        }

        _layers.Forward(run, x, sequences, layer, observe, cancellation);
        if (layer is null && Config.FinalNorm)
        {
            run.LayerNorm(x, _norm!, x);
        }

        observe?.Invoke("output", x);
        return x;
    }

    /// <summary>The head of fairseq's <c>Data2VecImageClassificationModel</c>: mean over the patches, normalization, linear layer.</summary>
    public override float[][] Scores(Inference run, Tensor x, Sequences sequences)
    {
        if (_classifierNorm is null || _classifier is null)
        {
            return base.Scores(run, x, sequences);
        }

        Tensor means = run.MeanOfSequences(x, sequences, ClassRows + (Config.PoolSkipsFirstPatch ? 1 : 0));
        run.LayerNorm(means, _classifierNorm, means);
        return [.. RowPooling.Download(run, Head(run, means, _classifier)).Chunk(_classifier.Outputs)];
    }

    private void EmbedPatches(
        Inference run, IReadOnlyList<ReadOnlyMemory<float>> inputs, Sequences sequences, Tensor x, CancellationToken cancellation)
    {
        int length = Config.Patches * Config.PatchLength;
        long mark = run.Mark();
        Tensor patches = run.Allocate(x.Rows, Config.PatchLength, ElementType.F32);
        float[] rented = ArrayPool<float>.Shared.Rent(length);
        try
        {
            for (int i = 0; i < inputs.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                Unfold(inputs[i].Span, rented);
                run.Upload(rented.AsSpan(0, length), patches.SliceRows(sequences.Start(i) + ClassRows, Config.Patches));
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rented);
        }

        // One product for all: what it makes of the undefined rows between the images, the class token replaces.
        run.Linear(patches, _patchEmbedding, x);
        run.Release(mark);
        run.Copy(
            _classToken with { Rows = inputs.Count, Stride = 0 },
            x with { Rows = inputs.Count, Stride = (ClassRows + Config.Patches) * x.Stride });
        for (int i = 0; i < inputs.Count && !_positions.IsEmpty; i++)
        {
            run.Add(x.SliceRows(sequences.Start(i) + ClassRows, Config.Patches), _positions);
        }
    }

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
