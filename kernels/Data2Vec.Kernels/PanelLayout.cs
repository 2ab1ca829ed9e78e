namespace Data2Vec.Kernels;

/// <summary>
/// The arithmetic of <see cref="WeightLayout.Panels"/>: where each element of a weight lies.
/// </summary>
/// <remarks>
/// A weight is <c>groups</c> matrices of <c>outputs / groups</c> rows and <c>depth</c> columns, one after another. Each
/// matrix is a row of panels; a panel of width <c>w</c> holds element (column <c>k</c>, output <c>j</c>) at
/// <c>k * w + j</c>. All positions count units of 32 bits: a f32, or two bf16 or four i8 of neighbouring channels.
/// </remarks>
public static class PanelLayout
{
    /// <summary>The number of outputs side by side in a panel.</summary>
    public const int Width = 32;

    /// <summary>The width of a last panel that has no more outputs than this.</summary>
    public const int NarrowWidth = 16;

    /// <summary>Numbers of a format in a unit.</summary>
    /// <exception cref="ArgumentException">Panels do not hold the format.</exception>
    public static int PerUnit(ElementType type) => type switch
    {
        ElementType.F32 => 1,
        ElementType.BF16 => 2,
        ElementType.I8 => 4,
        _ => throw new ArgumentException($"panels do not hold {type}", nameof(type)),
    };

    /// <summary>Units that the channels of one tap take; what is left of the last one is zero.</summary>
    public static int Units(ElementType type, int channels) => (int)(((long)channels + PerUnit(type) - 1) / PerUnit(type));

    /// <summary>The number of outputs that a group of <paramref name="groupOutputs"/> outputs takes up in its panels.</summary>
    public static int PaddedOutputs(int groupOutputs)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groupOutputs);
        int whole = groupOutputs / Width * Width;
        return groupOutputs == whole ? whole : checked(whole + PanelWidth(groupOutputs, whole));
    }

    /// <summary>The number of panels of a group of <paramref name="groupOutputs"/> outputs.</summary>
    public static int Panels(int groupOutputs)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groupOutputs);
        return (groupOutputs - 1) / Width + 1;
    }

    /// <summary>The width, 32 or 16, of the panel that begins at <paramref name="firstOutput"/>, a multiple of 32.</summary>
    public static int PanelWidth(int groupOutputs, int firstOutput) =>
        groupOutputs - firstOutput > NarrowWidth ? Width : NarrowWidth;

    /// <summary>The number of units of a whole weight, zeros for absent outputs included.</summary>
    /// <param name="outputs">The outputs of all groups together: the first number of the weight's shape.</param>
    /// <param name="depth">The columns of a matrix: the <see cref="Units"/> of a group's channels times taps.</param>
    /// <param name="groups">The number of groups; divides <paramref name="outputs"/>.</param>
    public static long Size(int outputs, int depth, int groups = 1) =>
        checked((long)PaddedOutputs(GroupOutputs(outputs, groups)) * groups * depth);

    /// <summary>The position of the panel that begins at <paramref name="firstOutput"/> in the matrix of its group.</summary>
    public static long PanelOffset(int depth, int firstOutput) => (long)firstOutput * depth;

    /// <summary>The position of one unit of a weight.</summary>
    /// <param name="outputs">The outputs of all groups together.</param>
    /// <param name="depth">The columns of a matrix.</param>
    /// <param name="groups">The number of groups.</param>
    /// <param name="output">The output, counted over all groups.</param>
    /// <param name="column">The column: for a convolution the tap times the units of its channels, and the unit of the channel.</param>
    public static long Offset(int outputs, int depth, int groups, int output, int column)
    {
        int groupOutputs = GroupOutputs(outputs, groups);
        (int group, int row) = Math.DivRem(output, groupOutputs);
        int first = row / Width * Width;
        return (long)group * PaddedOutputs(groupOutputs) * depth
            + PanelOffset(depth, first)
            + (long)column * PanelWidth(groupOutputs, first)
            + (row - first);
    }

    private static int GroupOutputs(int outputs, int groups)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        return outputs % groups == 0
            ? outputs / groups
            : throw new ArgumentException($"{outputs} outputs do not split into {groups} equal groups", nameof(groups));
    }
}
