namespace Data2Vec.Kernels;

/// <summary>
/// Activations <c>[rows, columns]</c> in the working memory of one <see cref="Inference"/>, or of a <see cref="WeightStore"/> for
/// all of its inferences: a handle, without ownership, valid until the memory behind it is released. Rows may lie further apart
/// than they are long.
/// </summary>
/// <param name="Data">Where the first element lies; what it means is the backend's business.</param>
/// <param name="Rows">The number of rows.</param>
/// <param name="Columns">The number of features in a row.</param>
/// <param name="Stride">The distance between the starts of two rows, in elements.</param>
public readonly record struct Tensor(nint Data, int Rows, int Columns, int Stride)
{
    /// <summary>True for the default value, which stands for "no tensor".</summary>
    public bool IsEmpty => Data == 0;

    /// <summary>A view of some neighbouring columns of all rows.</summary>
    public Tensor SliceColumns(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Columns - start);
        return this with { Data = Data + (nint)start * sizeof(float), Columns = count };
    }

    /// <summary>A view of some neighbouring rows.</summary>
    public Tensor SliceRows(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Rows - start);
        return this with { Data = Data + (nint)start * Stride * sizeof(float), Rows = count };
    }

    /// <summary>A row's address, on the CPU.</summary>
    internal unsafe float* Row(int row) => (float*)Data + (nint)row * Stride;
}
