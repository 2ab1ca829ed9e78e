namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>Sizes and options of an operation on rows.</summary>
internal struct RowArguments
{
    public int Rows;
    public int Columns;
    public int InputStride;
    public int OutputStride;

    /// <summary>A <see cref="RowLayout"/>.</summary>
    public int InputLayout;
    public int OutputLayout;

    /// <summary>Not 0 if a lookup adds a residual, which is its input.</summary>
    public int HasResidual;

    /// <summary>Rows at the start of each sequence that its mean excludes.</summary>
    public int Skip;

    /// <summary>Columns whose means one thread group computes.</summary>
    public int Lanes;
}

/// <summary>Sizes and options of a normalization.</summary>
internal struct NormArguments
{
    /// <summary>Address of the result, on CUDA devices.</summary>
    public long Output;

    public int Rows;
    public int Columns;
    public int InputStride;
    public int ResidualStride;
    public int OutputStride;

    /// <summary>A <see cref="RowLayout"/>.</summary>
    public int InputLayout;
    public int ResidualLayout;
    public int OutputLayout;
    public int HasResidual;

    /// <summary>An <see cref="Kernels.Activation"/>.</summary>
    public int Activation;
    public float Epsilon;

    /// <summary>Threads that share a row.</summary>
    public int Lanes;
}

/// <summary>Sizes of a pooling.</summary>
internal struct PoolArguments
{
    /// <summary>Rows of the result.</summary>
    public int Rows;
    public int Columns;
    public int InputStride;
    public int OutputStride;

    /// <summary>A <see cref="RowLayout"/>.</summary>
    public int InputLayout;
    public int OutputLayout;

    /// <summary>Sizes of the input, of the output and of the window in pixels, and the stride.</summary>
    public int Height;
    public int Width;
    public int OutputHeight;
    public int OutputWidth;
    public int Size;
    public int Stride;
}

/// <summary>Sizes of the gates of a bias by distance.</summary>
internal struct GateArguments
{
    public int Rows;
    public int Heads;

    /// <summary>Features of a head.</summary>
    public int Size;
    public int InputStride;
    public int WeightStride;
    public int OutputStride;

    /// <summary>A <see cref="RowLayout"/>.</summary>
    public int InputLayout;
}

/// <summary>Operations on rows of activations.</summary>
internal static class RowKernels
{
    /// <summary>Largest group of threads that share rows or columns.</summary>
    public const int MaxGroupSize = 256;

    /// <summary><c>output = activation((x + residual - mean) / sqrt(variance + epsilon) * gain + bias)</c>. Several threads share a row.</summary>
    /// <param name="x"><c>[rows, columns]</c>.</param>
    /// <param name="residual">The same.</param>
    /// <param name="vectors">Gain, then bias.</param>
    /// <param name="output">The result; may be an input.</param>
    /// <param name="arguments">Sizes and options.</param>
    public static void Normalize(ArrayView<float> x, ArrayView<float> residual, ArrayView<float> vectors, ArrayView<float> output, NormArguments arguments)
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(MaxGroupSize);
        ArrayView<float> squares = SharedMemory.Allocate<float>(MaxGroupSize);
        int thread = Group.IdxX, lane = thread % arguments.Lanes;
        int row = Grid.IdxX * (Group.DimX / arguments.Lanes) + thread / arguments.Lanes;
        int columns = row < arguments.Rows ? arguments.Columns : 0;

        float sum = 0f;
        for (int column = lane * 4; column < columns; column += arguments.Lanes * 4)
        {
            sum += Sum(x, residual, arguments, row, column).Sum();
        }

        sums[thread] = sum;
        Group.Barrier();
        float mean = Total(sums, thread - lane, arguments.Lanes) / arguments.Columns;

        float square = 0f;
        for (int column = lane * 4; column < columns; column += arguments.Lanes * 4)
        {
            Float4 distance = Sum(x, residual, arguments, row, column) - mean;
            square += distance.X * distance.X;
            square += column + 1 < columns ? distance.Y * distance.Y : 0f;
            square += column + 2 < columns ? distance.Z * distance.Z : 0f;
            square += column + 3 < columns ? distance.W * distance.W : 0f;
        }

        squares[thread] = square;
        Group.Barrier();
        float scale = 1f / MathF.Sqrt(Total(squares, thread - lane, arguments.Lanes) / arguments.Columns + arguments.Epsilon);

