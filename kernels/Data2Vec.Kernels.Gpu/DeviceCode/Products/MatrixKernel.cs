using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>How a group of threads shares a tile of a product.</summary>
internal interface IMatrixTile
{
    /// <summary>Threads along the rows, and as many along the columns: a power of two.</summary>
    static abstract int Side { get; }

    /// <summary>Blocks of a thread along the rows, and as many along the columns: 1 or 2.</summary>
    static abstract int Blocks { get; }

    /// <summary>Groups that a multiprocessor has registers for, so that one works while another waits.</summary>
    static abstract int GroupsPerMultiprocessor { get; }
}

/// <summary>128 rows and columns.</summary>
internal struct MatrixTile128 : IMatrixTile
{
    public static int Side => 16;

    public static int Blocks => 2;

    public static int GroupsPerMultiprocessor => 2;
}

/// <summary>64 rows and columns.</summary>
internal struct MatrixTile64 : IMatrixTile
{
    public static int Side => 16;

    public static int Blocks => 1;

    public static int GroupsPerMultiprocessor => 3;
}

/// <summary>16 rows and columns, for simulated devices with few threads.</summary>
internal struct MatrixTile16 : IMatrixTile
{
    public static int Side => 4;

    public static int Blocks => 1;

    public static int GroupsPerMultiprocessor => 3;
}

/// <summary>Where the rows of a product's left side come from.</summary>
internal interface IMatrixRows
{
    /// <summary>Whether they are windows of a convolution.</summary>
    static abstract bool IsConvolution { get; }

    /// <summary>Whether the windows are squares of images, not stretches of sequences.</summary>
    static abstract bool IsImage { get; }
}

/// <summary>Rows as they are.</summary>
internal struct DenseRows : IMatrixRows
{
    public static bool IsConvolution => false;

    public static bool IsImage => false;
}

/// <summary>The windows of a convolution over sequences.</summary>
internal struct Conv1dRows : IMatrixRows
{
    public static bool IsConvolution => true;

    public static bool IsImage => false;
}

/// <summary>The windows of a convolution over images.</summary>
internal struct Conv2dRows : IMatrixRows
{
    public static bool IsConvolution => true;

    public static bool IsImage => true;
}

/// <summary>Where a row of the left side lies.</summary>
internal struct MatrixRow
{
    /// <summary>The place of its first number; a window's may be before the sequence.</summary>
    public int Start;

    /// <summary>The first tap that is within the sequence or the image's line, and the one after the last; of plain rows none or one.</summary>
    public int Lowest;
    public int Highest;

    /// <summary>The same of the lines of an image.</summary>
    public int FirstLine;
    public int EndLine;
}

/// <summary>The sizes of a product.</summary>
internal struct MatrixArguments
{
    /// <summary>The addresses of the result and of what is added to each column, for kernels of tensor cores.</summary>
    public long Output;
    public long Biases;

    /// <summary>Whether a kernel of tensor cores does what follows the product; otherwise it writes down the sums.</summary>
    public int RunsEpilogue;

    /// <summary>Rows of the result.</summary>
    public int Rows;

    /// <summary>Numbers that one of its elements is a sum over.</summary>
    public int Depth;

    /// <summary>
    /// Those that a group of threads sums over: less than <see cref="Depth"/> where tiles are so few that several share one, and what each
    /// has comes together in <see cref="MatrixKernel.FinishSplitK"/>.
    /// </summary>
    public int SplitDepth;

    /// <summary>Columns of one group.</summary>
    public int Columns;

    /// <summary>Fours of one group's columns, the last one filled up.</summary>
    public int Float4Columns;

    /// <summary>Tiles along the columns of one group.</summary>
    public int ColumnTiles;

    /// <summary>From one row of biases, scales and factors to the next.</summary>
    public int VectorStride;

    public int InputStride;
    public int OutputStride;
    public int ResidualStride;

    /// <summary>Whether float4s of the inputs are aligned, where they are in f32.</summary>
    public int AlignedInput;

    /// <summary>How outputs and residuals lie in memory: sums of the constants of <see cref="Float4"/>.</summary>
    public int OutputLayout;
    public int ResidualLayout;

    /// <summary>Which <see cref="Kernels.Activation"/> follows.</summary>
    public int Activation;
    public int HasResidual;

    /// <summary>Whether what multiplies each column is something else than 1.</summary>
    public int HasScale;

    /// <summary>Of a convolution: channels of a group, input rows from window to window, rows of zeros around, the number of sequences.</summary>
    public int Channels;
    public int Step;
    public int Padding;
    public int Sequences;

