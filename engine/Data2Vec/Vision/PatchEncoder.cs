using System.Buffers;

namespace Data2Vec.Vision;

/// <summary>
/// A transformer over the patches of an image. The rows of an image are its class token, then its patches row by row, each a linear function of its
/// pixels, with position vectors if the model has them.
/// </summary>
internal abstract class PatchEncoder : ImageEncoder
{
    protected const int ClassRows = 1;

    private readonly LinearWeights _patchEmbedding;

    /// <summary>Declares the patch embedding and the class token.</summary>
    /// <param name="config">The structure, for the size of the images to see.</param>
    /// <param name="parameters">The parameters.</param>
    protected PatchEncoder(PatchConfig config, ParameterScope parameters)
        : base(config.Preprocessing)
    {
        Config = config;
        _patchEmbedding = parameters.Projection("patch_embedding", config.PatchLength, config.HiddenSize);
        ClassTokenWeights = parameters.Constant(new Parameter("class_token", [config.HiddenSize], ParameterRole.Constant) { Initial = InitialValue.Normal(0.02f) })!;
    }

    public override PatchConfig Config { get; }

    public override bool HasClassRow => true;

    public override int RowsBeforeMean => ClassRows;

    protected override int RowsOfImage => ClassRows + Config.Patches;

    protected WeightData ClassTokenWeights { get; }

    /// <summary>The first row of every image.</summary>
    protected Tensor ClassToken { get; init; }

    /// <summary>What is added to the patches, <c>[patches, hidden]</c>, or no tensor.</summary>
    protected Tensor Positions { get; init; }

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
        run.Linear(patches, _patchEmbedding, x, residual: PositionsOf(run, sequences));
        run.Copy(
            ClassToken with { Rows = inputs.Count, Stride = 0 },
            x with { Rows = inputs.Count, Stride = RowsOfImage * x.Stride });
        run.Release(mark);
        observer?.Point("embeddings", x);
        return x;
    }

    protected static Tensor Normalize(Inference run, Tensor x, NormWeights norm)
    {
        Tensor normed = run.Reuse(x);
        run.LayerNorm(x, norm, normed);
        return normed;
    }

    /// <summary>The position vectors of all images, or no tensor.</summary>
    private Tensor PositionsOf(Inference run, Sequences sequences)
    {
        if (Positions.IsEmpty)
        {
            return default;
        }

        Tensor positions = run.Allocate(sequences.Rows, Config.HiddenSize, ElementType.F32);
        for (int i = 0; i < sequences.Count; i++)
        {
            run.Copy(Positions, positions.SliceRows(sequences.Start(i) + ClassRows, Config.Patches));
        }

        return positions;
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
