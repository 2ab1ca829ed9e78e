namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>How the four warps of a group share a tile of a product.</summary>
internal interface ITensorTile
{
    /// <summary>Rows, and columns, of a tile; a warp computes a quarter of it.</summary>
    static abstract int Side { get; }
}

/// <summary>128 rows and columns.</summary>
internal struct TensorTile128 : ITensorTile
{
    public static int Side => 128;
}

/// <summary>64 rows and columns.</summary>
internal struct TensorTile64 : ITensorTile
{
    public static int Side => 64;
}

/// <summary>
/// The products of <see cref="MatrixKernel"/> on tensor cores: both sides in bf16, f16 or tf32, sums in f32. Slices of both sides are copied to shared
/// memory two ahead of the one being multiplied. 16-byte chunks are swizzled within 128 bytes, so that simultaneous loads hit different banks: on the
/// left, whose rows have 64 bytes, by half the row number; on the right by the row number, for tf32 by twice the row number modulo four.
/// </summary>
internal static class TensorKernel
{
    /// <summary>Threads of a group.</summary>
    public const int Threads = 128;

    /// <summary>Groups that fit the registers of a multiprocessor.</summary>
    public const int GroupsPerMultiprocessor = 2;

    /// <summary>16-bit numbers of one copy.</summary>
    public const int Chunk = 8;

    private const int Stages = 3;

    /// <summary>Bytes between a thread's consecutive chunks, on either side.</summary>
    private const int Pass = Threads * 16;

    /// <summary>Numbers of one copy: rows of both sides begin and end at multiples of it.</summary>
    public static int ChunkOf<TNumbers>()
        where TNumbers : struct, IPacked4 => 16 / TNumbers.Bytes;

    /// <summary>Shared memory of a group, in bytes.</summary>
    public static int SharedBytes<TTile>()
        where TTile : struct, ITensorTile => Stages * StageBytes<TTile>();

