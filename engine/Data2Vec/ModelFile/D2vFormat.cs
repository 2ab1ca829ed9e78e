using System.Buffers.Binary;
using Data2Vec.Kernels;

namespace Data2Vec.ModelFile;

/// <summary>The constants and rules of the format that reading and writing share; FORMAT.md has them in words.</summary>
internal static class D2vFormat
{
    public const uint Version = 1;
    public const int Alignment = 64;
    public const int PreambleBytes = 64;
    public const int MaxHeaderBytes = 64 << 20;
    public const int MaxEntries = 65_536;
    public const int MaxNameLength = 255;
    public const int MaxRank = 8;
    public const int MaxDepth = 32;

    // Keeps every later product far from overflow: padding multiplies by at most 16, bytes by 4.
    private const long MaxElements = 1L << 48;
    private const int MaxMatrixSide = 1 << 30;

    public static ReadOnlySpan<byte> Magic => "D2V\0"u8;

    /// <summary>The bytes that a preamble says the whole file has.</summary>
    public static ulong FileLength(ReadOnlySpan<byte> preamble) => BinaryPrimitives.ReadUInt64LittleEndian(preamble[16..]);

    public static long Align(long position) => checked(position + (Alignment - 1)) & -Alignment;

    public static bool IsName(string name) =>
        name.Length is >= 1 and <= MaxNameLength
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    public static string TypeName(ElementType type) => type switch
    {
        ElementType.F32 => "f32",
        ElementType.F16 => "f16",
        ElementType.BF16 => "bf16",
        ElementType.I8 => "i8",
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    public static ElementType? ParseType(string name) => name switch
    {
        "f32" => ElementType.F32,
        "f16" => ElementType.F16,
        "bf16" => ElementType.BF16,
        "i8" => ElementType.I8,
        _ => null,
    };

    /// <summary>The bytes before an i8 tensor's rows: one f32 for each row, padded with zeros to 64 bytes.</summary>
    public static long ScaleBytes(int rows) => Align((long)rows * sizeof(float));

    /// <summary>The size of a tensor's data, or what is wrong with the tensor.</summary>
    /// <returns>Null, or a complaint that can follow "tensor '…' ".</returns>
    public static string? Measure(
        ElementType type, WeightLayout layout, IReadOnlyList<int> shape, int groups, out long bytes)
    {
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

        if (layout == WeightLayout.Panels)
        {
            return MeasurePanels(type, shape, groups, elements, out bytes);
        }

        if (layout != WeightLayout.Rows)
        {
            return "has an unknown layout";
        }

        if (groups != 1)
        {
            return $"has {groups} groups; only the layout 'panels' has groups";
        }

        switch (type)
        {
            case ElementType.F32:
                bytes = elements * sizeof(float);
                return null;
            case ElementType.F16 or ElementType.BF16:
                bytes = elements * sizeof(ushort);
                return null;
            case ElementType.I8 when shape.Count < 2:
                return $"is i8 and has {shape.Count} dimensions; i8 needs rows, hence at least 2";
            case ElementType.I8:
                bytes = ScaleBytes(shape[0]) + elements;
                return null;
            default:
                return "has an unknown dtype";
        }
    }

    private static string? MeasurePanels(
        ElementType type, IReadOnlyList<int> shape, int groups, long elements, out long bytes)
    {
        bytes = 0;
        if (type == ElementType.F16)
        {
            return "has the layout 'panels', which f16 cannot have";
        }

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

        long taps = elements / shape[0] / shape[1];
        long depth = taps * PanelLayout.Units(type, shape[1]);
        if (shape[0] > MaxMatrixSide || depth > MaxMatrixSide)
        {
            return $"is too large for panels: [{string.Join(", ", shape)}]";
        }

        bytes = sizeof(float) * PanelLayout.Size(shape[0], (int)depth, groups) + (type == ElementType.I8 ? ScaleBytes(shape[0]) : 0);
        return null;
    }
}
