namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// The right side of a matrix product: for each group of outputs the panels of <see cref="PanelLayout"/>, each found by a
/// pointer, so that weights mapped from a file and several matrices given together need no copy.
/// </summary>
/// <param name="Panels">The panels' addresses, group after group.</param>
/// <param name="PanelsPerGroup">The number of panels of one group.</param>
/// <param name="GroupOutputs">The number of outputs of one group.</param>
/// <param name="Groups">The number of groups.</param>
/// <param name="Taps">Stretches of an input row that one output sees.</param>
/// <param name="TapDepth">Numbers in such a stretch.</param>
/// <param name="Bias">One number for each output, and zeros to a multiple of 32.</param>
/// <param name="Scale">The same, or null.</param>
internal sealed record PanelMatrix(
    nint Panels, int PanelsPerGroup, int GroupOutputs, int Groups, int Taps, int TapDepth, nint Bias, nint Scale)
{
    /// <summary>F32, or the format of the 32-bit units that the panels hold and <see cref="TapDepth"/> counts.</summary>
    public ElementType Type { get; init; }

    /// <summary>What each output's sum is multiplied by first, and zeros to a multiple of 32; null where it is 1.</summary>
    public nint ColumnScale { get; init; }

    /// <summary>What is subtracted from each output's sum of bytes, and zeros to a multiple of 32.</summary>
    public nint ColumnSums { get; init; }
}

internal sealed class CpuLinear(int inputs, int outputs, PanelMatrix matrix) : LinearWeights(inputs, outputs)
{
    public PanelMatrix Matrix { get; } = matrix;
}

internal sealed class CpuConv1d(Conv1dShape shape, PanelMatrix matrix) : Conv1dWeights(shape)
{
    public PanelMatrix Matrix { get; } = matrix;
}

internal sealed class CpuConv2d(Conv2dShape shape, PanelMatrix matrix) : Conv2dWeights(shape)
{
    public PanelMatrix Matrix { get; } = matrix;
}

/// <summary>A layer normalization's numbers; gain and bias have zeros to a multiple of 32 behind them.</summary>
internal readonly unsafe struct NormValues(int size, float epsilon, float* gain, float* bias)
{
    public readonly int Size = size;
    public readonly float Epsilon = epsilon;
    public readonly float* Gain = gain;
    public readonly float* Bias = bias;
}

internal sealed class CpuNorm(NormValues values) : NormWeights(values.Size, values.Epsilon)
{
    public NormValues Values { get; } = values;
}

internal sealed class CpuEmbedding(WeightData table) : EmbeddingWeights(table.Rows, table.RowSize)
{
    public WeightData Table { get; } = table;
}