    /// <summary>Of a convolution over images: their pixels, those of the result, and those of a window's side.</summary>
    public int Height;
    public int Width;
    public int OutputHeight;
    public int OutputWidth;
    public int Kernel;
}

/// <summary>
/// Matrix products, and convolutions as products whose left side is never written down. A group of threads makes a tile of
/// the result; slices of both sides go through shared memory, the next ones loaded while the present ones are multiplied.
/// </summary>
internal static class MatrixKernel
{
    /// <param name="x">The left side, or the rows that a convolution's windows slide over.</param>
    /// <param name="weights">The right side of each group, <c>[depth, columns]</c>.</param>
    /// <param name="vectors">What is added to each column, then what multiplies it, and before both the factor of its weights.</param>
    /// <param name="residual">Added last.</param>
    /// <param name="output">The result.</param>
    /// <param name="inputStarts">The bounds of a convolution's sequences.</param>
    /// <param name="outputStarts">The bounds of what it makes of them.</param>
    /// <param name="sizes">The sizes.</param>
    public static void Multiply<TTile, TRows, TWeight>(
        ArrayView<float> x, ArrayView<TWeight> weights, ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output,
        ArrayView<int> inputStarts, ArrayView<int> outputStarts, MatrixArguments sizes)
        where TTile : struct, IMatrixTile
        where TRows : struct, IMatrixRows
        where TWeight : unmanaged, IPacked4
    {
        // A slice's depth is such that each thread loads one four of either side.
        int side = TTile.Side, float4s = TTile.Side * TTile.Blocks, depth = TTile.Side / TTile.Blocks;
        ArrayView<Float4> left = SharedMemory.Allocate<Float4>(2 * (TTile.Side / TTile.Blocks) * (TTile.Side * TTile.Blocks + 1));
        ArrayView<Float4> right = SharedMemory.Allocate<Float4>(2 * (TTile.Side / TTile.Blocks) * (TTile.Side * TTile.Blocks));
        ArrayView<float> leftNumbers = left.Cast<float>();

        int thread = Group.IdxX, across = thread & (side - 1), down = (int)((uint)thread / (uint)side);
        int group = Grid.IdxY / sizes.ColumnTiles;
        int firstRow = Grid.IdxX * float4s * 4, firstFloat4 = Grid.IdxY % sizes.ColumnTiles * float4s;

        int leftRow = thread / (depth / 4), leftDepth = thread % (depth / 4) * 4;
        MatrixRow row = Place<TRows>(inputStarts, outputStarts, sizes, firstRow + leftRow, group);

        int rightDepth = thread / float4s, rightFloat4 = firstFloat4 + thread % float4s;
        int groupWeights = group * sizes.Depth * sizes.Float4Columns;

        Float4x4 c00 = default, c01 = default, c10 = default, c11 = default;
        Float4 nextLeft = LoadLeft<TRows>(x, sizes, row, leftDepth);
        Float4 nextRight = LoadRight(weights, sizes, groupWeights, rightDepth, rightFloat4);
        int slice = 0;
        for (int k = 0; k < sizes.Depth; k += depth)
        {
            int at = (slice + leftDepth) * (4 * float4s + 4) + leftRow;
            leftNumbers[at] = nextLeft.X;
            leftNumbers[at + 4 * float4s + 4] = nextLeft.Y;
            leftNumbers[at + 2 * (4 * float4s + 4)] = nextLeft.Z;
            leftNumbers[at + 3 * (4 * float4s + 4)] = nextLeft.W;
            right[slice * float4s + thread] = nextRight;
            Group.Barrier();

            nextLeft = LoadLeft<TRows>(x, sizes, row, k + depth + leftDepth);
            nextRight = LoadRight(weights, sizes, groupWeights, k + depth + rightDepth, rightFloat4);
            // Float4 steps are written out: more would take registers for what is loaded ahead that another group could work with.
            int leftAt = slice * (float4s + 1) + down, rightAt = slice * float4s + across;
            for (int i = 0; i < TTile.Side / TTile.Blocks; i += 4)
            {
                Unrolled4<TTile>(left, right, leftAt, rightAt, ref c00, ref c01, ref c10, ref c11);
                leftAt += 4 * (float4s + 1);
                rightAt += 4 * float4s;
            }

            // The two slices take turns, so that one barrier is enough.
            slice = depth - slice;
        }

        for (int i = 0; i < TTile.Blocks * TTile.Blocks; i++)
        {
            int rowBlock = i / TTile.Blocks, columnBlock = i % TTile.Blocks;
            Float4x4 block = rowBlock == 0 ? (columnBlock == 0 ? c00 : c01) : (columnBlock == 0 ? c10 : c11);
            Finish(
                vectors, residual, output, sizes, block, firstRow + (rowBlock * side + down) * 4, group, (firstFloat4 + columnBlock * side + across) * 4);
        }
    }

