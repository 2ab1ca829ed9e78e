namespace Data2Vec.Kernels;

/// <summary>The order in which a weight's elements lie in memory and in a model file.</summary>
public enum WeightLayout
{
    /// <summary>Row-major, in PyTorch's orientation.</summary>
    Rows,

    /// <summary>
    /// The order in which matrix products read, so that a mapped file is used without a copy. The weight is seen as <c>groups</c> matrices
    /// of <c>outputs</c> rows and <c>depth</c> columns. For a convolution <c>[outputs, channels, taps]</c> the column is
    /// <c>tap * channels + channel</c>. Each matrix is cut into panels of 32 outputs; the last panel has 16 if they are enough. A panel
    /// holds, for each column, its outputs side by side, with zeros for outputs past the last. Two f16 or bf16 or four i8 of
    /// neighbouring channels of a tap share a word of 32 bits, as the processors' dot products read them. <see cref="PanelLayout"/> has the arithmetic.
    /// </summary>
    Panels,
}
