namespace Data2Vec.Kernels;

/// <summary>The arithmetic of <see cref="WeightLayout.Panels"/>: where each element of a weight lies.</summary>
/// <remarks>
/// A weight is <see cref="Groups"/> matrices, one after another, of <see cref="GroupOutputs"/> rows and <see cref="Depth"/> columns. Each
/// matrix is cut into panels of 32 rows. A panel of width <c>w</c> holds the word of row <c>j</c>, column <c>k</c> at <c>k * w + j</c>. A
/// word has 32 bits: one f32, two f16 or bf16, or four i8 of neighbouring channels.
/// </remarks>
public readonly record struct PanelLayout
{
    /// <summary>The number of outputs side by side in a panel.</summary>
    public const int Width = 32;

    /// <summary>The width of a last panel that has no more outputs than this.</summary>
    public const int NarrowWidth = 16;

    /// <summary>Describes a weight <c>[outputs, channels, taps]</c>.</summary>
    /// <param name="type">The number format.</param>
    /// <param name="outputs">The outputs of all groups together.</param>
    /// <param name="channels">The channels that one output reads.</param>
    /// <param name="taps">The taps of a convolution: the product of the dimensions after the second.</param>
    /// <param name="groups">The number of groups; divides <paramref name="outputs"/>.</param>
    /// <exception cref="ArgumentException">The format has no panels, a size is not positive, or the groups do not divide the outputs.</exception>
    /// <exception cref="OverflowException">A row has more than 2^31 - 1 words.</exception>
    public PanelLayout(ElementType type, int outputs, int channels, int taps = 1, int groups = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(taps);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        if (outputs % groups != 0)
        {
            throw new ArgumentException($"{outputs} outputs do not split into {groups} equal groups", nameof(groups));
        }

        (Type, Outputs, Channels, Taps, Groups) = (type, outputs, channels, taps, groups);
        ElementsPerWord = PerWord(type);
        WordsPerTap = Words(type, channels);
        Depth = checked(WordsPerTap * taps);
    }

    /// <summary>The number format.</summary>
    public ElementType Type { get; }

    /// <summary>The outputs of all groups together.</summary>
    public int Outputs { get; }

    /// <summary>The channels that one output reads.</summary>
    public int Channels { get; }

    /// <summary>The taps of a convolution.</summary>
    public int Taps { get; }

    /// <summary>The number of groups.</summary>
    public int Groups { get; }

    /// <summary>The elements in a word of 32 bits.</summary>
    public int ElementsPerWord { get; }

    /// <summary>The words of the channels of one tap. Unused elements of the last word are zero.</summary>
    public int WordsPerTap { get; }

    /// <summary>The words of one output: the columns of a group's matrix.</summary>
    public int Depth { get; }

    /// <summary>The outputs of one group.</summary>
    public int GroupOutputs => Outputs / Groups;

    /// <summary>The panels of one group.</summary>
    public int PanelsPerGroup => (GroupOutputs - 1) / Width + 1;

    /// <summary>The panels of all groups.</summary>
    public int Panels => PanelsPerGroup * Groups;

    /// <summary>The outputs of one group with the absent ones that fill its last panel.</summary>
    public int PaddedGroupOutputs => checked((PanelsPerGroup - 1) * Width + PanelWidth(PanelsPerGroup - 1));

    /// <summary>The words of the whole weight, zeros for absent outputs included.</summary>
    public long WordCount => checked((long)PaddedGroupOutputs * Groups * Depth);

    /// <summary>The layout that a model file has for a weight matrix or convolution: what the processor's products read, if it has such panels.</summary>
    /// <param name="type">The number format.</param>
    /// <param name="dimensions">The number of dimensions of the weight: 2 for a linear layer.</param>
    public static WeightLayout LayoutFor(ElementType type, int dimensions) => type switch
    {
        ElementType.F32 or ElementType.F16 or ElementType.BF16 when dimensions >= 2 => WeightLayout.Panels,
        ElementType.I8 when dimensions == 2 => WeightLayout.Panels,
        _ => WeightLayout.Rows,
    };

    /// <summary>Describes a weight by its shape in PyTorch's orientation, which has at least two dimensions.</summary>
    /// <exception cref="ArgumentException">The format has no panels, or the shape or the groups do not fit.</exception>
    public static PanelLayout Create(ElementType type, IReadOnlyList<int> shape, int groups = 1)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return shape.Count >= 2
            ? new PanelLayout(type, shape[0], shape[1], shape.Skip(2).Aggregate(1, (product, size) => checked(product * size)), groups)
            : throw new ArgumentException("a weight in panels has at least two dimensions", nameof(shape));
    }

    /// <summary>The elements of a format in a word of 32 bits.</summary>
    /// <exception cref="ArgumentException">The format has no panels.</exception>
    public static int PerWord(ElementType type) => type switch
    {
        ElementType.F32 => 1,
        ElementType.F16 or ElementType.BF16 => 2,
        ElementType.I8 => 4,
        _ => throw new ArgumentException($"there are no panels of {type}", nameof(type)),
    };

    /// <summary>The words that hold some channels.</summary>
    /// <exception cref="ArgumentException">The format has no panels.</exception>
    public static int Words(ElementType type, int channels) => (channels - 1) / PerWord(type) + 1;

    /// <summary>The width, 32 or 16, of a panel, counted over all groups.</summary>
    public int PanelWidth(int panel) => GroupOutputs - panel % PanelsPerGroup * Width > NarrowWidth ? Width : NarrowWidth;

    /// <summary>The first output of a panel, and the number of its outputs; the rest of the panel's width is zeros.</summary>
    public (int First, int Count) PanelOutputs(int panel)
    {
        (int group, int index) = Math.DivRem(panel, PanelsPerGroup);
        return (group * GroupOutputs + index * Width, Math.Min(Width, GroupOutputs - index * Width));
    }

    /// <summary>The words before a panel.</summary>
    public long PanelOffset(int panel)
    {
        (int group, int index) = Math.DivRem(panel, PanelsPerGroup);
        return ((long)group * PaddedGroupOutputs + (long)index * Width) * Depth;
    }

    /// <summary>The elements before one element of the weight.</summary>
    /// <param name="output">The output, counted over all groups.</param>
    /// <param name="channel">The channel, counted within the group.</param>
    /// <param name="tap">The tap.</param>
    public long Offset(int output, int channel, int tap)
    {
        (int group, int row) = Math.DivRem(output, GroupOutputs);
        int panel = group * PanelsPerGroup + row / Width, column = tap * WordsPerTap + channel / ElementsPerWord;
        return (PanelOffset(panel) + (long)column * PanelWidth(panel) + row % Width) * ElementsPerWord + channel % ElementsPerWord;
    }
}