    /// <summary>Float4 steps of a slice.</summary>
    private static void Unrolled4<TTile>(
        ArrayView<Float4> left, ArrayView<Float4> right, int leftAt, int rightAt, ref Float4x4 c00, ref Float4x4 c01, ref Float4x4 c10, ref Float4x4 c11)
        where TTile : struct, IMatrixTile
    {
        int float4s = TTile.Side * TTile.Blocks;
        Step<TTile>(left, right, leftAt, rightAt, ref c00, ref c01, ref c10, ref c11);
        Step<TTile>(left, right, leftAt + float4s + 1, rightAt + float4s, ref c00, ref c01, ref c10, ref c11);
        Step<TTile>(left, right, leftAt + 2 * (float4s + 1), rightAt + 2 * float4s, ref c00, ref c01, ref c10, ref c11);
        Step<TTile>(left, right, leftAt + 3 * (float4s + 1), rightAt + 3 * float4s, ref c00, ref c01, ref c10, ref c11);
    }

    /// <summary>Adds the products of one column of the left slice and one row of the right.</summary>
    private static void Step<TTile>(
        ArrayView<Float4> left, ArrayView<Float4> right, int leftAt, int rightAt, ref Float4x4 c00, ref Float4x4 c01, ref Float4x4 c10, ref Float4x4 c11)
        where TTile : struct, IMatrixTile
    {
        Float4 a0 = left[leftAt], b0 = right[rightAt];
        c00 = Float4x4.MultiplyAdd(c00, a0, b0);
        if (TTile.Blocks == 2)
        {
            Float4 a1 = left[leftAt + TTile.Side], b1 = right[rightAt + TTile.Side];
            c01 = Float4x4.MultiplyAdd(c01, a0, b1);
            c10 = Float4x4.MultiplyAdd(c10, a1, b0);
            c11 = Float4x4.MultiplyAdd(c11, a1, b1);
        }
    }

    /// <summary>Where a row of the left side lies.</summary>
    public static MatrixRow Place<TRows>(ArrayView<int> inputStarts, ArrayView<int> outputStarts, MatrixArguments sizes, int row, int group)
        where TRows : struct, IMatrixRows
    {
        MatrixRow place = default;
        if (!TRows.IsConvolution)
        {
            place.Start = (row < sizes.Rows ? row : sizes.Rows - 1) * sizes.InputStride;
            place.Highest = row < sizes.Rows ? 1 : 0;
        }
        else if (row < sizes.Rows)
        {
            int first;
            if (TRows.IsImage)
            {
                int line = row / sizes.OutputWidth, image = line / sizes.OutputHeight;
                int left = (row - line * sizes.OutputWidth) * sizes.Step - sizes.Padding;
                int top = (line - image * sizes.OutputHeight) * sizes.Step - sizes.Padding;
                first = (image * sizes.Height + top) * sizes.Width + left;
                place.Lowest = -left;
                place.Highest = sizes.Width - left;
                place.FirstLine = -top;
                place.EndLine = sizes.Height - top;
            }
            else
            {
                int sequence = Find(outputStarts, sizes.Sequences, row);
                int start = inputStarts[sequence];
                first = start + (row - outputStarts[sequence]) * sizes.Step - sizes.Padding;
                place.Lowest = start - first;
                place.Highest = inputStarts[sequence + 1] - first;
            }

            place.Start = first * sizes.InputStride + group * sizes.Channels;
        }

        return place;
    }

    /// <summary>Float4 numbers of a row of the left side, from <paramref name="k"/> on.</summary>
    private static Float4 LoadLeft<TRows>(ArrayView<float> x, MatrixArguments sizes, MatrixRow row, int k)
        where TRows : struct, IMatrixRows
    {
        if (!TRows.IsConvolution)
        {
            return Float4.Load(x, row.Start + k, row.Highest > 0 ? sizes.Depth - k : 0, sizes.AlignedInput);
        }

        Float4 values = default;
        if (sizes.AlignedInput != 0)
        {
            int place = IndexOf<TRows>(sizes, row, k);
            if (place >= 0)
            {
                values = x.Cast<Float4>()[place / 4];
            }
        }
        else
        {
            values.X = LoadTap<TRows>(x, sizes, row, k);
            values.Y = LoadTap<TRows>(x, sizes, row, k + 1);
            values.Z = LoadTap<TRows>(x, sizes, row, k + 2);
            values.W = LoadTap<TRows>(x, sizes, row, k + 3);
        }

        return values;
    }

