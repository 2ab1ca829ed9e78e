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

    /// <typeparam name="TSize">How many numbers of a row a thread has.</typeparam>
    /// <typeparam name="TShort">What numbers of 16 bits are.</typeparam>
    /// <param name="x"><c>[rows, columns]</c>.</param>
    /// <param name="residual">The same.</param>
    /// <param name="vectors">Gain, then bias.</param>
    /// <param name="output">May be one of the two.</param>
    /// <param name="sizes">The sizes; columns are a multiple of eight.</param>
    public static void Normalize<TSize, TShort>(ArrayView<float> x, ArrayView<float> residual, ArrayView<float> vectors, ArrayView<float> output, NormArguments sizes)
        where TSize : struct, INormSize
        where TShort : struct, IShort
    {
        int column = (Group.IdxX & 31) * 8, row = Grid.IdxX * Rows + (Group.IdxX >> 5);
        int count = row < sizes.Rows ? sizes.Columns - column : 0;
        Eight first = Sum<TShort>(x, residual, sizes, row, column, count), second = Sum<TShort>(x, residual, sizes, row, column + 256, count - 256), third = default, fourth = default;
        if (TSize.Eights > 2)
        {
            third = Sum<TShort>(x, residual, sizes, row, column + 512, count - 512);
        }

        if (TSize.Eights > 3)
        {
            fourth = Sum<TShort>(x, residual, sizes, row, column + 768, count - 768);
        }

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
        Store<TShort>(vectors, output, sizes, row, column, count, first, mean, scale);
        Store<TShort>(vectors, output, sizes, row, column + 256, count - 256, second, mean, scale);
        if (TSize.Eights > 2)
        {
            Store<TShort>(vectors, output, sizes, row, column + 512, count - 512, third, mean, scale);
        }

        if (TSize.Eights > 3)
        {
            Store<TShort>(vectors, output, sizes, row, column + 768, count - 768, fourth, mean, scale);
        }
    }

    private static Eight Sum<TShort>(ArrayView<float> x, ArrayView<float> residual, NormArguments sizes, int row, int column, int count)
        where TShort : struct, IShort
    {
        Eight values = Eight.Load<TShort>(x, row * sizes.InputStride + column, count, sizes.InputLayout);
        if (sizes.HasResidual != 0)
        {
            values += Eight.Load<TShort>(residual, row * sizes.ResidualStride + column, count, sizes.ResidualLayout);
        }

        return values;
    }

    /// <summary>The sum of the squared distances to the mean.</summary>
    private static float Square(Eight values, float mean, int count)
    {
        Four a = values.A - mean, b = values.B - mean;
        return count > 0 ? (a * a).Sum() + (b * b).Sum() : 0f;
    }

    private static void Store<TShort>(
        ArrayView<float> vectors, ArrayView<float> output, NormArguments sizes, int row, int column, int count, Eight values, float mean, float scale)
        where TShort : struct, IShort
    {
        if (count > 0)
        {
            var normed = new Eight((values.A - mean) * scale, (values.B - mean) * scale);
            normed = normed * Eight.Load<TShort>(vectors, column, count, Four.Aligned) + Eight.Load<TShort>(vectors, sizes.Columns + column, count, Four.Aligned);
            Eight.Store<TShort>(output, sizes.Output, row * sizes.OutputStride + column, count, sizes.OutputLayout, sizes.Activation, normed);
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
