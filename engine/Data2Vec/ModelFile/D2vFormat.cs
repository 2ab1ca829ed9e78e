namespace Data2Vec.ModelFile;

/// <summary>The constants and rules that reading and writing share. FORMAT.md explains them.</summary>
internal static class D2vFormat
{
    public const uint Version = 1;
    public const int Alignment = 64;
    public const int MaxHeaderBytes = 64 << 20;
    public const int MaxEntries = 65_536;
    public const int MaxNameLength = 255;
    public const int MaxRank = 8;
    public const int MaxDepth = 32;

    /// <summary>What a name must be, for messages.</summary>
    public const string NameRule = "1 to 255 letters, digits, '.', '_', '-'";

    // Keeps every later product far from overflow: padding multiplies by at most 16, bytes by 4.
    private const long MaxElements = 1L << 48;
    private const int MaxMatrixSide = 1 << 30;

    /// <summary>The names of the number formats in the header.</summary>
    public static readonly (string Name, ElementType Type)[] TypeNames =
        [("f32", ElementType.F32), ("f16", ElementType.F16), ("bf16", ElementType.BF16), ("i8", ElementType.I8)];

    public static ReadOnlySpan<byte> Magic => "D2V\0"u8;

    public static long Align(long position) => checked(position + (Alignment - 1)) & -Alignment;

    public static bool IsName(string name) =>
        name.Length is >= 1 and <= MaxNameLength
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    public static string TypeName(ElementType type) => Array.Find(TypeNames, named => named.Type == type).Name;

    /// <summary>Computes the size of a tensor's data, or what is wrong with the tensor.</summary>
    /// <returns>Null, or a complaint that continues "tensor '…' ".</returns>
    public static string? Measure(TensorDeclaration tensor, out long bytes)
    {
        (_, ElementType type, IReadOnlyList<int> shape, WeightLayout layout, int groups) = tensor;
        bytes = 0;
        if (shape.Count > MaxRank)
        {
            return $"has {shape.Count} dimensions; {MaxRank} is the most";
        }

        long elements = 1;
        foreach (int size in shape)
        {
            if (size < 1)
            {
                return $"has a dimension of {size}; 1 is the least";
            }

            if (elements > MaxElements / size)
            {
                return $"has more than {MaxElements} elements: [{string.Join(", ", shape)}]";
            }

            elements *= size;
        }

        if (!Enum.IsDefined(type))
        {
            return "has an unknown dtype";
        }

        string? complaint = layout switch
        {
            WeightLayout.Rows => MeasureRows(type, shape, groups, elements, out bytes),
            WeightLayout.Panels => MeasurePanels(type, shape, groups, elements, out bytes),
            _ => "has an unknown layout",
        };
        if (complaint is null && type == ElementType.I8)
        {
            bytes += WeightData.Int8RowsOffset(shape[0]);
        }

        return complaint;
    }

    private static string? MeasureRows(ElementType type, IReadOnlyList<int> shape, int groups, long elements, out long bytes)
    {
        bytes = elements * NumberFormat.Size(type);
        return groups != 1 ? $"has {groups} groups; only the layout 'panels' has groups"
            : type == ElementType.I8 && shape.Count < 2 ? $"is i8 and has {shape.Count} dimensions; i8 needs rows, hence at least 2"
            : null;
    }

    private static string? MeasurePanels(ElementType type, IReadOnlyList<int> shape, int groups, long elements, out long bytes)
    {
        bytes = 0;
        if (shape.Count < 2)
        {
            return $"has the layout 'panels' and {shape.Count} dimensions; it needs at least 2";
        }

        if (type == ElementType.I8 && (shape.Count > 2 || groups != 1))
        {
            return "is i8 with the layout 'panels', which is for linear layers: 2 dimensions, 1 group";
        }

        if (groups < 1 || shape[0] % groups != 0)
        {
            return $"has {shape[0]} outputs, which do not split into {groups} groups";
        }

        long depth = elements / shape[0] / shape[1] * PanelLayout.Words(type, shape[1]);
        if (shape[0] > MaxMatrixSide || depth > MaxMatrixSide)
        {
            return $"is too large for panels: [{string.Join(", ", shape)}]";
        }

        bytes = sizeof(float) * PanelLayout.Create(type, shape, groups).WordCount;
        return null;
    }
}
