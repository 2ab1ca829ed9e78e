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
/// <see cref="RowKernels.Normalize"/> for devices of CUDA and rows that the registers of a warp have room for: each number is loaded once. All rows are as
/// <see cref="WarpRow{TSize, TFormat}"/> takes them.
/// </summary>
internal static class WarpNormKernel
{
    /// <summary>Threads of a group.</summary>
    public const int Threads = 256;

    /// <summary>Groups that a multiprocessor has registers for.</summary>
    public const int GroupsPerMultiprocessor = 4;

    /// <summary>Rows of a group.</summary>
    public const int Rows = Threads / 32;

    /// <summary>
    /// Threads of a group that normalizes sums, a row: of few rows, which those of sums mostly are, each is on a multiprocessor of its own.
    /// </summary>
    public const int SplitKThreads = 32;

    /// <summary>Numbers from one of a thread's eights to its next.</summary>
    public const int Apart = 32 * 8;

    /// <typeparam name="TSize">How many numbers of a row a thread has.</typeparam>
    /// <typeparam name="TFormat">What numbers of 16 bits are.</typeparam>
    /// <param name="x"><c>[rows, columns]</c>.</param>
    /// <param name="residual">The same.</param>
    /// <param name="vectors">Gain, then bias.</param>
    /// <param name="output">May be one of the two.</param>
    /// <param name="sizes">The sizes; columns are a multiple of eight.</param>
    public static void Normalize<TSize, TFormat>(ArrayView<float> x, ArrayView<float> residual, ArrayView<float> vectors, ArrayView<float> output, NormArguments sizes)
        where TSize : struct, INormSize
        where TFormat : struct, IFloat16Format
    {
        int column = (Group.IdxX & 31) * 8, row = Grid.IdxX * Rows + (Group.IdxX >> 5);
        int count = row < sizes.Rows ? sizes.Columns - column : 0;

        // Float8 by eight, before and after: registers are few, and rows many.
        WarpRow<TSize, TFormat> values = default;
        values.First = Sum<TSize, TFormat>(x, residual, sizes, row, column, count);
        values.Second = Sum<TSize, TFormat>(x, residual, sizes, row, column + Apart, count - Apart);
        if (TSize.Eights > 2)
        {
            values.Third = Sum<TSize, TFormat>(x, residual, sizes, row, column + 2 * Apart, count - 2 * Apart);
        }

        if (TSize.Eights > 3)
        {
            values.Fourth = Sum<TSize, TFormat>(x, residual, sizes, row, column + 3 * Apart, count - 3 * Apart);
        }

        values = Standardize(values, sizes, count);
        Store<TSize, TFormat>(vectors, output, sizes, row, column, count, values.First);
        Store<TSize, TFormat>(vectors, output, sizes, row, column + Apart, count - Apart, values.Second);
        if (TSize.Eights > 2)
        {
            Store<TSize, TFormat>(vectors, output, sizes, row, column + 2 * Apart, count - 2 * Apart, values.Third);
        }

        if (TSize.Eights > 3)
        {
            Store<TSize, TFormat>(vectors, output, sizes, row, column + 3 * Apart, count - 3 * Apart, values.Fourth);
        }
    }

