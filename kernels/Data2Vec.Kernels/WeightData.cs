namespace Data2Vec.Kernels;

/// <summary>Weights in memory, as a model file holds them, on their way to a backend.</summary>
/// <param name="Data">The address of the first byte. The memory must outlive the <see cref="WeightStore"/> that receives the weights.</param>
/// <param name="Type">The number format.</param>
/// <param name="Layout">The order of the elements.</param>
/// <param name="Shape">The shape in PyTorch's orientation: <c>[outputs, inputs]</c>, <c>[outputs, channels, taps]</c>, <c>[outputs, channels, height, width]</c> or <c>[size]</c>.</param>
public sealed unsafe record WeightData(nint Data, ElementType Type, WeightLayout Layout, IReadOnlyList<int> Shape)
{
    /// <summary>The number of groups of a grouped convolution.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>The number of rows: the size of the first dimension.</summary>
    public int Rows => Shape.Count == 0 ? 1 : Shape[0];

    /// <summary>The number of elements of one row.</summary>
    public int RowSize
    {
        get
        {
            int product = 1;
            for (int i = 1; i < Shape.Count; i++)
            {
                product = checked(product * Shape[i]);
            }

            return product;
        }
    }

    /// <summary>The address of the first element. The scales of <see cref="ElementType.I8"/> come before it.</summary>
    public nint Elements => Type == ElementType.I8 ? Data + (nint)Int8RowsOffset(Rows) : Data;

    /// <summary>The bytes before the elements of <see cref="ElementType.I8"/>: one f32 scale for each row, padded to a multiple of 64.</summary>
    public static long Int8RowsOffset(long rows) => checked(rows * sizeof(float) + 63) & ~63L;

    /// <summary>The factor of the elements of a row of <see cref="ElementType.I8"/>.</summary>
    public float Int8Scale(int row) => ((float*)Data)[row];

    /// <summary>Reads one row as floats, in the order of the shape.</summary>
    public void ReadRow(int row, Span<float> destination)
    {
        switch (Type)
        {
            case ElementType.F32:
                Stored<float>(row).CopyTo(destination);
                break;
            case ElementType.F16:
                NumberFormat.Widen(Stored<Half>(row), destination);
                break;
            case ElementType.BF16:
                NumberFormat.Widen(Stored<ushort>(row), destination);
                break;
            case ElementType.I8:
                NumberFormat.Widen(Stored<sbyte>(row), Int8Scale(row), destination);
                break;
            default:
                throw new NotSupportedException($"Weights of type {Type} are not supported.");
        }
    }

    /// <summary>Reads the elements of one row in their stored format, in the order of the shape.</summary>
    /// <typeparam name="T">
    /// <see cref="float"/>, <see cref="Half"/> or its bits as <see cref="ushort"/>, the bits of a bf16 as <see cref="ushort"/>, or <see cref="sbyte"/>.
    /// </typeparam>
    public void ReadStored<T>(int row, Span<T> destination)
        where T : unmanaged
    {
        if (Layout == WeightLayout.Rows)
        {
            Stored<T>(row).CopyTo(destination);
        }
        else
        {
            PanelPacking.UnpackRow(PanelLayout.Create(Type, Shape, Groups), Elements, row, destination);
        }
    }

    /// <summary>Reads all elements as floats, row-major.</summary>
    public float[] ToArray()
    {
        var values = new float[checked(Rows * RowSize)];
        CopyTo(values);
        return values;
    }

    /// <summary>Reads all elements as floats, row-major.</summary>
    public void CopyTo(Span<float> destination)
    {
        if (Layout == WeightLayout.Rows && Type != ElementType.I8)
        {
            (this with { Shape = [1, checked(Rows * RowSize)] }).ReadRow(0, destination);
            return;
        }

        for (int row = 0; row < Rows; row++)
        {
            ReadRow(row, destination.Slice(row * RowSize, RowSize));
        }
    }

    /// <summary>The elements of one row in their stored format: in place if they are contiguous, otherwise copied.</summary>
    private ReadOnlySpan<T> Stored<T>(int row)
        where T : unmanaged
    {
        int size = RowSize;
        if (Layout == WeightLayout.Rows)
        {
            return new ReadOnlySpan<T>((T*)Elements + (long)row * size, size);
        }

        var copy = new T[size];
        ReadStored<T>(row, copy);
        return copy;
    }
}
