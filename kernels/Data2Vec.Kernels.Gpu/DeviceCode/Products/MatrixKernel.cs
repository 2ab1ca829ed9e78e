namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>How a thread group shares a tile of a product.</summary>
internal interface IMatrixTile
{
    /// <summary>Threads along the rows, and along the columns: a power of two.</summary>
    static abstract int Side { get; }

    /// <summary>Blocks of 4 x 4 of a thread along the rows, and along the columns: 1 or 2.</summary>
    static abstract int Blocks { get; }

    /// <summary>Groups that fit the registers of a multiprocessor, so that one computes while another waits.</summary>
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

/// <summary>
/// Matrix products, and convolutions as products whose left side is never materialized. A thread group computes a tile of the result. Slices of both
/// sides go through shared memory; the next ones are loaded while the current ones are multiplied.
/// </summary>
internal static class MatrixKernel
{
    /// <param name="x">The left side, or the input of a convolution.</param>
    /// <param name="weights">The right side of each group, <c>[depth, columns]</c>.</param>
    /// <param name="vectors">For all columns: factors of the weights, then biases, then scales.</param>
    /// <param name="residual">Added last.</param>
    /// <param name="output">The result.</param>
    /// <param name="inputStarts">Starts of a convolution's input sequences.</param>
    /// <param name="outputStarts">Starts of its output sequences.</param>
    /// <param name="arguments">Sizes and options.</param>
    public static void Multiply<TTile, TRows, TWeight>(
        ArrayView<float> x, ArrayView<TWeight> weights, ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output,
        ArrayView<int> inputStarts, ArrayView<int> outputStarts, MatrixArguments arguments)
        where TTile : struct, IMatrixTile
        where TRows : struct, IMatrixRows
        where TWeight : unmanaged, IPacked4
    {
        // A slice is as deep as each thread loading one Float4 of either side makes it.
        int side = TTile.Side, width = TTile.Side * TTile.Blocks, depth = TTile.Side / TTile.Blocks;
        ArrayView<Float4> left = SharedMemory.Allocate<Float4>(2 * (TTile.Side / TTile.Blocks) * (TTile.Side * TTile.Blocks + 1));
        ArrayView<Float4> right = SharedMemory.Allocate<Float4>(2 * (TTile.Side / TTile.Blocks) * (TTile.Side * TTile.Blocks));
        ArrayView<float> leftNumbers = left.Cast<float>();

        int thread = Group.IdxX, across = thread & (side - 1), down = (int)((uint)thread / (uint)side);
        int group = Grid.IdxY / arguments.ColumnTiles;
        int firstRow = Grid.IdxX * width * 4, firstFloat4 = Grid.IdxY % arguments.ColumnTiles * width;

        int leftRow = thread / (depth / 4), leftDepth = thread % (depth / 4) * 4;
        MatrixRow row = MatrixRow.Locate<TRows>(inputStarts, outputStarts, arguments, firstRow + leftRow, group);

        int rightDepth = thread / width, rightFloat4 = firstFloat4 + thread % width;
        int groupWeights = group * arguments.Depth * arguments.Float4Columns;

        Float4x4 c00 = default, c01 = default, c10 = default, c11 = default;
        Float4 nextLeft = LoadLeft<TRows>(x, arguments, row, leftDepth);
        Float4 nextRight = LoadRight(weights, arguments, groupWeights, rightDepth, rightFloat4);
        int slice = 0;
        for (int k = 0; k < arguments.Depth; k += depth)
        {
            int at = (slice + leftDepth) * (4 * width + 4) + leftRow;
            leftNumbers[at] = nextLeft.X;
            leftNumbers[at + 4 * width + 4] = nextLeft.Y;
            leftNumbers[at + 2 * (4 * width + 4)] = nextLeft.Z;
            leftNumbers[at + 3 * (4 * width + 4)] = nextLeft.W;
            right[slice * width + thread] = nextRight;
            Group.Barrier();

            nextLeft = LoadLeft<TRows>(x, arguments, row, k + depth + leftDepth);
            nextRight = LoadRight(weights, arguments, groupWeights, k + depth + rightDepth, rightFloat4);
            // Unrolled four times. More would need registers for prefetched values that another group could use.
            int leftAt = slice * (width + 1) + down, rightAt = slice * width + across;
            for (int i = 0; i < TTile.Side / TTile.Blocks; i += 4)
            {
                MultiplyAddFour<TTile>(left, right, leftAt, rightAt, ref c00, ref c01, ref c10, ref c11);
                leftAt += 4 * (width + 1);
                rightAt += 4 * width;
            }

            // The two slices alternate, so that one barrier is enough.
            slice = depth - slice;
        }

        for (int i = 0; i < TTile.Blocks * TTile.Blocks; i++)
        {
            int rowBlock = i / TTile.Blocks, columnBlock = i % TTile.Blocks;
            Float4x4 block = rowBlock == 0 ? (columnBlock == 0 ? c00 : c01) : (columnBlock == 0 ? c10 : c11);
            ProductEpilogue.Apply(
                vectors, residual, output, arguments, block, firstRow + (rowBlock * side + down) * 4, group, (firstFloat4 + columnBlock * side + across) * 4);
        }
    }

