namespace Data2Vec.Kernels;

/// <summary>The order in which a weight's elements lie in memory and in a model file.</summary>
public enum WeightLayout
{
    /// <summary>Row-major, in PyTorch's orientation.</summary>
    Rows,

    /// <summary>
    /// The order matrix products read, so that a file can be mapped and used without a copy. The weight is seen as
    /// <c>groups</c> matrices of <c>outputs</c> rows and <c>depth</c> columns, where for a convolution
    /// <c>[outputs, channels, taps]</c> the column is <c>tap * channels + channel</c>. Each matrix is cut into panels of
    /// 32 outputs, the last one of 16 where 16 are enough; a panel holds, for each column, its outputs side by side.
    /// Outputs past the last are zeros. Of bf16 two and of i8 four neighbouring channels of a tap share a place of 32 bits, as
    /// the processors' dot products take them.
    /// </summary>
    Panels,
}
