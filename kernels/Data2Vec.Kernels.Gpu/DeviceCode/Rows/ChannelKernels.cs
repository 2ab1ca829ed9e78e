namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>Norms of each channel over the rows of a sequence, and sums of tensors.</summary>
internal static class ChannelKernels
{
    /// <summary>Rows whose sum is added to the total at once, so that long sequences lose little to rounding.</summary>
    private const int RowsPerSum = 64;

    /// <summary>
    /// The mean and the variance of each channel of each sequence. A thread group computes as many channels as there are lanes; its threads share each channel.
    /// </summary>
    /// <param name="x"><c>[rows, channels]</c>.</param>
    /// <param name="starts">The bounds of the sequences.</param>
    /// <param name="moments">Means, then variances.</param>
    /// <param name="arguments">Sizes; the rows are those of the result.</param>
    public static void Moments(ArrayView<float> x, ArrayView<int> starts, ArrayView<float> moments, RowArguments arguments)
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(RowKernels.MaxGroupSize);
        ArrayView<float> squares = SharedMemory.Allocate<float>(RowKernels.MaxGroupSize);
        int thread = Group.IdxX, lane = thread % arguments.Lanes, tiles = (arguments.Columns + arguments.Lanes - 1) / arguments.Lanes;
        int sequence = Grid.IdxX / tiles, column = Grid.IdxX % tiles * arguments.Lanes + lane, step = Group.DimX / arguments.Lanes;
        int first = starts[sequence], end = starts[sequence + 1];
        int begin = column < arguments.Columns ? first + thread / arguments.Lanes : end;
        int count = end > first ? end - first : 1;

        float total = 0f;
        for (int block = begin; block < end; block += step * RowsPerSum)
        {
            float sum = 0f;
            for (int row = block; row < end && row < block + step * RowsPerSum; row += step)
            {
                sum += Float4.LoadAs(x, row * arguments.InputStride + column, 1, arguments.InputLayout).X;
            }

            total += sum;
        }

        sums[thread] = total;
        Group.Barrier();
        float mean = Total(sums, lane, arguments.Lanes) / count;

        total = 0f;
        for (int block = begin; block < end; block += step * RowsPerSum)
        {
            float sum = 0f;
            for (int row = block; row < end && row < block + step * RowsPerSum; row += step)
            {
                float distance = Float4.LoadAs(x, row * arguments.InputStride + column, 1, arguments.InputLayout).X - mean;
                sum += distance * distance;
            }

            total += sum;
        }

        squares[thread] = total;
        Group.Barrier();
        if (thread < arguments.Lanes && column < arguments.Columns)
        {
            int place = sequence * arguments.OutputStride + column;
            moments[place] = mean;
            moments[place + arguments.Columns] = Total(squares, lane, arguments.Lanes) / count;
        }
    }

    /// <summary><c>output = activation((x - mean) / sqrt(variance + epsilon) * gain + bias)</c>; one thread for four numbers.</summary>
    /// <param name="x"><c>[rows, channels]</c>.</param>
    /// <param name="moments">The mean of each channel, then the variances.</param>
    /// <param name="vectors">Gain, then bias.</param>
    /// <param name="output">The result; may be the input.</param>
    /// <param name="arguments">Sizes and options.</param>
    public static void Normalize(ArrayView<float> x, ArrayView<float> moments, ArrayView<float> vectors, ArrayView<float> output, NormArguments arguments)
    {
        int columns4 = (arguments.Columns + 3) / 4;
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < arguments.Rows * columns4)
        {
            int row = i / columns4, column = i % columns4 * 4, count = arguments.Columns - column;
            Float4 values = Float4.LoadAs(x, row * arguments.InputStride + column, count, arguments.InputLayout);
            values = new Float4(
                Normed(values.X, moments, vectors, column, 0, arguments), Normed(values.Y, moments, vectors, column, 1, arguments),
                Normed(values.Z, moments, vectors, column, 2, arguments), Normed(values.W, moments, vectors, column, 3, arguments));
            Float4.StoreAs(output, row * arguments.OutputStride + column, count, arguments.OutputLayout, Float4.Activate(values, arguments.Activation));
        }
    }

    /// <summary>Adds rows to others, from any layout to any. One thread for four numbers.</summary>
    public static void Add(ArrayView<float> x, ArrayView<float> output, RowArguments arguments)
    {
        int columns4 = (arguments.Columns + 3) / 4;
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < arguments.Rows * columns4)
        {
            int row = i / columns4, column = i % columns4 * 4, count = arguments.Columns - column, place = row * arguments.OutputStride + column;
            Float4 sum = Float4.LoadAs(output, place, count, arguments.OutputLayout) + Float4.LoadAs(x, row * arguments.InputStride + column, count, arguments.InputLayout);
            Float4.StoreAs(output, place, count, arguments.OutputLayout, sum);
        }
    }

    private static float Normed(float value, ArrayView<float> moments, ArrayView<float> vectors, int column, int offset, NormArguments arguments)
    {
        int channel = column + offset < arguments.Columns ? column + offset : column;
        float factor = vectors[channel] / MathF.Sqrt(moments[arguments.Columns + channel] + arguments.Epsilon);
        return (value - moments[channel]) * factor + vectors[arguments.Columns + channel];
    }

    private static float Total(ArrayView<float> sums, int lane, int lanes)
    {
        float total = 0f;
        for (int i = lane; i < Group.DimX; i += lanes)
        {
            total += sums[i];
        }

        return total;
    }
}
