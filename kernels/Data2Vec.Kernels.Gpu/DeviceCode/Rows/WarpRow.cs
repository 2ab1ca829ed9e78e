using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>
/// What a thread of a warp has of a row in its registers: eights, each <see cref="WarpNormKernel.Apart"/> from the one before, zeros for those past the row's end. In
/// memory they are whole and aligned, in f32 or as <see cref="RowLayout.Aligned8"/>; which of both is asked once for all, so that all are loaded at once.
/// </summary>
internal struct WarpRow<TSize, TFormat>(Float8 first, Float8 second, Float8 third, Float8 fourth)
    where TSize : struct, INormSize
    where TFormat : struct, IFloat16Format
{
    public Float8 First = first;
    public Float8 Second = second;
    public Float8 Third = third;
    public Float8 Fourth = fourth;

    public static WarpRow<TSize, TFormat> operator +(WarpRow<TSize, TFormat> x, WarpRow<TSize, TFormat> y) =>
        new(x.First + y.First, x.Second + y.Second, x.Third + y.Third, x.Fourth + y.Fourth);

    public static WarpRow<TSize, TFormat> operator *(WarpRow<TSize, TFormat> x, WarpRow<TSize, TFormat> y) =>
        new(x.First * y.First, x.Second * y.Second, x.Third * y.Third, x.Fourth * y.Fourth);

    /// <summary>The thread's numbers of a row.</summary>
    /// <param name="source">Where the row is.</param>
    /// <param name="index">The thread's first number.</param>
    /// <param name="count">How many there are from it to the row's end; 0 or less for none.</param>
    /// <param name="layout"><see cref="RowLayout.Aligned8"/> or not.</param>
    public static WarpRow<TSize, TFormat> Load(ArrayView<float> source, int index, int count, int layout)
    {
        WarpRow<TSize, TFormat> row;
        if ((layout & RowLayout.Aligned8) != 0)
        {
            row = LoadAs(source, index, count, RowLayout.Aligned8);
        }
        else
        {
            row = LoadAs(source, index, count, RowLayout.Aligned4);
        }

        return row;
    }

    /// <summary>The same of a row in f32.</summary>
    public static WarpRow<TSize, TFormat> Load(ArrayView<float> source, int index, int count) => LoadAs(source, index, count, RowLayout.Aligned4);

    /// <summary>Stores the thread's numbers of a row.</summary>
    /// <param name="destination">Where the row is.</param>
    /// <param name="address">Its address, on devices of CUDA.</param>
    /// <param name="index">The thread's first number.</param>
    /// <param name="count">How many there are from it to the row's end; 0 or less for none.</param>
    /// <param name="layout"><see cref="RowLayout.Aligned8"/> or not.</param>
    /// <param name="row">The numbers.</param>
    public static void Store(ArrayView<float> destination, long address, int index, int count, int layout, WarpRow<TSize, TFormat> row)
    {
        const int apart = WarpNormKernel.Apart;
        StoreFloat8(destination, address, index, count, layout, (int)Activation.None, row.First);
        StoreFloat8(destination, address, index + apart, count - apart, layout, (int)Activation.None, row.Second);
        if (TSize.Eights > 2)
        {
            StoreFloat8(destination, address, index + 2 * apart, count - 2 * apart, layout, (int)Activation.None, row.Third);
        }

        if (TSize.Eights > 3)
        {
            StoreFloat8(destination, address, index + 3 * apart, count - 3 * apart, layout, (int)Activation.None, row.Fourth);
        }
    }

    /// <summary>Float8 of a row's numbers, zeros where there are none.</summary>
    public static Float8 LoadFloat8(ArrayView<float> source, int index, int count, int layout)
    {
        Float8 values = default;
        if (count > 0)
        {
            if ((layout & RowLayout.Aligned8) != 0)
            {
                values = Float8.LoadPacked<TFormat>(source, index);
            }
            else
            {
                values = new Float8(source.Cast<Float4>()[index / 4], source.Cast<Float4>()[index / 4 + 1]);
            }
        }

        return values;
    }

    /// <summary>Applies an activation to eight of a row's numbers and stores them, where they are there.</summary>
    public static void StoreFloat8(ArrayView<float> destination, long address, int index, int count, int layout, int activation, Float8 values)
    {
        if (count > 0)
        {
            if ((layout & RowLayout.Aligned8) != 0)
            {
                Float8.StorePacked<TFormat>(destination, address, index, activation, values);
            }
            else
            {
                destination.Cast<Float4>()[index / 4] = Float4.Activate(values.A, activation);
                destination.Cast<Float4>()[index / 4 + 1] = Float4.Activate(values.B, activation);
            }
        }
    }

    public readonly float Sum()
    {
        float sum = First.Sum() + Second.Sum();
        if (TSize.Eights > 2)
        {
            sum += Third.Sum();
        }

        if (TSize.Eights > 3)
        {
            sum += Fourth.Sum();
        }

        return sum;
    }

    /// <summary>The sum of the squared distances to the mean of those before the row's end.</summary>
    public readonly float Squares(float mean, int count)
    {
        const int apart = WarpNormKernel.Apart;
        float squares = Squares(First, mean, count) + Squares(Second, mean, count - apart);
        if (TSize.Eights > 2)
        {
            squares += Squares(Third, mean, count - 2 * apart);
        }

        if (TSize.Eights > 3)
        {
            squares += Squares(Fourth, mean, count - 3 * apart);
        }

        return squares;
    }

    /// <summary><c>(row - mean) * scale</c>.</summary>
    public readonly WarpRow<TSize, TFormat> Scaled(float mean, float scale) =>
        new(Scaled(First, mean, scale), Scaled(Second, mean, scale), Scaled(Third, mean, scale), Scaled(Fourth, mean, scale));

    /// <param name="source">Where the row is.</param>
    /// <param name="index">The thread's first number.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="layout">A constant.</param>
    private static WarpRow<TSize, TFormat> LoadAs(ArrayView<float> source, int index, int count, int layout)
    {
        const int apart = WarpNormKernel.Apart;
        WarpRow<TSize, TFormat> row = default;
        row.First = LoadFloat8(source, index, count, layout);
        row.Second = LoadFloat8(source, index + apart, count - apart, layout);
        if (TSize.Eights > 2)
        {
            row.Third = LoadFloat8(source, index + 2 * apart, count - 2 * apart, layout);
        }

        if (TSize.Eights > 3)
        {
            row.Fourth = LoadFloat8(source, index + 3 * apart, count - 3 * apart, layout);
        }

        return row;
    }

    private static float Squares(Float8 values, float mean, int count)
    {
        Float4 a = values.A - mean, b = values.B - mean;
        return count > 0 ? (a * a).Sum() + (b * b).Sum() : 0f;
    }

    private static Float8 Scaled(Float8 values, float mean, float scale) => new((values.A - mean) * scale, (values.B - mean) * scale);
}
