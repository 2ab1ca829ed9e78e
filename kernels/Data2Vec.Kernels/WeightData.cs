using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Data2Vec.Kernels;

/// <summary>Weights in memory, as a model file holds them, on their way to a backend.</summary>
/// <param name="Data">The address of the first byte. The memory must outlive the <see cref="WeightStore"/> they are given to.</param>
/// <param name="Type">The number format.</param>
/// <param name="Layout">The order of the elements.</param>
/// <param name="Shape">The shape in PyTorch's orientation: <c>[outputs, inputs]</c>, <c>[outputs, channels, taps]</c> or <c>[size]</c>.</param>
public sealed unsafe record WeightData(nint Data, ElementType Type, WeightLayout Layout, IReadOnlyList<int> Shape)
{
    /// <summary>Into how many groups the outputs of a convolution fall.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>The number of rows: the size of the first dimension.</summary>
    public int Rows => Shape.Count == 0 ? 1 : Shape[0];

    /// <summary>The number of elements of one row.</summary>
    public int RowSize => Shape.Skip(1).Aggregate(1, (product, size) => checked(product * size));

    /// <summary>Where the rows of <see cref="ElementType.I8"/> begin: after one f32 scale a row, at a multiple of 64.</summary>
    public static long Int8RowsOffset(long rows) => (rows * sizeof(float) + 63) & ~63L;

    /// <summary>Reads one row as floats, in the order of the shape.</summary>
    public void ReadRow(int row, Span<float> destination)
    {
        int size = RowSize;
        long start = (long)row * size;
        destination = destination[..size];
        if (Layout == WeightLayout.Panels)
        {
            ReadPanelRow(row, destination);
            return;
        }

        switch (Type)
        {
            case ElementType.F32:
                new ReadOnlySpan<float>((float*)Data + start, size).CopyTo(destination);
                break;
            case ElementType.F16:
                TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>((Half*)Data + start, size), destination);
                break;
            case ElementType.BF16:
                TensorPrimitives.ConvertTruncating<ushort, uint>(
                    new ReadOnlySpan<ushort>((ushort*)Data + start, size), MemoryMarshal.Cast<float, uint>(destination));
                TensorPrimitives.ShiftLeft(MemoryMarshal.Cast<float, uint>(destination), 16, MemoryMarshal.Cast<float, uint>(destination));
                break;
            case ElementType.I8:
                TensorPrimitives.ConvertTruncating(Int8Row(row), destination);
                TensorPrimitives.Multiply(destination, Int8Scale(row), destination);
                break;
            default:
                throw new NotSupportedException($"Weights of type {Type} are not supported.");
        }
    }

    /// <summary>The whole numbers of a row of <see cref="ElementType.I8"/>, which <see cref="Int8Scale"/> multiplies.</summary>
    internal ReadOnlySpan<sbyte> Int8Row(int row) => new((sbyte*)Int8Numbers + (long)row * RowSize, RowSize);

    /// <summary>Where the whole numbers of <see cref="ElementType.I8"/> begin, in either layout.</summary>
    internal nint Int8Numbers => Data + (nint)Int8RowsOffset(Rows);

    /// <summary>What the whole numbers of a row of <see cref="ElementType.I8"/> are multiplied by.</summary>
    internal float Int8Scale(int row) => ((float*)Data)[row];

    /// <summary>Reads all elements as floats, row-major.</summary>
    public float[] ToArray()
    {
        var values = new float[checked(Rows * RowSize)];
        for (int row = 0; row < Rows; row++)
        {
            ReadRow(row, values.AsSpan(row * RowSize));
        }

        return values;
    }

    private void ReadPanelRow(int row, Span<float> destination)
    {
        int channels = Shape[1], taps = destination.Length / channels;
        int perUnit = PanelLayout.PerUnit(Type), units = PanelLayout.Units(Type, channels), depth = units * taps;
        int groupOutputs = Rows / Groups;
        int width = PanelLayout.PanelWidth(groupOutputs, row % groupOutputs / PanelLayout.Width * PanelLayout.Width);
        long start = PanelLayout.Offset(Rows, depth, Groups, row, 0);
        for (int tap = 0; tap < taps; tap++)
        {
            for (int channel = 0; channel < channels; channel++)
            {
                long at = (start + (long)(tap * units + channel / perUnit) * width) * perUnit + channel % perUnit;
                destination[channel * taps + tap] = Type switch
                {
                    ElementType.F32 => ((float*)Data)[at],
                    ElementType.BF16 => BitConverter.UInt32BitsToSingle((uint)((ushort*)Data)[at] << 16),
                    _ => Int8Scale(row) * ((sbyte*)Int8Numbers)[at],
                };
            }
        }
    }
}
