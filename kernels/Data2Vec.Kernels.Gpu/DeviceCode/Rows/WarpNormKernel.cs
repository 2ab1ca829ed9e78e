namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>How many numbers of a row a thread holds.</summary>
internal interface INormSize
{
    /// <summary><see cref="Float8"/> vectors of a thread: 2, 3 or 4, for rows of up to 512, 768 or 1024 numbers.</summary>
    static abstract int Vectors { get; }
}

internal struct NormSize512 : INormSize
{
    public static int Vectors => 2;
}

internal struct NormSize768 : INormSize
{
    public static int Vectors => 3;
}

internal struct NormSize1024 : INormSize
{
    public static int Vectors => 4;
}

/// <summary>
/// <see cref="RowKernels.Normalize"/> for CUDA devices and rows that fit the registers of a warp: each number is loaded once. Rows meet the conditions of
/// <see cref="WarpRow{TSize, TFormat}"/>.
/// </summary>
internal static class WarpNormKernel
{
    /// <summary>Threads of a group.</summary>
    public const int Threads = 256;

    /// <summary>Groups that fit the registers of a multiprocessor.</summary>
    public const int GroupsPerMultiprocessor = 4;

    /// <summary>Rows of a group.</summary>
    public const int Rows = Threads / 32;

    /// <summary>Threads of a group in <see cref="NormalizeSplitK"/>, a single row: split products have few rows, which spread over multiprocessors.</summary>
    public const int SplitKThreads = 32;

    /// <summary>Distance between a thread's consecutive vectors.</summary>
    public const int VectorDistance = 32 * 8;

    /// <typeparam name="TSize">How many numbers of a row a thread holds.</typeparam>
    /// <typeparam name="TFormat">Format of 16-bit rows.</typeparam>
    /// <param name="x"><c>[rows, columns]</c>.</param>
    /// <param name="residual">The same.</param>
    /// <param name="vectors">Gain, then bias.</param>
    /// <param name="output">The result; may be an input.</param>
    /// <param name="arguments">Sizes and options; columns are a multiple of eight.</param>
    public static void Normalize<TSize, TFormat>(
        ArrayView<float> x, ArrayView<float> residual, ArrayView<float> vectors, ArrayView<float> output, NormArguments arguments)
        where TSize : struct, INormSize
        where TFormat : struct, IFloat16Format
    {
        int column = (Group.IdxX & 31) * 8, row = Grid.IdxX * Rows + (Group.IdxX >> 5);
        int count = row < arguments.Rows ? arguments.Columns - column : 0;

        // Inputs are added and outputs scaled vector by vector, to save registers.
        WarpRow<TSize, TFormat> values = default;
        values.First = Sum<TSize, TFormat>(x, residual, arguments, row, column, count);
        values.Second = Sum<TSize, TFormat>(x, residual, arguments, row, column + VectorDistance, count - VectorDistance);
        if (TSize.Vectors > 2)
        {
            values.Third = Sum<TSize, TFormat>(x, residual, arguments, row, column + 2 * VectorDistance, count - 2 * VectorDistance);
        }

        if (TSize.Vectors > 3)
        {
            values.Fourth = Sum<TSize, TFormat>(x, residual, arguments, row, column + 3 * VectorDistance, count - 3 * VectorDistance);
        }

        values = Standardize(values, arguments, count);
        Store<TSize, TFormat>(vectors, output, arguments, row, column, count, values.First);
        Store<TSize, TFormat>(vectors, output, arguments, row, column + VectorDistance, count - VectorDistance, values.Second);
        if (TSize.Vectors > 2)
        {
            Store<TSize, TFormat>(vectors, output, arguments, row, column + 2 * VectorDistance, count - 2 * VectorDistance, values.Third);
        }

        if (TSize.Vectors > 3)
        {
            Store<TSize, TFormat>(vectors, output, arguments, row, column + 3 * VectorDistance, count - 3 * VectorDistance, values.Fourth);
        }
    }

