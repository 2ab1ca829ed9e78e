using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>How many numbers of a row a thread has.</summary>
internal interface INormSize
{
    /// <summary>Eights: 2, 3 or 4, of rows up to 512, 768 or 1024 numbers.</summary>
    static abstract int Eights { get; }
}

internal struct NormSize512 : INormSize
{
    public static int Eights => 2;
}

internal struct NormSize768 : INormSize
{
    public static int Eights => 3;
}

internal struct NormSize1024 : INormSize
{
    public static int Eights => 4;
}

/// <summary>
/// <see cref="RowKernels.Normalize"/> for devices of CUDA and rows that the registers of a warp have room for: each number is loaded once.
/// </summary>
internal static class WarpNormKernel
{
    /// <summary>Threads of a group.</summary>
    public const int Threads = 256;

    /// <summary>Groups that a multiprocessor has registers for.</summary>
    public const int GroupsAtOnce = 4;

    /// <summary>Rows of a group.</summary>
    public const int Rows = Threads / 32;

    /// <param name="x"><c>[rows, columns]</c>.</param>
    /// <param name="residual">The same.</param>
    /// <param name="vectors">Gain, then bias.</param>
    /// <param name="output">May be one of the two.</param>
    /// <param name="sizes">The sizes; columns are a multiple of eight.</param>
    public static void Normalize<TSize>(ArrayView<float> x, ArrayView<float> residual, ArrayView<float> vectors, ArrayView<float> output, NormArguments sizes)
        where TSize : struct, INormSize
    {
        int column = (Group.IdxX & 31) * 8, row = Grid.IdxX * Rows + (Group.IdxX >> 5);
        int count = row < sizes.Rows ? sizes.Columns - column : 0;
        Eight first = Sum(x, residual, sizes, row, column, count), second = Sum(x, residual, sizes, row, column + 256, count - 256), third = default, fourth = default;
        if (TSize.Eights > 2)
        {
            third = Sum(x, residual, sizes, row, column + 512, count - 512);
        }

        if (TSize.Eights > 3)
        {
            fourth = Sum(x, residual, sizes, row, column + 768, count - 768);
        }

        Normalize<TSize>(vectors, output, sizes, row, column, count, first, second, third, fourth);
    }

    /// <summary><see cref="MatrixKernel.FinishSums"/>, and the normalization of what comes of it; a row for each group.</summary>
    /// <param name="sums">The sums of all slices of a product of one group, whose columns are a multiple of eight.</param>
    /// <param name="vectors">As the product takes them.</param>
    /// <param name="residual">Added to the product.</param>
    /// <param name="output">What is normalized, stored where it is elsewhere than the result.</param>
    /// <param name="normVectors">Gain, then bias.</param>
    /// <param name="normed">The result; may be one of the two.</param>
    /// <param name="product">The sizes of the product, of which no activation follows.</param>
    /// <param name="sizes">Those of the normalization.</param>
    public static void NormalizeSums<TSize>(
        ArrayView<float> sums, ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output, ArrayView<float> normVectors,
        ArrayView<float> normed, MatrixArguments product, NormArguments sizes)
        where TSize : struct, INormSize
    {
        int column = Group.IdxX * 8, row = Grid.IdxX, count = sizes.Columns - column;
        int place = MatrixKernel.PlaceOfSums(product, 0, row, column);
        Eight first = default, second = default, third = default, fourth = default;
        for (int k = 0; k < product.Depth; k += product.SliceDepth)
        {
            first += Eight.Load(sums, place, count, Four.Aligned);
            second += Eight.Load(sums, place + 256, count - 256, Four.Aligned);
            if (TSize.Eights > 2)
            {
                third += Eight.Load(sums, place + 512, count - 512, Four.Aligned);
            }

            if (TSize.Eights > 3)
            {
                fourth += Eight.Load(sums, place + 768, count - 768, Four.Aligned);
            }

            place += product.Rows * product.ColumnFours * 4;
        }

        first = Finish(vectors, residual, output, product, sizes, row, column, count, first);
        second = Finish(vectors, residual, output, product, sizes, row, column + 256, count - 256, second);
        if (TSize.Eights > 2)
        {
            third = Finish(vectors, residual, output, product, sizes, row, column + 512, count - 512, third);
        }

        if (TSize.Eights > 3)
        {
            fourth = Finish(vectors, residual, output, product, sizes, row, column + 768, count - 768, fourth);
        }

        Normalize<TSize>(normVectors, normed, sizes, row, column, count, first, second, third, fourth);
    }