    private static void MultiplyAddFour<TTile>(
        ArrayView<Float4> left, ArrayView<Float4> right, int leftAt, int rightAt, ref Float4x4 c00, ref Float4x4 c01, ref Float4x4 c10, ref Float4x4 c11)
        where TTile : struct, IMatrixTile
    {
        int width = TTile.Side * TTile.Blocks;
        MultiplyAdd<TTile>(left, right, leftAt, rightAt, ref c00, ref c01, ref c10, ref c11);
        MultiplyAdd<TTile>(left, right, leftAt + width + 1, rightAt + width, ref c00, ref c01, ref c10, ref c11);
        MultiplyAdd<TTile>(left, right, leftAt + 2 * (width + 1), rightAt + 2 * width, ref c00, ref c01, ref c10, ref c11);
        MultiplyAdd<TTile>(left, right, leftAt + 3 * (width + 1), rightAt + 3 * width, ref c00, ref c01, ref c10, ref c11);
    }

    /// <summary>Adds the products of one column of the left slice and one row of the right slice.</summary>
    private static void MultiplyAdd<TTile>(
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

    /// <summary>Loads four numbers of a row of the left side, from <paramref name="k"/> on.</summary>
    private static Float4 LoadLeft<TRows>(ArrayView<float> x, MatrixArguments arguments, MatrixRow row, int k)
        where TRows : struct, IMatrixRows
    {
        if (!TRows.IsConvolution)
        {
            return Float4.Load(x, row.Start + k, row.EndTap > 0 ? arguments.Depth - k : 0, arguments.AlignedInput);
        }

        Float4 values = default;
        if (arguments.AlignedInput != 0)
        {
            int index = MatrixRow.IndexOf<TRows>(arguments, row, k);
            if (index >= 0)
            {
                values = x.Cast<Float4>()[index / 4];
            }
        }
        else
        {
            values.X = LoadTap<TRows>(x, arguments, row, k);
            values.Y = LoadTap<TRows>(x, arguments, row, k + 1);
            values.Z = LoadTap<TRows>(x, arguments, row, k + 2);
            values.W = LoadTap<TRows>(x, arguments, row, k + 3);
        }

        return values;
    }

    private static float LoadTap<TRows>(ArrayView<float> x, MatrixArguments arguments, MatrixRow row, int k)
        where TRows : struct, IMatrixRows
    {
        int index = MatrixRow.IndexOf<TRows>(arguments, row, k);
        return index >= 0 ? x[index] : 0f;
    }

    private static Float4 LoadRight<TWeight>(ArrayView<TWeight> weights, MatrixArguments arguments, int groupWeights, int k, int column)
        where TWeight : unmanaged, IPacked4
    {
        Float4 values = default;
        if (k < arguments.Depth && column < arguments.Float4Columns)
        {
            // Copied first, to load all four at once.
            TWeight stored = weights[groupWeights + k * arguments.Float4Columns + column];
            values = stored.Widen();
        }

        return values;
    }
}
