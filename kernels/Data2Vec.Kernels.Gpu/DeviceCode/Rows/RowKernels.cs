using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>The sizes of an operation on rows.</summary>
internal struct RowArguments
{
    public int Rows;
    public int Columns;
    public int InputStride;
    public int OutputStride;

    /// <summary>How inputs and outputs lie in memory: sums of the constants of <see cref="Float4"/>.</summary>
    public int InputLayout;
    public int OutputLayout;

    /// <summary>Whether the result is added to what the output held.</summary>
    public int Add;

    /// <summary>Rows at the start of each sequence that its mean leaves out.</summary>
    public int Skip;

    /// <summary>Columns of a sequence that a group makes the means of.</summary>
    public int Lanes;
}

/// <summary>The sizes of a normalization.</summary>
internal struct NormArguments
{
    /// <summary>The address of the result, on devices of CUDA.</summary>
    public long Output;

    public int Rows;
    public int Columns;
    public int InputStride;
    public int ResidualStride;
    public int OutputStride;

    /// <summary>How each lies in memory: sums of the constants of <see cref="Float4"/>.</summary>
    public int InputLayout;
    public int ResidualLayout;
    public int OutputLayout;
    public int HasResidual;

    /// <summary>Which <see cref="Kernels.Activation"/> follows.</summary>
    public int Activation;
    public float Epsilon;

    /// <summary>Threads that share a row.</summary>
    public int Lanes;
}

/// <summary>The sizes of pooling.</summary>
internal struct PoolArguments
{
    /// <summary>Rows of the result.</summary>
    public int Rows;
    public int Columns;
    public int InputStride;
    public int OutputStride;

    /// <summary>How both lie in memory: sums of the constants of <see cref="Float4"/>.</summary>
    public int InputLayout;
    public int OutputLayout;

    /// <summary>Pixels of the images and of the result, of a window's side, and from window to window.</summary>
    public int Height;
    public int Width;
    public int OutputHeight;
    public int OutputWidth;
    public int Size;
    public int Step;
}

/// <summary>What is done to rows of activations.</summary>
internal static class RowKernels
{
    /// <summary>Threads at the most of a group that shares rows or columns.</summary>
    public const int MaxGroupSize = 256;

    /// <summary><c>output = activation((x + residual - mean) / sqrt(variance + epsilon) * gain + bias)</c>; some threads share a row.</summary>
    /// <param name="x"><c>[rows, columns]</c>.</param>
    /// <param name="residual">The same.</param>
    /// <param name="vectors">Gain, then bias.</param>
    /// <param name="output">May be one of the two.</param>
    /// <param name="sizes">The sizes.</param>
    public static void Normalize(ArrayView<float> x, ArrayView<float> residual, ArrayView<float> vectors, ArrayView<float> output, NormArguments sizes)
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(MaxGroupSize);
        ArrayView<float> squares = SharedMemory.Allocate<float>(MaxGroupSize);
        int thread = Group.IdxX, lane = thread % sizes.Lanes;
        int row = Grid.IdxX * (Group.DimX / sizes.Lanes) + thread / sizes.Lanes;
        int columns = row < sizes.Rows ? sizes.Columns : 0;

        float sum = 0f;
        for (int column = lane * 4; column < columns; column += sizes.Lanes * 4)
        {
            sum += Sum(x, residual, sizes, row, column).Sum();
        }

        sums[thread] = sum;
        Group.Barrier();
        float mean = Total(sums, thread - lane, sizes.Lanes) / sizes.Columns;

        float square = 0f;
        for (int column = lane * 4; column < columns; column += sizes.Lanes * 4)
        {
            Float4 distance = Sum(x, residual, sizes, row, column) - mean;
            square += distance.X * distance.X;
            square += column + 1 < columns ? distance.Y * distance.Y : 0f;
            square += column + 2 < columns ? distance.Z * distance.Z : 0f;
            square += column + 3 < columns ? distance.W * distance.W : 0f;
        }

        squares[thread] = square;
        Group.Barrier();
        float scale = 1f / MathF.Sqrt(Total(squares, thread - lane, sizes.Lanes) / sizes.Columns + sizes.Epsilon);