    /// <summary>What follows a product: factor, bias, scale, residual.</summary>
    private static Eight Finish(
        ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output, MatrixArguments product, NormArguments sizes, int row, int column,
        int count, Eight sums)
    {
        Eight factor = Eight.Load(vectors, column, count, Four.Aligned);
        Eight bias = Eight.Load(vectors, product.VectorStride + column, count, Four.Aligned);
        Eight scale = Eight.Load(vectors, 2 * product.VectorStride + column, count, Four.Aligned);
        Eight values = (sums * factor + bias) * scale;
        if (product.HasResidual != 0)
        {
            values += Eight.Load(residual, row * product.ResidualStride + column, count, product.ResidualLayout);
        }

        if (product.Output != sizes.Output)
        {
            Eight.Store(output, product.Output, row * product.OutputStride + column, count, product.OutputLayout, (int)Activation.None, values);
        }

        return values;
    }

    /// <summary>Normalizes a row of which each thread has its numbers, zeros for those past the last.</summary>
    private static void Normalize<TSize>(
        ArrayView<float> vectors, ArrayView<float> output, NormArguments sizes, int row, int column, int count, Eight first, Eight second, Eight third, Eight fourth)
        where TSize : struct, INormSize
    {
        float mean = Total(first.Sum() + second.Sum() + (third.Sum() + fourth.Sum())) / sizes.Columns;
        float square = Square(first, mean, count) + Square(second, mean, count - 256);
        if (TSize.Eights > 2)
        {
            square += Square(third, mean, count - 512);
        }

        if (TSize.Eights > 3)
        {
            square += Square(fourth, mean, count - 768);
        }

        float scale = 1f / MathF.Sqrt(Total(square) / sizes.Columns + sizes.Epsilon);
        Store(vectors, output, sizes, row, column, count, first, mean, scale);
        Store(vectors, output, sizes, row, column + 256, count - 256, second, mean, scale);
        if (TSize.Eights > 2)
        {
            Store(vectors, output, sizes, row, column + 512, count - 512, third, mean, scale);
        }

        if (TSize.Eights > 3)
        {
            Store(vectors, output, sizes, row, column + 768, count - 768, fourth, mean, scale);
        }
    }

    private static Eight Sum(ArrayView<float> x, ArrayView<float> residual, NormArguments sizes, int row, int column, int count)
    {
        Eight values = Eight.Load(x, row * sizes.InputStride + column, count, sizes.InputLayout);
        if (sizes.HasResidual != 0)
        {
            values += Eight.Load(residual, row * sizes.ResidualStride + column, count, sizes.ResidualLayout);
        }

        return values;
    }

    /// <summary>The sum of the squared distances to the mean.</summary>
    private static float Square(Eight values, float mean, int count)
    {
        Four a = values.A - mean, b = values.B - mean;
        return count > 0 ? (a * a).Sum() + (b * b).Sum() : 0f;
    }

    private static void Store(
        ArrayView<float> vectors, ArrayView<float> output, NormArguments sizes, int row, int column, int count, Eight values, float mean, float scale)
    {
        if (count > 0)
        {
            var normed = new Eight((values.A - mean) * scale, (values.B - mean) * scale);
            normed = normed * Eight.Load(vectors, column, count, Four.Aligned) + Eight.Load(vectors, sizes.Columns + column, count, Four.Aligned);
            Eight.Store(output, sizes.Output, row * sizes.OutputStride + column, count, sizes.OutputLayout, sizes.Activation, normed);
        }
    }

    /// <summary>The sum over the threads of a warp.</summary>
    private static float Total(float value)
    {
        value += Warp.ShuffleXor(value, 16);
        value += Warp.ShuffleXor(value, 8);
        value += Warp.ShuffleXor(value, 4);
        value += Warp.ShuffleXor(value, 2);
        return value + Warp.ShuffleXor(value, 1);
    }
}
