using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>
/// What a thread of a warp has of a row in its registers: eights that lie 256 numbers apart, zeros for those past the row's end. In memory they are
/// whole and aligned, in f32 or as <see cref="Four.Eights"/>; which of both is asked once for all of them, so that all are loaded at once.
/// </summary>
internal struct WarpRow<TSize>(Eight first, Eight second, Eight third, Eight fourth)
    where TSize : struct, INormSize
{
    public Eight First = first;
    public Eight Second = second;
    public Eight Third = third;
    public Eight Fourth = fourth;

    public static WarpRow<TSize> operator +(WarpRow<TSize> x, WarpRow<TSize> y) =>
        new(x.First + y.First, x.Second + y.Second, x.Third + y.Third, x.Fourth + y.Fourth);

    public static WarpRow<TSize> operator *(WarpRow<TSize> x, WarpRow<TSize> y) =>
        new(x.First * y.First, x.Second * y.Second, x.Third * y.Third, x.Fourth * y.Fourth);

    /// <summary>The thread's numbers of a row.</summary>
    /// <param name="source">Where the row is.</param>
    /// <param name="index">The thread's first number.</param>
    /// <param name="count">How many there are from it to the row's end; 0 or less for none.</param>
    /// <param name="layout"><see cref="Four.Eights"/> or not.</param>
    public static WarpRow<TSize> Load(ArrayView<float> source, int index, int count, int layout)
    {
        WarpRow<TSize> row;
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

    /// <summary>Applies an activation and stores the thread's numbers of a row, as <see cref="Eight.Store"/> does.</summary>
    public static void Store(ArrayView<float> destination, long address, int index, int count, int layout, int activation, WarpRow<TSize> row)
    {
        if ((layout & Four.Eights) != 0)
        {
            StoreAs(destination, address, index, count, Four.Eights, activation, row);
        }
        else
        {
            StoreAs(destination, address, index, count, Four.Aligned, activation, row);
        }
    }

    public readonly float Sum() => First.Sum() + Second.Sum() + (Third.Sum() + Fourth.Sum());

    /// <summary>The sum of the squares of those before the row's end, after <paramref name="mean"/> is taken from each.</summary>
    public readonly float Squares(float mean, int count)
    {
        float squares = Squares(First, mean, count) + Squares(Second, mean, count - WarpNormKernel.Apart);
        if (TSize.Eights > 2)
        {
            squares += Squares(Third, mean, count - 2 * WarpNormKernel.Apart);
        }

        if (TSize.Eights > 3)
        {
            squares += Squares(Fourth, mean, count - 3 * WarpNormKernel.Apart);
        }

        return squares;
    }

    /// <summary><c>(row - mean) * scale</c>.</summary>
    public readonly WarpRow<TSize> Scaled(float mean, float scale) =>
        new(Scaled(First, mean, scale), Scaled(Second, mean, scale), Scaled(Third, mean, scale), Scaled(Fourth, mean, scale));

    private static WarpRow<TSize> LoadAs(ArrayView<float> source, int index, int count, int layout)
    {
        WarpRow<TSize> row = default;
        row.First = Eight.Load(source, index, count, layout);
        row.Second = Eight.Load(source, index + WarpNormKernel.Apart, count - WarpNormKernel.Apart, layout);
        if (TSize.Eights > 2)
        {
            row.Third = Eight.Load(source, index + 2 * WarpNormKernel.Apart, count - 2 * WarpNormKernel.Apart, layout);
        }

        if (TSize.Eights > 3)
        {
            row.Fourth = Eight.Load(source, index + 3 * WarpNormKernel.Apart, count - 3 * WarpNormKernel.Apart, layout);
        }

        return row;
    }

    private static void StoreAs(ArrayView<float> destination, long address, int index, int count, int layout, int activation, WarpRow<TSize> row)
    {
        Eight.Store(destination, address, index, count, layout, activation, row.First);
        Eight.Store(destination, address, index + WarpNormKernel.Apart, count - WarpNormKernel.Apart, layout, activation, row.Second);
        if (TSize.Eights > 2)
        {
            Eight.Store(destination, address, index + 2 * WarpNormKernel.Apart, count - 2 * WarpNormKernel.Apart, layout, activation, row.Third);
        }

        if (TSize.Eights > 3)
        {
            Eight.Store(destination, address, index + 3 * WarpNormKernel.Apart, count - 3 * WarpNormKernel.Apart, layout, activation, row.Fourth);
        }
    }

    private static float Squares(Eight values, float mean, int count)
    {
        Four a = values.A - mean, b = values.B - mean;
        return count > 0 ? (a * a).Sum() + (b * b).Sum() : 0f;
    }

    private static Eight Scaled(Eight values, float mean, float scale) => new((values.A - mean) * scale, (values.B - mean) * scale);
}