        for (int column = lane * 4; column < columns; column += sizes.Lanes * 4)
        {
            Float4 values = (Sum(x, residual, sizes, row, column) - mean) * scale;
            values = values * Float4.Load(vectors, column, columns - column, sizes.Columns % 4 == 0 ? RowLayout.Aligned4 : 0)
                + Float4.Load(vectors, columns + column, columns - column, sizes.Columns % 4 == 0 ? RowLayout.Aligned4 : 0);
            Float4.StoreAs(output, row * sizes.OutputStride + column, columns - column, sizes.OutputLayout, Float4.Activate(values, sizes.Activation));
        }
    }

    /// <summary>
    /// Copies rows, or adds them to others, from any layout to any; numbers are rounded to the nearest, and of two to the even one. One
    /// thread for four numbers.
    /// </summary>
    public static void Copy(ArrayView<float> x, ArrayView<float> output, RowArguments sizes)
    {
        int float4s = (sizes.Columns + 3) / 4;
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < sizes.Rows * float4s)
        {
            int row = i / float4s, column = i % float4s * 4, count = sizes.Columns - column;
            Put(output, sizes, row, column, Float4.LoadAs(x, row * sizes.InputStride + column, count, sizes.InputLayout));
        }
    }

    /// <summary>Looks vectors up; one thread for four numbers.</summary>
    /// <param name="ids">Which vectors.</param>
    /// <param name="table">All vectors, each filled up to float4s.</param>
    /// <param name="factors">What multiplies the numbers of each.</param>
    /// <param name="output">Where they go.</param>
    /// <param name="sizes">The sizes.</param>
    public static void Embed<TWeight>(ArrayView<int> ids, ArrayView<TWeight> table, ArrayView<float> factors, ArrayView<float> output, RowArguments sizes)
        where TWeight : unmanaged, IPacked4
    {
        int float4s = (sizes.Columns + 3) / 4;
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < sizes.Rows * float4s)
        {
            int row = i / float4s, four = i % float4s, id = ids[row];
            TWeight stored = table[id * float4s + four]; // copied first, so that the four are loaded at once
            Put(output, sizes, row, four * 4, stored.Widen() * factors[id]);
        }
    }

    /// <summary>The mean of each sequence, in f32. A group takes as many columns of one as there are lanes; its threads share each column.</summary>
    public static void Mean(ArrayView<float> x, ArrayView<int> starts, ArrayView<float> output, RowArguments sizes)
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(MaxGroupSize);
        int thread = Group.IdxX, lane = thread % sizes.Lanes, tiles = (sizes.Columns + sizes.Lanes - 1) / sizes.Lanes;
        int sequence = Grid.IdxX / tiles, column = Grid.IdxX % tiles * sizes.Lanes + lane;
        int first = starts[sequence] + sizes.Skip, end = starts[sequence + 1];
        float sum = 0f;
        for (int row = column < sizes.Columns ? first + thread / sizes.Lanes : end; row < end; row += Group.DimX / sizes.Lanes)
        {
            sum += Float4.LoadAs(x, row * sizes.InputStride + column, 1, sizes.InputLayout).X;
        }

        sums[thread] = sum;
        Group.Barrier();
        if (thread < sizes.Lanes && column < sizes.Columns)
        {
            for (int i = thread + sizes.Lanes; i < Group.DimX; i += sizes.Lanes)
            {
                sum += sums[i];
            }

            output[sequence * sizes.OutputStride + column] = sum / (end - first);
        }
    }

    /// <summary>The greatest numbers of windows of images; one thread for four numbers.</summary>
    public static void MaxPool(ArrayView<float> x, ArrayView<float> output, PoolArguments sizes)
    {
        int float4s = (sizes.Columns + 3) / 4;
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < sizes.Rows * float4s)
        {
            int row = i / float4s, column = i % float4s * 4, count = sizes.Columns - column;
            int line = row / sizes.OutputWidth, image = line / sizes.OutputHeight;
            int corner = (image * sizes.Height + (line - image * sizes.OutputHeight) * sizes.Step) * sizes.Width + (row - line * sizes.OutputWidth) * sizes.Step;
            Float4 greatest = Float4.LoadAs(x, corner * sizes.InputStride + column, count, sizes.InputLayout);
            for (int pixel = 1; pixel < sizes.Size * sizes.Size; pixel++)
            {
                int place = corner + pixel / sizes.Size * sizes.Width + pixel % sizes.Size;
                greatest = Float4.Max(greatest, Float4.LoadAs(x, place * sizes.InputStride + column, count, sizes.InputLayout));
            }

            Float4.StoreAs(output, row * sizes.OutputStride + column, count, sizes.OutputLayout, greatest);
        }
    }

    private static void Put(ArrayView<float> output, RowArguments sizes, int row, int column, Float4 values)
    {
        int at = row * sizes.OutputStride + column, count = sizes.Columns - column;
        if (sizes.Add != 0)
        {
            values += Float4.LoadAs(output, at, count, sizes.OutputLayout);
        }

        Float4.StoreAs(output, at, count, sizes.OutputLayout, values);
    }

    private static Float4 Sum(ArrayView<float> x, ArrayView<float> residual, NormArguments sizes, int row, int column)
    {
        int count = sizes.Columns - column;
        Float4 values = Float4.LoadAs(x, row * sizes.InputStride + column, count, sizes.InputLayout);
        if (sizes.HasResidual != 0)
        {
            values += Float4.LoadAs(residual, row * sizes.ResidualStride + column, count, sizes.ResidualLayout);
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
