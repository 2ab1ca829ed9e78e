namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// The right side of a matrix product: the panels of <see cref="PanelLayout"/>, each found by its address, so that mapped weights and several
/// matrices joined to one layer need no copy. Vectors have an entry for each output, followed by 32 zeros.
/// </summary>
internal readonly unsafe struct PanelMatrix
{
    /// <summary>
    /// Words of the depth processed per panel before the next panel: so much of a panel and of the rows fit into the second-level cache together. Sums of the
    /// parts are added up, which rounds less than one long sum. It depends only on the weights' shape, so no result depends on the batch.
    /// </summary>
    public const int DepthBlock = 384;

    /// <summary>What is multiplied.</summary>
    public ProductType Type { get; init; }

    /// <summary>The format of the panels.</summary>
    public ElementType Storage { get; init; }

    /// <summary>Whether products convert the panels from <see cref="Storage"/> to <see cref="Type"/> as they use them.</summary>
    public bool IsConverted => Type == ProductType.Shorts || (Type == ProductType.Floats && Storage != ElementType.F32);

    /// <summary>The addresses of the panels, group after group.</summary>
    public float** Panels { get; init; }

    public int PanelsPerGroup { get; init; }

    public int GroupOutputs { get; init; }

    public int Groups { get; init; }

    /// <summary>The runs of words of the left side that one output reads.</summary>
    public int Taps { get; init; }

    /// <summary>The words of one tap on the left side.</summary>
    public int Depth { get; init; }

    public float* Bias { get; init; }

    /// <summary>Multiplies the outputs after the activation; or null.</summary>
    public float* Scale { get; init; }

    /// <summary>Multiplies the sums, for weights of i8 and for integers of 16 bits; or null.</summary>
    public float* ColumnScales { get; init; }

    /// <summary>Multiplies the weights that become integers of 16 bits; or null.</summary>
    public float* ColumnFactors { get; init; }

    /// <summary>The sums of the columns, for weights of i8 that are multiplied as bytes; or null.</summary>
    public int* ColumnSums { get; init; }

    /// <summary>
    /// Each sum of integers of 16 bits is over so many numbers of a row, or over a piece of them, from a multiple of their number on.
    /// </summary>
    public int NumbersPerSum => Type.PerWord() * (Groups == 1 ? DepthBlock : Depth <= DepthBlock ? Depth : Groups * Depth);

    public int PanelCount => PanelsPerGroup * Groups;

    /// <summary>The first output of a panel, the number of its outputs, and its width.</summary>
    public (int First, int Count, int Width) Columns(int panel)
    {
        (int group, int index) = Math.DivRem(panel, PanelsPerGroup);
        int first = index * PanelLayout.Width, count = Math.Min(PanelLayout.Width, GroupOutputs - first);
        return (group * GroupOutputs + first, count, count > PanelLayout.NarrowWidth ? PanelLayout.Width : PanelLayout.NarrowWidth);
    }
}

internal sealed class CpuLinear(int inputs, int outputs, PanelMatrix matrix, (WeightData Weight, WeightData? Bias)[] parts, WeightData? scale)
    : LinearWeights(inputs, outputs)
{
    public PanelMatrix Matrix { get; } = matrix;

    /// <summary>The weights as they were given.</summary>
    public (WeightData Weight, WeightData? Bias)[] Parts { get; } = parts;

    /// <summary>The scale as it was given.</summary>
    public WeightData? Scale { get; } = scale;

    internal override bool HasScale => Scale is not null;
}

internal sealed class CpuConv1d(Conv1dShape shape, PanelMatrix matrix, WeightData weight, WeightData? bias) : Conv1dWeights(shape)
{
    public PanelMatrix Matrix { get; } = matrix;

    /// <summary>The weights as they were given.</summary>
    public WeightData Weight { get; } = weight;

    /// <summary>The biases as they were given.</summary>
    public WeightData? Bias { get; } = bias;

    /// <summary>What <see cref="CpuStore.Transposed(CpuConv1d)"/> has created.</summary>
    public PanelMatrix[]? Transposed { get; set; }
}

internal sealed class CpuConv2d(Conv2dShape shape, PanelMatrix matrix) : Conv2dWeights(shape)
{
    /// <summary>The weights. If <see cref="WinogradWeights.Suits"/> says so they are transformed, and each position is a tap.</summary>
    public PanelMatrix Matrix { get; } = matrix;
}

/// <summary>The numbers of a layer normalization; 32 zeros follow gain and bias.</summary>
internal readonly unsafe struct NormValues(int size, float epsilon, float* gain, float* bias)
{
    public readonly int Size = size;
    public readonly float Epsilon = epsilon;
    public readonly float* Gain = gain;
    public readonly float* Bias = bias;
}

internal sealed class CpuNorm(NormValues values, WeightData? weight, WeightData? bias) : NormWeights(values.Size, values.Epsilon)
{
    public NormValues Values { get; } = values;

    /// <summary>The gain as it was given.</summary>
    public WeightData? Weight { get; } = weight;

    /// <summary>The bias as it was given.</summary>
    public WeightData? Bias { get; } = bias;
}

internal sealed class CpuEmbedding(WeightData table) : EmbeddingWeights(table.Rows, table.RowSize)
{
    public WeightData Table { get; } = table;
}
