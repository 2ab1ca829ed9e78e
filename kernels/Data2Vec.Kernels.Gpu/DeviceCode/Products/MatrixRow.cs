namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>How the left side of a product is read.</summary>
internal interface IMatrixRows
{
    /// <summary>Whether rows are windows of a convolution.</summary>
    static abstract bool IsConvolution { get; }

    /// <summary>Whether windows are two-dimensional.</summary>
    static abstract bool IsImage { get; }
}

/// <summary>Rows of a matrix.</summary>
internal struct DenseRows : IMatrixRows
{
    public static bool IsConvolution => false;
    public static bool IsImage => false;
}

/// <summary>Windows of a convolution over sequences.</summary>
internal struct Conv1dRows : IMatrixRows
{
    public static bool IsConvolution => true;
    public static bool IsImage => false;
}

/// <summary>Windows of a convolution over images.</summary>
internal struct Conv2dRows : IMatrixRows
{
    public static bool IsConvolution => true;
    public static bool IsImage => true;
}

/// <summary>The location of a row of the left side.</summary>
internal struct MatrixRow
{
    /// <summary>Index of the first number. A window's can be before the sequence.</summary>
    public int Start;

    /// <summary>Range of kernel taps inside the sequence or image line. A dense row has one tap, or none past the last row.</summary>
    public int FirstTap;
    public int EndTap;

    /// <summary>Range of kernel lines inside the image.</summary>
    public int FirstLine;
    public int EndLine;

    /// <summary>Locates a row.</summary>
    public static MatrixRow Locate<TRows>(ArrayView<int> inputStarts, ArrayView<int> outputStarts, MatrixArguments arguments, int row, int group)
        where TRows : struct, IMatrixRows
    {
        MatrixRow located = default;
        if (!TRows.IsConvolution)
        {
            located.Start = (row < arguments.Rows ? row : arguments.Rows - 1) * arguments.InputStride;
            located.EndTap = row < arguments.Rows ? 1 : 0;
        }
        else if (row < arguments.Rows)
        {
            int first;
            if (TRows.IsImage)
            {
                int line = row / arguments.OutputWidth, image = line / arguments.OutputHeight;
                int left = (row - line * arguments.OutputWidth) * arguments.Stride - arguments.Padding;
                int top = (line - image * arguments.OutputHeight) * arguments.Stride - arguments.Padding;
                first = (image * arguments.Height + top) * arguments.Width + left;
                located.FirstTap = -left;
                located.EndTap = arguments.Width - left;
                located.FirstLine = -top;
                located.EndLine = arguments.Height - top;
            }
            else
            {
                int sequence = FindSequence(outputStarts, arguments.Sequences, row);
                int start = inputStarts[sequence];
                first = start + (row - outputStarts[sequence]) * arguments.Stride - arguments.Padding;
                located.FirstTap = start - first;
                located.EndTap = inputStarts[sequence + 1] - first;
            }

            located.Start = first * arguments.InputStride + group * arguments.Channels;
        }

        return located;
    }

    /// <summary>
    /// The index of a row's number in memory, or -1 for padding and past the end. Dense rows past the last one repeat it: their results are not stored.
    /// </summary>
    public static int IndexOf<TRows>(MatrixArguments arguments, MatrixRow row, int k)
        where TRows : struct, IMatrixRows
    {
        if (!TRows.IsConvolution)
        {
            return k < arguments.Depth ? row.Start + k : -1;
        }

        int tap = k / arguments.Channels, channel = k - tap * arguments.Channels, line = 0;
        bool isInside = k < arguments.Depth;
        if (TRows.IsImage)
        {
            line = tap / arguments.Kernel;
            tap -= line * arguments.Kernel;
            isInside = isInside && line >= row.FirstLine && line < row.EndLine;
        }

        return isInside && tap >= row.FirstTap && tap < row.EndTap
            ? row.Start + (line * arguments.Width + tap) * arguments.InputStride + channel
            : -1;
    }

    /// <summary>The sequence of a row: the last one that begins no later.</summary>
    private static int FindSequence(ArrayView<int> starts, int sequences, int row)
    {
        int low = 0, high = sequences;
        while (high - low > 1)
        {
            int middle = (low + high) / 2;
            bool before = starts[middle] <= row;
            low = before ? middle : low;
            high = before ? high : middle;
        }

        return low;
    }
}