        for (int column = lane * 4; column < columns; column += arguments.Lanes * 4)
        {
            Float4 values = (Sum(x, residual, arguments, row, column) - mean) * scale;
            values = values * Float4.Load(vectors, column, columns - column, arguments.Columns % 4 == 0 ? RowLayout.Aligned4 : 0)
                + Float4.Load(vectors, columns + column, columns - column, arguments.Columns % 4 == 0 ? RowLayout.Aligned4 : 0);
            Float4.StoreAs(
                output, row * arguments.OutputStride + column, columns - column, arguments.OutputLayout, Float4.Activate(values, arguments.Activation));
        }
    }

    /// <summary>Copies rows, or adds them to others, from any layout to any. Rounds to nearest, ties to even. One thread for four numbers.</summary>
    public static void Copy(ArrayView<float> x, ArrayView<float> output, RowArguments arguments)
    {
        int columns4 = (arguments.Columns + 3) / 4;
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < arguments.Rows * columns4)
        {
            int row = i / columns4, column = i % columns4 * 4, count = arguments.Columns - column;
            Write(output, arguments, row, column, Float4.LoadAs(x, row * arguments.InputStride + column, count, arguments.InputLayout));
        }
    }

    /// <summary>Looks up vectors; one thread for four numbers.</summary>
    /// <param name="ids">Rows of the table.</param>
    /// <param name="table">All vectors, each padded to a multiple of four.</param>
    /// <param name="factors">Factor of each vector.</param>
    /// <param name="residual">Added to the vectors, if there is one.</param>
    /// <param name="output">The result.</param>
    /// <param name="arguments">Sizes and options.</param>
    public static void Embed<TWeight>(
        ArrayView<int> ids, ArrayView<TWeight> table, ArrayView<float> factors, ArrayView<float> residual, ArrayView<float> output, RowArguments arguments)
        where TWeight : unmanaged, IPacked4
    {
        int columns4 = (arguments.Columns + 3) / 4;
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < arguments.Rows * columns4)
        {
            int row = i / columns4, column4 = i % columns4, id = ids[row];
            TWeight stored = table[id * columns4 + column4]; // copied first, to load all four at once
            Float4 values = stored.Widen() * factors[id];
            if (arguments.HasResidual != 0)
            {
                values += Float4.LoadAs(residual, row * arguments.InputStride + column4 * 4, arguments.Columns - column4 * 4, arguments.InputLayout);
            }

            Write(output, arguments, row, column4 * 4, values);
        }
    }

    /// <summary>The mean of each sequence, in f32. A thread group computes as many columns as there are lanes; its threads share each column.</summary>
    public static void Mean(ArrayView<float> x, ArrayView<int> starts, ArrayView<float> output, RowArguments arguments)
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(MaxGroupSize);
        int thread = Group.IdxX, lane = thread % arguments.Lanes, tiles = (arguments.Columns + arguments.Lanes - 1) / arguments.Lanes;
        int sequence = Grid.IdxX / tiles, column = Grid.IdxX % tiles * arguments.Lanes + lane;
        int first = starts[sequence] + arguments.Skip, end = starts[sequence + 1];
        float sum = 0f;
        for (int row = column < arguments.Columns ? first + thread / arguments.Lanes : end; row < end; row += Group.DimX / arguments.Lanes)
        {
            sum += Float4.LoadAs(x, row * arguments.InputStride + column, 1, arguments.InputLayout).X;
        }

        sums[thread] = sum;
        Group.Barrier();
        if (thread < arguments.Lanes && column < arguments.Columns)
        {
            for (int i = thread + arguments.Lanes; i < Group.DimX; i += arguments.Lanes)
            {
                sum += sums[i];
            }

            output[sequence * arguments.OutputStride + column] = sum / (end - first);
        }
    }

    /// <summary>The maximum of each window of images; one thread for four numbers.</summary>
    public static void MaxPool(ArrayView<float> x, ArrayView<float> output, PoolArguments arguments)
    {
        int columns4 = (arguments.Columns + 3) / 4;
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < arguments.Rows * columns4)
        {
            int row = i / columns4, column = i % columns4 * 4, count = arguments.Columns - column;
            int line = row / arguments.OutputWidth, image = line / arguments.OutputHeight;
            int corner = (image * arguments.Height + (line - image * arguments.OutputHeight) * arguments.Stride) * arguments.Width
                + (row - line * arguments.OutputWidth) * arguments.Stride;
            Float4 highest = Float4.LoadAs(x, corner * arguments.InputStride + column, count, arguments.InputLayout);
            for (int pixel = 1; pixel < arguments.Size * arguments.Size; pixel++)
            {
                int index = corner + pixel / arguments.Size * arguments.Width + pixel % arguments.Size;
                highest = Float4.Max(highest, Float4.LoadAs(x, index * arguments.InputStride + column, count, arguments.InputLayout));
            }

            Float4.StoreAs(output, row * arguments.OutputStride + column, count, arguments.OutputLayout, highest);
        }
    }

    /// <summary>The gates of a bias by distance; one thread for a row and head.</summary>
    public static void AttentionGates(
        ArrayView<float> x, ArrayView<float> weights, ArrayView<float> scales, ArrayView<float> output, GateArguments arguments)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < arguments.Rows * arguments.Heads)
        {
            int row = i / arguments.Heads, head = i % arguments.Heads, size = arguments.Size;
            float a = weights[size], b = weights[arguments.WeightStride + size];
            for (int column = 0; column < size; column += 4)
            {
                Float4 features = Float4.LoadAs(x, row * arguments.InputStride + head * size + column, size - column, arguments.InputLayout);
                a += (features * Float4.Load(weights, column, size - column, 0)).Sum();
                b += (features * Float4.Load(weights, arguments.WeightStride + column, size - column, 0)).Sum();
            }

            output[row * arguments.OutputStride + head] = Logistic(a) * (Logistic(b) * scales[head] - 1f) + 2f;
        }
    }

    /// <summary>Of numbers below -87 it is that of -87.</summary>
    private static float Logistic(float x)
    {
        // The exponential is of a number that is not positive, so that it cannot overflow.
        float e = DeviceMath.Exp(x < 0f ? x : -x);
        return (x < 0f ? e : 1f) / (1f + e);
    }

    private static void Write(ArrayView<float> output, RowArguments arguments, int row, int column, Float4 values) =>
        Float4.StoreAs(output, row * arguments.OutputStride + column, arguments.Columns - column, arguments.OutputLayout, values);

    private static Float4 Sum(ArrayView<float> x, ArrayView<float> residual, NormArguments arguments, int row, int column)
    {
        int count = arguments.Columns - column;
        Float4 values = Float4.LoadAs(x, row * arguments.InputStride + column, count, arguments.InputLayout);
        if (arguments.HasResidual != 0)
        {
            values += Float4.LoadAs(residual, row * arguments.ResidualStride + column, count, arguments.ResidualLayout);
        }

        return values;
    }

    private static float Total(ArrayView<float> sums, int first, int count)
    {
        float total = 0f;
        for (int i = 0; i < count; i++)
        {
            total += sums[first + i];
        }

        return total;
    }
}