    /// <param name="x">Address of the left side, or of the input of a convolution.</param>
    /// <param name="weights">Address of the right side of each group, <c>[depth, columns]</c>.</param>
    /// <param name="vectors">As in <see cref="MatrixKernel"/>.</param>
    /// <param name="residual">Added last.</param>
    /// <param name="output">The result, or partial sums for <see cref="ProductEpilogue.FinishSplitK"/>.</param>
    /// <param name="inputStarts">Starts of a convolution's input sequences.</param>
    /// <param name="outputStarts">Starts of its output sequences.</param>
    /// <param name="arguments">Sizes and options.</param>
    public static void Multiply<TTile, TRows, TNumbers, TUnit>(
        long x, long weights, ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output,
        ArrayView<int> inputStarts, ArrayView<int> outputStarts, MatrixArguments arguments)
        where TTile : struct, ITensorTile
        where TRows : struct, IMatrixRows
        where TNumbers : struct, IPacked4
        where TUnit : struct, ITensorUnit
    {
        int chunk = ChunkOf<TNumbers>(), depth = 4 * ChunkOf<TNumbers>();
        ArrayView<float> staged = SharedMemory.GetDynamic<float>();
        TUnit.Begin(staged);
        int thread = Group.IdxX, lane = thread & 31, warp = thread >> 5;
        int warpRow = (warp >> 1) * (TTile.Side / 2), warpColumn = (warp & 1) * (TTile.Side / 2);
        int group = Grid.IdxY / arguments.ColumnTiles;
        int firstRow = Grid.IdxX * TTile.Side, firstColumn = Grid.IdxY % arguments.ColumnTiles * TTile.Side;

        int leftRow = thread >> 2, leftDepth = (thread & 3) * chunk;
        int leftDestination = leftRow * 64 + ((thread & 3) ^ (leftRow >> 1 & 3)) * 16;
        MatrixRow row0 = MatrixRow.Locate<TRows>(inputStarts, outputStarts, arguments, firstRow + leftRow, group);
        MatrixRow row1 = MatrixRow.Locate<TRows>(inputStarts, outputStarts, arguments, firstRow + leftRow + 32, group);
        MatrixRow row2 = default, row3 = default;
        if (TTile.Side == 128)
        {
            row2 = MatrixRow.Locate<TRows>(inputStarts, outputStarts, arguments, firstRow + leftRow + 64, group);
            row3 = MatrixRow.Locate<TRows>(inputStarts, outputStarts, arguments, firstRow + leftRow + 96, group);
        }

        int rightChunk = thread & (TTile.Side / chunk - 1), rightDepth = (int)((uint)thread / (uint)(TTile.Side / chunk));
        int rightDestination = TTile.Side * 64 + rightDepth * (TTile.Side * TNumbers.Bytes) + (rightChunk ^ Swizzle<TNumbers>(rightDepth)) * 16;
        int rightColumn = firstColumn + rightChunk * chunk, pitch = arguments.Float4Columns * 4;
        long rightSource = weights + (long)TNumbers.Bytes * ((long)group * arguments.Depth * pitch + rightColumn);
        int first = Grid.IdxZ * arguments.SplitDepth, last = first + arguments.SplitDepth;
        bool runsEpilogue = arguments.RunsEpilogue != 0;
        arguments.Depth = last < arguments.Depth ? last : arguments.Depth;
        int rightEnd = rightColumn < pitch ? arguments.Depth : 0;

        // The thread's row of the first matrices; further ones lie at distances that keep the swizzle.
        int left = (warpRow + (lane & 15)) * 64 + ((lane >> 4) ^ (lane >> 1 & 3)) * 16;
        int right = (warpColumn / chunk + (lane >> 4)) ^ Swizzle<TNumbers>(lane);
        right = TTile.Side * 64 + right * 16 + (TNumbers.Bytes == 4
            ? (lane & 3) * (TTile.Side * 4) + (lane >> 2 & 3) * 4
            : (lane & 15) * (TTile.Side * 2));

        int loading = 0, multiplying = 0, end = SharedBytes<TTile>();
        for (int k = first - (Stages - 1) * depth; k < arguments.Depth; k += depth)
        {
            if (k >= first)
            {
                // This slice has arrived for all threads, and none still reads what the next one overwrites.
                TUnit.WaitForAllButOne();
                Group.Barrier();
            }

            int next = k + (Stages - 1) * depth;
            CopyLeft<TRows, TNumbers, TUnit>(x, arguments, row0, next + leftDepth, loading + leftDestination);
            CopyLeft<TRows, TNumbers, TUnit>(x, arguments, row1, next + leftDepth, loading + leftDestination + Pass);
            int passRows = PassRows<TTile, TNumbers>();
            CopyRight<TNumbers, TUnit>(rightSource, pitch, rightEnd, next + rightDepth, loading + rightDestination);
            CopyRight<TNumbers, TUnit>(rightSource, pitch, rightEnd, next + rightDepth + passRows, loading + rightDestination + Pass);
            if (TTile.Side == 128)
            {
                CopyLeft<TRows, TNumbers, TUnit>(x, arguments, row2, next + leftDepth, loading + leftDestination + 2 * Pass);
                CopyLeft<TRows, TNumbers, TUnit>(x, arguments, row3, next + leftDepth, loading + leftDestination + 3 * Pass);
                CopyRight<TNumbers, TUnit>(rightSource, pitch, rightEnd, next + rightDepth + 2 * passRows, loading + rightDestination + 2 * Pass);
                CopyRight<TNumbers, TUnit>(rightSource, pitch, rightEnd, next + rightDepth + 3 * passRows, loading + rightDestination + 3 * Pass);
            }

            TUnit.Commit();
            loading += StageBytes<TTile>();
            loading = loading == end ? 0 : loading;
            if (k >= first)
            {
                MultiplyHalf<TTile, TNumbers, TUnit>(multiplying, left, right);
                MultiplyHalf<TTile, TNumbers, TUnit>(multiplying, left ^ 32, right + TTile.Side * 32);
                multiplying += StageBytes<TTile>();
                multiplying = multiplying == end ? 0 : multiplying;
            }
        }

        TUnit.WaitForAll();
        int row = firstRow + warpRow, column = firstColumn + warpColumn;
        Finish<TTile, TUnit>(0, staged, vectors, residual, output, arguments, runsEpilogue, warp, lane, row, group, column);
        Finish<TTile, TUnit>(1, staged, vectors, residual, output, arguments, runsEpilogue, warp, lane, row, group, column);
        if (TTile.Side == 128)
        {
            Finish<TTile, TUnit>(2, staged, vectors, residual, output, arguments, runsEpilogue, warp, lane, row, group, column);
            Finish<TTile, TUnit>(3, staged, vectors, residual, output, arguments, runsEpilogue, warp, lane, row, group, column);
        }
    }

    private static int StageBytes<TTile>()
        where TTile : struct, ITensorTile => 2 * 64 * TTile.Side;

    /// <summary>Rows of the right side that all threads copy with one chunk each.</summary>
    private static int PassRows<TTile, TNumbers>()
        where TTile : struct, ITensorTile
        where TNumbers : struct, IPacked4 => Pass / (TTile.Side * TNumbers.Bytes);

