using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>
/// What a thread of a warp has of a row in its registers: eights, each <see cref="WarpNormKernel.Apart"/> from the one before, zeros for those past the row's end. In
/// memory they are whole and aligned, in f32 or as <see cref="Four.Eights"/>; which of both is asked once for all, so that all are loaded at once.
/// </summary>
internal struct WarpRow<TSize, TShort>(Eight first, Eight second, Eight third, Eight fourth)
    where TSize : struct, INormSize
    where TShort : struct, IShort
{
    public Eight First = first;
    public Eight Second = second;
    public Eight Third = third;
    public Eight Fourth = fourth;

    public static WarpRow<TSize, TShort> operator +(WarpRow<TSize, TShort> x, WarpRow<TSize, TShort> y) =>
        new(x.First + y.First, x.Second + y.Second, x.Third + y.Third, x.Fourth + y.Fourth);

    public static WarpRow<TSize, TShort> operator *(WarpRow<TSize, TShort> x, WarpRow<TSize, TShort> y) =>
        new(x.First * y.First, x.Second * y.Second, x.Third * y.Third, x.Fourth * y.Fourth);

    /// <summary>The thread's numbers of a row.</summary>
    /// <param name="source">Where the row is.</param>
    /// <param name="index">The thread's first number.</param>
    /// <param name="count">How many there are from it to the row's end; 0 or less for none.</param>
    /// <param name="layout"><see cref="Four.Eights"/> or not.</param>
    public static WarpRow<TSize, TShort> Load(ArrayView<float> source, int index, int count, int layout)
    {
        WarpRow<TSize, TShort> row;
        if ((layout & Four.Eights) != 0)
        {
            row = LoadAs(source, index, count, Four.Eights);
        }
        else
        {
            row = LoadAs(source, index, count, Four.Aligned);
        }

        return row;
    }

    /// <summary>The same of a row in f32.</summary>
    public static WarpRow<TSize, TShort> Load(ArrayView<float> source, int index, int count) => LoadAs(source, index, count, Four.Aligned);

    /// <summary>Stores the thread's numbers of a row.</summary>
    /// <param name="destination">Where the row is.</param>
    /// <param name="address">Its address, on devices of CUDA.</param>
    /// <param name="index">The thread's first number.</param>
    /// <param name="count">How many there are from it to the row's end; 0 or less for none.</param>
    /// <param name="layout"><see cref="Four.Eights"/> or not.</param>
    /// <param name="row">The numbers.</param>
    public static void Store(ArrayView<float> destination, long address, int index, int count, int layout, WarpRow<TSize, TShort> row)
    {
        const int apart = WarpNormKernel.Apart;
        StoreEight(destination, address, index, count, layout, (int)Activation.None, row.First);
        StoreEight(destination, address, index + apart, count - apart, layout, (int)Activation.None, row.Second);
        if (TSize.Eights > 2)
        {
            StoreEight(destination, address, index + 2 * apart, count - 2 * apart, layout, (int)Activation.None, row.Third);
        }

        if (TSize.Eights > 3)
        {
            StoreEight(destination, address, index + 3 * apart, count - 3 * apart, layout, (int)Activation.None, row.Fourth);
        }
    }

    /// <summary>Eight of a row's numbers, zeros where there are none.</summary>
    public static Eight LoadEight(ArrayView<float> source, int index, int count, int layout)
    {
        Eight values = default;
        if (count > 0)
        {
            if ((layout & Four.Eights) != 0)
            {
                values = Eight.LoadWhole<TShort>(source, index);
            }
            else
            {
                values = new Eight(source.Cast<Four>()[index / 4], source.Cast<Four>()[index / 4 + 1]);
            }
        }

        return values;
    }

    /// <summary>Applies an activation to eight of a row's numbers and stores them, where they are there.</summary>
    public static void StoreEight(ArrayView<float> destination, long address, int index, int count, int layout, int activation, Eight values)
    {
        if (count > 0)
        {
            if ((layout & Four.Eights) != 0)
            {
                Eight.StoreWhole<TShort>(destination, address, index, activation, values);
            }
            else
            {
                destination.Cast<Four>()[index / 4] = Four.Activate(values.A, activation);
                destination.Cast<Four>()[index / 4 + 1] = Four.Activate(values.B, activation);
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
    public readonly WarpRow<TSize, TShort> Scaled(float mean, float scale) =>
        new(Scaled(First, mean, scale), Scaled(Second, mean, scale), Scaled(Third, mean, scale), Scaled(Fourth, mean, scale));

    /// <param name="source">Where the row is.</param>
    /// <param name="index">The thread's first number.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="layout">A constant.</param>
    private static WarpRow<TSize, TShort> LoadAs(ArrayView<float> source, int index, int count, int layout)
    {
        const int apart = WarpNormKernel.Apart;
        WarpRow<TSize, TShort> row = default;
        row.First = LoadEight(source, index, count, layout);
        row.Second = LoadEight(source, index + apart, count - apart, layout);
        if (TSize.Eights > 2)
        {
            row.Third = LoadEight(source, index + 2 * apart, count - 2 * apart, layout);
        }

        if (TSize.Eights > 3)
        {
            row.Fourth = LoadEight(source, index + 3 * apart, count - 3 * apart, layout);
        }

        return row;
    }

    private static float Squares(Eight values, float mean, int count)
    {
        Four a = values.A - mean, b = values.B - mean;
        return count > 0 ? (a * a).Sum() + (b * b).Sum() : 0f;
    }

    private static Eight Scaled(Eight values, float mean, float scale) => new((values.A - mean) * scale, (values.B - mean) * scale);
}