    private static float LoadTap<TRows>(ArrayView<float> x, MatrixArguments sizes, MatrixRow row, int k)
        where TRows : struct, IMatrixRows
    {
        int place = IndexOf<TRows>(sizes, row, k);
        return place >= 0 ? x[place] : 0f;
    }

    /// <summary>
    /// The place of a row's number, or -1 where there is none or it is padding. Plain rows past the last are as the last one: what becomes of them is
    /// stored nowhere.
    /// </summary>
    public static int IndexOf<TRows>(MatrixArguments sizes, MatrixRow row, int k)
        where TRows : struct, IMatrixRows
    {
        if (!TRows.IsConvolution)
        {
            return k < sizes.Depth ? row.Start + k : -1;
        }

        int tap = k / sizes.Channels, channel = k - tap * sizes.Channels, line = 0;
        bool isThere = k < sizes.Depth;
        if (TRows.IsImage)
        {
            line = tap / sizes.Kernel;
            tap -= line * sizes.Kernel;
            isThere = isThere && line >= row.FirstLine && line < row.EndLine;
        }

        return isThere && tap >= row.Lowest && tap < row.Highest
            ? row.Start + (line * sizes.Width + tap) * sizes.InputStride + channel
            : -1;
    }

    private static Float4 LoadRight<TWeight>(ArrayView<TWeight> weights, MatrixArguments sizes, int groupWeights, int k, int four)
        where TWeight : unmanaged, IPacked4
    {
        Float4 values = default;
        if (k < sizes.Depth && four < sizes.Float4Columns)
        {
            // Copied first: called on the place itself, it would load each number by itself.
            TWeight stored = weights[groupWeights + k * sizes.Float4Columns + four];
            values = stored.Widen();
        }

        return values;
    }

    /// <summary>The sequence that a row belongs to: the last one that does not begin after it.</summary>
    private static int Find(ArrayView<int> starts, int sequences, int row)
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

    /// <summary>What follows the product: factor, bias, activation, scale, residual.</summary>
    public static void Finish(
        ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output, MatrixArguments sizes, Float4x4 block, int row, int group, int column)
    {
        int count = sizes.Columns - column, place = group * sizes.Columns + column, aligned = sizes.Columns % 4 == 0 ? RowLayout.Aligned4 : 0;
        Float4 factor = Float4.Load(vectors, place, count, aligned);
        Float4 bias = Float4.Load(vectors, place + sizes.VectorStride, count, aligned);
        Float4 scale = Float4.Load(vectors, place + 2 * sizes.VectorStride, count, aligned);
        for (int i = 0; i < 4; i++)
        {
            if (row + i < sizes.Rows)
            {
                Finish(residual, output, sizes, block.Row(i), factor, bias, scale, row + i, place, count);
            }
        }
    }

    private static void Finish(
        ArrayView<float> residual, ArrayView<float> output, MatrixArguments sizes, Float4 sums, Float4 factor, Float4 bias, Float4 scale, int row, int place, int count)
    {
        Float4 values = Float4.Activate(sums * factor + bias, sizes.Activation) * scale;
        if (sizes.HasResidual != 0)
        {
            values += Float4.LoadAs(residual, row * sizes.ResidualStride + place, count, sizes.ResidualLayout);
        }

        Float4.StoreAs(output, row * sizes.OutputStride + place, count, sizes.OutputLayout, values);
    }

    /// <summary>Where the sums of a slice lie, of all columns filled up.</summary>
    public static int PartialSumIndex(MatrixArguments sizes, int slice, int row, int column) => (slice * sizes.Rows + row) * sizes.Float4Columns * 4 + column;

    /// <summary>Adds up the sums of all slices of a product of one group, and does what follows it; one thread for four numbers.</summary>
    public static void FinishSplitK(
        ArrayView<float> sums, ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output, MatrixArguments sizes)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX, row = i / sizes.Float4Columns, column = i % sizes.Float4Columns * 4, count = sizes.Columns - column;
        if (row < sizes.Rows && count > 0)
        {
            Float4 sum = default;
            int slice = 0;
            for (int k = 0; k < sizes.Depth; k += sizes.SplitDepth)
            {
                sum += sums.Cast<Float4>()[PartialSumIndex(sizes, slice, row, column) / 4];
                slice++;
            }

            int aligned = sizes.Columns % 4 == 0 ? RowLayout.Aligned4 : 0;
            Float4 factor = Float4.Load(vectors, column, count, aligned);
            Float4 bias = Float4.Load(vectors, column + sizes.VectorStride, count, aligned);
            Float4 scale = Float4.Load(vectors, column + 2 * sizes.VectorStride, count, aligned);
            Finish(residual, output, sizes, sum, factor, bias, scale, row, column, count);
        }
    }
}