    /// <summary><see cref="ProductEpilogue.FinishSplitK"/>, then a normalization of the result.</summary>
    /// <param name="partialSums">The partial sums of a product of one group, without activation.</param>
    /// <param name="vectors">Factors, biases and scales of the product.</param>
    /// <param name="residual">The residual of the product.</param>
    /// <param name="output">The product. Stored unless <paramref name="normed"/> overwrites it.</param>
    /// <param name="normVectors">Gain, then bias.</param>
    /// <param name="normed">The normalized product; may be <paramref name="residual"/> or <paramref name="output"/>.</param>
    /// <param name="product">Sizes and options of the product.</param>
    /// <param name="arguments">Those of the normalization; columns are a multiple of eight.</param>
    public static void NormalizeSplitK<TSize, TFormat>(
        ArrayView<float> partialSums, ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output, ArrayView<float> normVectors,
        ArrayView<float> normed, MatrixArguments product, NormArguments arguments)
        where TSize : struct, INormSize
        where TFormat : struct, IFloat16Format
    {
        int column = Group.IdxX * 8, row = Grid.IdxX, count = arguments.Columns - column;
        int index = ProductEpilogue.PartialSumIndex(product, 0, row, column), splitSize = ProductEpilogue.PartialSumIndex(product, 1, 0, 0);

        // Loads four splits at once; past the last one they are zero.
        WarpRow<TSize, TFormat> values = default;
        for (int k = 0; k < product.Depth; k += 4 * product.SplitDepth)
        {
            WarpRow<TSize, TFormat> first = WarpRow<TSize, TFormat>.Load(partialSums, index, count);
            WarpRow<TSize, TFormat> second = WarpRow<TSize, TFormat>.Load(partialSums, index + splitSize, k + product.SplitDepth < product.Depth ? count : 0);
            WarpRow<TSize, TFormat> third = WarpRow<TSize, TFormat>.Load(
                partialSums, index + 2 * splitSize, k + 2 * product.SplitDepth < product.Depth ? count : 0);
            WarpRow<TSize, TFormat> fourth = WarpRow<TSize, TFormat>.Load(
                partialSums, index + 3 * splitSize, k + 3 * product.SplitDepth < product.Depth ? count : 0);
            values = values + first + second + third + fourth;
            index += 4 * splitSize;
        }

        WarpRow<TSize, TFormat> factor = WarpRow<TSize, TFormat>.Load(vectors, column, count);
        WarpRow<TSize, TFormat> bias = WarpRow<TSize, TFormat>.Load(vectors, column + product.VectorStride, count);
        WarpRow<TSize, TFormat> scale = WarpRow<TSize, TFormat>.Load(vectors, column + 2 * product.VectorStride, count);
        values = (values * factor + bias) * scale;
        if (product.HasResidual != 0)
        {
            values += WarpRow<TSize, TFormat>.Load(residual, row * product.ResidualStride + column, count, product.ResidualLayout);
        }

        if (product.Output != arguments.Output)
        {
            WarpRow<TSize, TFormat>.Store(output, product.Output, row * product.OutputStride + column, count, product.OutputLayout, values);
        }

        WarpRow<TSize, TFormat> gain = WarpRow<TSize, TFormat>.Load(normVectors, column, count);
        WarpRow<TSize, TFormat> added = WarpRow<TSize, TFormat>.Load(normVectors, arguments.Columns + column, count);
        values = Standardize(values, arguments, count) * gain + added;
        WarpRow<TSize, TFormat>.Store(normed, arguments.Output, row * arguments.OutputStride + column, count, arguments.OutputLayout, values);
    }

    private static Float8 Sum<TSize, TFormat>(ArrayView<float> x, ArrayView<float> residual, NormArguments arguments, int row, int column, int count)
        where TSize : struct, INormSize
        where TFormat : struct, IFloat16Format
    {
        Float8 values = WarpRow<TSize, TFormat>.LoadFloat8(x, row * arguments.InputStride + column, count, arguments.InputLayout);
        if (arguments.HasResidual != 0)
        {
            values += WarpRow<TSize, TFormat>.LoadFloat8(residual, row * arguments.ResidualStride + column, count, arguments.ResidualLayout);
        }

        return values;
    }

    private static void Store<TSize, TFormat>(
        ArrayView<float> vectors, ArrayView<float> output, NormArguments arguments, int row, int column, int count, Float8 values)
        where TSize : struct, INormSize
        where TFormat : struct, IFloat16Format
    {
        Float8 gain = WarpRow<TSize, TFormat>.LoadFloat8(vectors, column, count, RowLayout.Aligned4);
        Float8 bias = WarpRow<TSize, TFormat>.LoadFloat8(vectors, arguments.Columns + column, count, RowLayout.Aligned4);
        WarpRow<TSize, TFormat>.StoreFloat8(
            output, arguments.Output, row * arguments.OutputStride + column, count, arguments.OutputLayout, arguments.Activation, values * gain + bias);
    }

    /// <summary>Scales a row, which the threads of a warp share, to mean 0 and variance 1.</summary>
    private static WarpRow<TSize, TFormat> Standardize<TSize, TFormat>(WarpRow<TSize, TFormat> values, NormArguments arguments, int count)
        where TSize : struct, INormSize
        where TFormat : struct, IFloat16Format
    {
        float mean = Total(values.Sum()) / arguments.Columns;
        return values.Scaled(mean, 1f / MathF.Sqrt(Total(values.Squares(mean, count)) / arguments.Columns + arguments.Epsilon));
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
