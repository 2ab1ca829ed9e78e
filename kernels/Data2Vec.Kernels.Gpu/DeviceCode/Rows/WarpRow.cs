namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>
/// A thread's part of a row that a warp holds in registers: vectors <see cref="WarpNormKernel.VectorDistance"/> apart, zeros past the end of the row. In
/// memory, rows are f32 with <see cref="RowLayout.Aligned4"/> or 16-bit with <see cref="RowLayout.Aligned8"/>.
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

    /// <summary>Loads the thread's part of a row.</summary>
    /// <param name="source">Memory of the row.</param>
    /// <param name="index">The thread's first number.</param>
    /// <param name="count">Numbers from there to the end of the row; none if not positive.</param>
    /// <param name="layout">A <see cref="RowLayout"/>. It is tested once for all vectors, so that they are loaded at once.</param>
    public static WarpRow<TSize, TFormat> Load(ArrayView<float> source, int index, int count, int layout)
    {
        return (layout & RowLayout.Aligned8) == 0
            ? LoadAs(source, index, count, RowLayout.Aligned4)
            : LoadAs(source, index, count, RowLayout.Aligned8);
    }

    /// <summary>Loads the thread's part of a row in f32.</summary>
    public static WarpRow<TSize, TFormat> Load(ArrayView<float> source, int index, int count) => LoadAs(source, index, count, RowLayout.Aligned4);

    /// <summary>Stores the thread's part of a row.</summary>
    /// <param name="destination">Memory of the row.</param>
    /// <param name="address">Its address, on CUDA devices.</param>
    /// <param name="index">The thread's first number.</param>
    /// <param name="count">Numbers from there to the end of the row; none if not positive.</param>
    /// <param name="layout">A <see cref="RowLayout"/>.</param>
    /// <param name="row">The numbers.</param>
    public static void Store(ArrayView<float> destination, long address, int index, int count, int layout, WarpRow<TSize, TFormat> row)
    {
        const int distance = WarpNormKernel.VectorDistance;
        StoreFloat8(destination, address, index, count, layout, (int)Activation.None, row.First);
        StoreFloat8(destination, address, index + distance, count - distance, layout, (int)Activation.None, row.Second);
        if (TSize.Vectors > 2)
        {
            StoreFloat8(destination, address, index + 2 * distance, count - 2 * distance, layout, (int)Activation.None, row.Third);
        }

        if (TSize.Vectors > 3)
        {
            StoreFloat8(destination, address, index + 3 * distance, count - 3 * distance, layout, (int)Activation.None, row.Fourth);
        }
    }

    /// <summary>Loads a vector, zeros past the end of the row.</summary>
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

    /// <summary>Applies an activation to a vector and stores it, unless it is past the end of the row.</summary>
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
        if (TSize.Vectors > 2)
        {
            sum += Third.Sum();
        }

        if (TSize.Vectors > 3)
        {
            sum += Fourth.Sum();
        }

        return sum;
    }

    /// <summary>The sum of squared differences from the mean, up to the end of the row.</summary>
    public readonly float Squares(float mean, int count)
    {
        const int distance = WarpNormKernel.VectorDistance;
        float squares = Squares(First, mean, count) + Squares(Second, mean, count - distance);
        if (TSize.Vectors > 2)
        {
            squares += Squares(Third, mean, count - 2 * distance);
        }

        if (TSize.Vectors > 3)
        {
            squares += Squares(Fourth, mean, count - 3 * distance);
        }

        return squares;
    }

    /// <summary><c>(row - mean) * scale</c>.</summary>
    public readonly WarpRow<TSize, TFormat> Scaled(float mean, float scale) =>
        new(Scaled(First, mean, scale), Scaled(Second, mean, scale), Scaled(Third, mean, scale), Scaled(Fourth, mean, scale));

    private static WarpRow<TSize, TFormat> LoadAs(ArrayView<float> source, int index, int count, int layout)
    {
        const int distance = WarpNormKernel.VectorDistance;
        WarpRow<TSize, TFormat> row = default;
        row.First = LoadFloat8(source, index, count, layout);
        row.Second = LoadFloat8(source, index + distance, count - distance, layout);
        if (TSize.Vectors > 2)
        {
            row.Third = LoadFloat8(source, index + 2 * distance, count - 2 * distance, layout);
        }

        if (TSize.Vectors > 3)
        {
            row.Fourth = LoadFloat8(source, index + 3 * distance, count - 3 * distance, layout);
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
