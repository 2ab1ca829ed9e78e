using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Data2Vec.Kernels;

/// <summary>Weights in memory, as a model file holds them, on their way to a backend.</summary>
/// <param name="Data">The address of the first byte. The memory must outlive the <see cref="WeightStore"/> they are given to.</param>
/// <param name="Type">The number format.</param>
/// <param name="Layout">The order of the elements.</param>
/// <param name="Shape">The shape in PyTorch's orientation: <c>[outputs, inputs]</c>, <c>[outputs, channels, taps]</c>, <c>[outputs, channels, height, width]</c> or <c>[size]</c>.</param>
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

    /// <summary>What the whole numbers of a row of <see cref="ElementType.I8"/> are multiplied by.</summary>
    internal float Int8Scale(int row) => ((float*)Data)[row];

    /// <summary>Where the numbers begin: after the scales where there are any.</summary>
    internal nint Numbers => Type == ElementType.I8 ? Data + (nint)Int8RowsOffset(Rows) : Data;

    /// <summary>Reads one row as floats, in the order of the shape.</summary>
    public void ReadRow(int row, Span<float> destination)
    {
        int size = RowSize;
        destination = destination[..size];
        switch (Type)
        {
            case ElementType.F32:
                ReadStored(row, destination);
                break;
            case ElementType.F16:
                TensorPrimitives.ConvertToSingle(Stored<Half>(row), destination);
                break;
            case ElementType.BF16:
                Span<uint> bits = MemoryMarshal.Cast<float, uint>(destination);
                TensorPrimitives.ConvertTruncating(Stored<ushort>(row), bits);
                TensorPrimitives.ShiftLeft(bits, 16, bits);
                break;
            case ElementType.I8:
                TensorPrimitives.ConvertTruncating(Stored<sbyte>(row), destination);
                TensorPrimitives.Multiply(destination, Int8Scale(row), destination);
                break;
            default:
                throw new NotSupportedException($"Weights of type {Type} are not supported.");
        }
    }

    /// <summary>Reads one row's numbers as they are stored, in the order of the shape.</summary>
    internal void ReadStored<T>(int row, Span<T> destination)
        where T : unmanaged
    {
        if (Layout == WeightLayout.Rows)
        {
            Stored<T>(row).CopyTo(destination);
            return;
        }

        int channels = Shape[1], taps = RowSize / channels;
        int perUnit = PanelLayout.PerUnit(Type), units = PanelLayout.Units(Type, channels);
        int groupOutputs = Rows / Groups;
        int width = PanelLayout.PanelWidth(groupOutputs, row % groupOutputs / PanelLayout.Width * PanelLayout.Width);
        long start = PanelLayout.Offset(Rows, units * taps, Groups, row, 0);
        for (int tap = 0; tap < taps; tap++)
        {
            for (int channel = 0; channel < channels; channel++)
            {
                long unit = start + (long)(tap * units + channel / perUnit) * width;
                destination[channel * taps + tap] = ((T*)Numbers)[unit * perUnit + channel % perUnit];
            }
        }
    }

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

    /// <summary>One row's numbers as they are stored: where they lie, or a copy.</summary>
    private ReadOnlySpan<T> Stored<T>(int row)
        where T : unmanaged
    {
        int size = RowSize;
        if (Layout == WeightLayout.Rows)
        {
            return new ReadOnlySpan<T>((T*)Numbers + (long)row * size, size);
        }

        var copy = new T[size];
        ReadStored<T>(row, copy);
        return copy;
    }
}
