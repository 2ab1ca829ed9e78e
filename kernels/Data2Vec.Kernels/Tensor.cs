namespace Data2Vec.Kernels;

/// <summary>
/// Activations <c>[rows, columns]</c> in the working memory of one <see cref="Inference"/>, or in that of a <see cref="WeightStore"/> for all of
/// its inferences. A tensor is a handle without ownership, valid until its memory is released. Rows may be further apart than they are
/// long. In bf16 and f16, which only devices have, rows and slices begin at multiples of 16 bytes.
/// </summary>
/// <param name="Data">The address of the first element; the backend defines its meaning.</param>
/// <param name="Rows">The number of rows.</param>
/// <param name="Columns">The number of features in a row.</param>
/// <param name="Stride">The distance between the starts of two rows, in elements.</param>
/// <param name="Type">The number format: <see cref="ElementType.F32"/>, <see cref="ElementType.BF16"/> or <see cref="ElementType.F16"/>.</param>
public readonly record struct Tensor(nint Data, int Rows, int Columns, int Stride, ElementType Type = ElementType.F32)
{
    /// <summary>Slices of 16-bit numbers begin at multiples of this.</summary>
    private const int ShortAlignment = 8;

    /// <summary>No tensor: the default value.</summary>
    public static Tensor None => default;

    /// <summary>Whether this is <see cref="None"/>.</summary>
    public bool IsEmpty => Data == 0;

    /// <summary>The size of an element in bytes.</summary>
    public int ElementSize => NumberFormat.Size(Type);

    /// <summary>A view of neighbouring columns of all rows. In 16 bits it begins at a multiple of 8.</summary>
    /// <exception cref="ArgumentException">The tensor does not have these columns, or they begin at another place.</exception>
    public Tensor SliceColumns(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Columns - start);
        if (Type != ElementType.F32 && start % ShortAlignment != 0)
        {
            throw new ArgumentException($"In {Type}, slices of columns begin at multiples of {ShortAlignment}.", nameof(start));
        }

        return this with { Data = Data + (nint)start * ElementSize, Columns = count };
    }

    /// <summary>A view of neighbouring rows.</summary>
    /// <exception cref="ArgumentException">The tensor does not have these rows.</exception>
    public Tensor SliceRows(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Rows - start);
        return this with { Data = Data + (nint)start * Stride * ElementSize, Rows = count };
    }

    /// <summary>The address of a row of an f32 tensor whose <see cref="Data"/> is an address in the process's memory.</summary>
    public unsafe float* Row(int row) => (float*)Data + (nint)row * Stride;
}