    /// <summary><see cref="MatrixKernel.FinishSplitK"/> and the normalization of what comes of it.</summary>
    /// <param name="sums">The sums of all slices of a product of one group.</param>
    /// <param name="vectors">As the product takes them.</param>
    /// <param name="residual">Added to the product.</param>
    /// <param name="output">What is normalized; stored where it lies elsewhere than the result.</param>
    /// <param name="normVectors">Gain, then bias.</param>
    /// <param name="normed">The result; may be <paramref name="residual"/> or <paramref name="output"/>.</param>
    /// <param name="product">The sizes of the product, which no activation follows.</param>
    /// <param name="sizes">Those of the normalization; columns are a multiple of eight.</param>
    public static void NormalizeSplitK<TSize, TFormat>(
        ArrayView<float> sums, ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output, ArrayView<float> normVectors,
        ArrayView<float> normed, MatrixArguments product, NormArguments sizes)
        where TSize : struct, INormSize
        where TFormat : struct, IFloat16Format
    {
        int column = Group.IdxX * 8, row = Grid.IdxX, count = sizes.Columns - column;
        int place = MatrixKernel.PartialSumIndex(product, 0, row, column), slice = MatrixKernel.PartialSumIndex(product, 1, 0, 0);

        // Float4 slices are on their way at once; past the last there are zeros.
        WarpRow<TSize, TFormat> values = default;
        for (int k = 0; k < product.Depth; k += 4 * product.SplitDepth)
        {
            WarpRow<TSize, TFormat> first = WarpRow<TSize, TFormat>.Load(sums, place, count);
            WarpRow<TSize, TFormat> second = WarpRow<TSize, TFormat>.Load(sums, place + slice, k + product.SplitDepth < product.Depth ? count : 0);
            WarpRow<TSize, TFormat> third = WarpRow<TSize, TFormat>.Load(sums, place + 2 * slice, k + 2 * product.SplitDepth < product.Depth ? count : 0);
            WarpRow<TSize, TFormat> fourth = WarpRow<TSize, TFormat>.Load(sums, place + 3 * slice, k + 3 * product.SplitDepth < product.Depth ? count : 0);
            values = values + first + second + third + fourth;
            place += 4 * slice;
        }

        WarpRow<TSize, TFormat> factor = WarpRow<TSize, TFormat>.Load(vectors, column, count);
        WarpRow<TSize, TFormat> bias = WarpRow<TSize, TFormat>.Load(vectors, column + product.VectorStride, count);
        WarpRow<TSize, TFormat> scale = WarpRow<TSize, TFormat>.Load(vectors, column + 2 * product.VectorStride, count);
        values = (values * factor + bias) * scale;
        if (product.HasResidual != 0)
        {
            values += WarpRow<TSize, TFormat>.Load(residual, row * product.ResidualStride + column, count, product.ResidualLayout);
        }

        if (product.Output != sizes.Output)
        {
            WarpRow<TSize, TFormat>.Store(output, product.Output, row * product.OutputStride + column, count, product.OutputLayout, values);
        }

        WarpRow<TSize, TFormat> gain = WarpRow<TSize, TFormat>.Load(normVectors, column, count);
        WarpRow<TSize, TFormat> added = WarpRow<TSize, TFormat>.Load(normVectors, sizes.Columns + column, count);
        values = Standardize(values, sizes, count) * gain + added;
        WarpRow<TSize, TFormat>.Store(normed, sizes.Output, row * sizes.OutputStride + column, count, sizes.OutputLayout, values);
    }

    private static Float8 Sum<TSize, TFormat>(ArrayView<float> x, ArrayView<float> residual, NormArguments sizes, int row, int column, int count)
        where TSize : struct, INormSize
        where TFormat : struct, IFloat16Format
    {
        Float8 values = WarpRow<TSize, TFormat>.LoadFloat8(x, row * sizes.InputStride + column, count, sizes.InputLayout);
        if (sizes.HasResidual != 0)
        {
            values += WarpRow<TSize, TFormat>.LoadFloat8(residual, row * sizes.ResidualStride + column, count, sizes.ResidualLayout);
        }

        return values;
    }

    private static void Store<TSize, TFormat>(ArrayView<float> vectors, ArrayView<float> output, NormArguments sizes, int row, int column, int count, Float8 values)
        where TSize : struct, INormSize
        where TFormat : struct, IFloat16Format
    {
        Float8 gain = WarpRow<TSize, TFormat>.LoadFloat8(vectors, column, count, RowLayout.Aligned4), bias = WarpRow<TSize, TFormat>.LoadFloat8(vectors, sizes.Columns + column, count, RowLayout.Aligned4);
        WarpRow<TSize, TFormat>.StoreFloat8(output, sizes.Output, row * sizes.OutputStride + column, count, sizes.OutputLayout, sizes.Activation, values * gain + bias);
    }

    /// <summary>Gives a row, of which the threads of a warp have parts, a mean of zero and a variance of one.</summary>
    private static WarpRow<TSize, TFormat> Standardize<TSize, TFormat>(WarpRow<TSize, TFormat> values, NormArguments sizes, int count)
        where TSize : struct, INormSize
        where TFormat : struct, IFloat16Format
    {
        float mean = Total(values.Sum()) / sizes.Columns;
        return values.Scaled(mean, 1f / MathF.Sqrt(Total(values.Squares(mean, count)) / sizes.Columns + sizes.Epsilon));
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
