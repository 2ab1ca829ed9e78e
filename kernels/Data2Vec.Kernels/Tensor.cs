namespace Data2Vec.Kernels;

/// <summary>
/// Activations <c>[rows, columns]</c> in the working memory of one <see cref="Inference"/>, or of a <see cref="WeightStore"/> for
/// all of its inferences: a handle, without ownership, valid until the memory behind it is released. Rows may lie further apart
/// than they are long. In bf16 and f16, which devices alone have, rows and slices begin at multiples of 16 bytes.
/// </summary>
/// <param name="Data">Where the first element lies; what it means is the backend's business.</param>
/// <param name="Rows">The number of rows.</param>
/// <param name="Columns">The number of features in a row.</param>
/// <param name="Stride">The distance between the starts of two rows, in elements.</param>
/// <param name="Type">What the numbers are in: <see cref="ElementType.F32"/>, <see cref="ElementType.BF16"/> or <see cref="ElementType.F16"/>.</param>
public readonly record struct Tensor(nint Data, int Rows, int Columns, int Stride, ElementType Type = ElementType.F32)
{
    /// <summary>Numbers of 16 bits that slices begin at multiples of.</summary>
    private const int ShortsTogether = 8;

    /// <summary>True for the default value, which stands for "no tensor".</summary>
    public bool IsEmpty => Data == 0;

    /// <summary>Bytes of a number.</summary>
    internal int ElementSize => Type == ElementType.F32 ? sizeof(float) : sizeof(ushort);

    /// <summary>A view of some neighbouring columns of all rows; in 16 bits they begin at a multiple of 8.</summary>
    /// <exception cref="ArgumentException">They do not.</exception>
    public Tensor SliceColumns(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Columns - start);
        if (Type != ElementType.F32 && start % ShortsTogether != 0)
        {
            throw new ArgumentException($"In {Type}, columns are cut at multiples of {ShortsTogether}.", nameof(start));
        }

        return this with { Data = Data + (nint)start * ElementSize, Columns = count };
    }

    /// <summary>A view of some neighbouring rows.</summary>
    public Tensor SliceRows(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Rows - start);
        return this with { Data = Data + (nint)start * Stride * ElementSize, Rows = count };
    }

    /// <summary>A row's address, on the CPU.</summary>
    internal unsafe float* Row(int row) => (float*)Data + (nint)row * Stride;
}