    /// <summary>The swizzle of chunks in a row of the right side.</summary>
    private static int Swizzle<TNumbers>(int row)
        where TNumbers : struct, IPacked4 => TNumbers.Bytes == 4 ? 2 * (row & 3) : row & 7;

    private static void CopyLeft<TRows, TNumbers, TUnit>(long x, MatrixArguments arguments, MatrixRow row, int k, int destination)
        where TRows : struct, IMatrixRows
        where TNumbers : struct, IPacked4
        where TUnit : struct, ITensorUnit
    {
        int index = MatrixRow.IndexOf<TRows>(arguments, row, k);
        TUnit.Copy(destination, x + (long)TNumbers.Bytes * (index < 0 ? 0 : index), index < 0 ? 0 : 16);
    }

    private static void CopyRight<TNumbers, TUnit>(long source, int pitch, int end, int k, int destination)
        where TNumbers : struct, IPacked4
        where TUnit : struct, ITensorUnit
    {
        bool isInside = k < end;
        TUnit.Copy(destination, source + (isInside ? (long)TNumbers.Bytes * k * pitch : 0), isInside ? 16 : 0);
    }

    /// <summary>Multiplies half of a slice's depth: 16 numbers, or 8 of tf32.</summary>
    private static void MultiplyHalf<TTile, TNumbers, TUnit>(int stage, int left, int right)
        where TTile : struct, ITensorTile
        where TNumbers : struct, IPacked4
        where TUnit : struct, ITensorUnit
    {
        int columns = TTile.Side / 2, sixteen = 16 * TNumbers.Bytes, pitch = TTile.Side * TNumbers.Bytes;
        TUnit.LoadRight(0, stage + right, pitch);
        TUnit.LoadRight(1, stage + (right ^ sixteen), pitch);
        if (columns == 64)
        {
            TUnit.LoadRight(2, stage + (right ^ 2 * sixteen), pitch);
            TUnit.LoadRight(3, stage + (right ^ 3 * sixteen), pitch);
        }

        TUnit.MultiplyAdd(0, columns, stage + left);
        TUnit.MultiplyAdd(1, columns, stage + left + 1024);
        if (columns == 64)
        {
            TUnit.MultiplyAdd(2, columns, stage + left + 2048);
            TUnit.MultiplyAdd(3, columns, stage + left + 3072);
        }
    }

    /// <summary>
    /// Runs the epilogue, or stores partial sums, of 16 rows of each warp. They go through shared memory, so that a thread holds blocks of 4 x 4; its rows
    /// are a quarter of the banks apart.
    /// </summary>
    private static void Finish<TTile, TUnit>(
        int part, ArrayView<float> staged, ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output, MatrixArguments arguments,
        bool runsEpilogue, int warp, int lane, int row, int group, int column)
        where TTile : struct, ITensorTile
        where TUnit : struct, ITensorUnit
    {
        int pitch = TTile.Side / 2 + 8, width = TTile.Side / 8, mine = warp * 16 * pitch;
        Group.Barrier();
        int upper = (mine + (lane >> 2) * pitch + (lane & 3) * 2) * sizeof(float);
        TUnit.Store(part, TTile.Side / 2, upper, upper + 8 * pitch * sizeof(float));
        Group.Barrier();
        ArrayView<Float4> numbers = staged.Cast<Float4>();
        for (int i = lane; i < 4 * width; i += 32)
        {
            int blockRow = i / width * 4, blockColumn = i % width, from = (mine + blockRow * pitch) / 4 + blockColumn;
            Float4x4 block = default;
            block.A = numbers[from];
            block.B = numbers[from + pitch / 4];
            block.C = numbers[from + pitch / 2];
            block.D = numbers[from + 3 * pitch / 4];
            if (runsEpilogue)
            {
                ProductEpilogue.Apply(vectors, residual, output, arguments, block, row + part * 16 + blockRow, group, column + blockColumn * 4);
            }
            else
            {
                StorePartialSums(output, arguments, block, row + part * 16 + blockRow, column + blockColumn * 4);
            }
        }
    }

    private static void StorePartialSums(ArrayView<float> output, MatrixArguments arguments, Float4x4 block, int row, int column)
    {
        for (int i = 0; i < 4; i++)
        {
            if (row + i < arguments.Rows)
            {
                int index = ProductEpilogue.PartialSumIndex(arguments, Grid.IdxZ, row + i, column);
                Float4.Store(output, index, arguments.Float4Columns * 4 - column, RowLayout.Aligned4, block.Row(i));
            }
        }
    }
}
