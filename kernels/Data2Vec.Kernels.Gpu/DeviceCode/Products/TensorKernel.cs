using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>How the four warps of a group share a tile of a product.</summary>
internal interface ITensorTile
{
    /// <summary>Rows, and columns, of a tile; a warp has half of each.</summary>
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
/// The products of <see cref="MatrixKernel"/> on tensor cores: both sides in bf16, in f16, or in f32 of which the units take the upper 19 bits;
/// sums in f32. Slices of both sides are copied to shared memory two ahead of the one that is multiplied. There, chunks of 16 bytes change
/// places within 128, so that what is loaded at once lies in different banks: of the left side, whose rows are 64 bytes, by half of the row's
/// number, of the right side by that of the row, of f32 by twice that of every four rows.
/// </summary>
internal static class TensorKernel
{
    /// <summary>Threads of a group.</summary>
    public const int Threads = 128;

    /// <summary>Groups that a multiprocessor has registers for.</summary>
    public const int GroupsPerMultiprocessor = 2;

    /// <summary>Numbers of 16 bits that are copied at once.</summary>
    public const int Chunk = 8;

    private const int Stages = 3;

    /// <summary>Bytes from one of a thread's chunks to its next, on either side.</summary>
    private const int Pass = Threads * 16;

    /// <summary>Numbers that are copied at once: both sides' rows begin and end at multiples of them.</summary>
    public static int ChunkOf<TNumbers>()
        where TNumbers : struct, IPacked4 => 16 / TNumbers.Bytes;

    /// <summary>Shared memory of a group, in bytes.</summary>
    public static int SharedBytes<TTile>()
        where TTile : struct, ITensorTile => Stages * StageBytes<TTile>();

    /// <param name="x">The address of the left side, or of the rows that a convolution's windows slide over.</param>
    /// <param name="weights">That of the right side of each group, <c>[depth, columns]</c>.</param>
    /// <param name="vectors">As in <see cref="MatrixKernel"/>.</param>
    /// <param name="residual">Added last.</param>
    /// <param name="output">The result; where groups of threads share a tile, what each sums up: see <see cref="MatrixKernel.FinishSplitK"/>.</param>
    /// <param name="inputStarts">The bounds of a convolution's sequences.</param>
    /// <param name="outputStarts">The bounds of what it makes of them.</param>
    /// <param name="sizes">The sizes.</param>
    public static void Multiply<TTile, TRows, TNumbers, TUnit>(
        long x, long weights, ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output,
        ArrayView<int> inputStarts, ArrayView<int> outputStarts, MatrixArguments sizes)
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
        int group = Grid.IdxY / sizes.ColumnTiles;
        int firstRow = Grid.IdxX * TTile.Side, firstColumn = Grid.IdxY % sizes.ColumnTiles * TTile.Side;

        int leftRow = thread >> 2, leftDepth = (thread & 3) * chunk;
        int leftDestination = leftRow * 64 + ((thread & 3) ^ (leftRow >> 1 & 3)) * 16;
        MatrixRow row0 = MatrixKernel.Place<TRows>(inputStarts, outputStarts, sizes, firstRow + leftRow, group);
        MatrixRow row1 = MatrixKernel.Place<TRows>(inputStarts, outputStarts, sizes, firstRow + leftRow + 32, group);
        MatrixRow row2 = default, row3 = default;
        if (TTile.Side == 128)
        {
            row2 = MatrixKernel.Place<TRows>(inputStarts, outputStarts, sizes, firstRow + leftRow + 64, group);
            row3 = MatrixKernel.Place<TRows>(inputStarts, outputStarts, sizes, firstRow + leftRow + 96, group);
        }

        int rightChunk = thread & (TTile.Side / chunk - 1), rightDepth = (int)((uint)thread / (uint)(TTile.Side / chunk));
        int rightDestination = TTile.Side * 64 + rightDepth * (TTile.Side * TNumbers.Bytes) + (rightChunk ^ Turn<TNumbers>(rightDepth)) * 16;
        int rightColumn = firstColumn + rightChunk * chunk, pitch = sizes.Float4Columns * 4;
        long rightFrom = weights + (long)TNumbers.Bytes * ((long)group * sizes.Depth * pitch + rightColumn);
        int first = Grid.IdxZ * sizes.SplitDepth, last = first + sizes.SplitDepth;
        bool isWhole = sizes.RunsEpilogue != 0;
        sizes.Depth = last < sizes.Depth ? last : sizes.Depth;
        int rightEnd = rightColumn < pitch ? sizes.Depth : 0;

        // Where a thread's row of the first matrices is; further ones lie at distances that do not disturb the order of chunks.
        int left = (warpRow + (lane & 15)) * 64 + ((lane >> 4) ^ (lane >> 1 & 3)) * 16;
        int right = (warpColumn / chunk + (lane >> 4)) ^ Turn<TNumbers>(lane);
        right = TTile.Side * 64 + right * 16 + (TNumbers.Bytes == 4
            ? (lane & 3) * (TTile.Side * 4) + (lane >> 2 & 3) * 4
            : (lane & 15) * (TTile.Side * 2));

        int loading = 0, multiplying = 0, end = SharedBytes<TTile>();
        for (int k = first - (Stages - 1) * depth; k < sizes.Depth; k += depth)
        {
            if (k >= first)
            {
                // What this slice was copied to is there for all, and nobody reads any more what the next one is copied to.
                TUnit.WaitForAllButOne();
                Group.Barrier();
            }

            int next = k + (Stages - 1) * depth;
            CopyLeft<TRows, TNumbers, TUnit>(x, sizes, row0, next + leftDepth, loading + leftDestination);
            CopyLeft<TRows, TNumbers, TUnit>(x, sizes, row1, next + leftDepth, loading + leftDestination + Pass);
            CopyRight<TNumbers, TUnit>(rightFrom, pitch, rightEnd, next + rightDepth, loading + rightDestination);
            CopyRight<TNumbers, TUnit>(rightFrom, pitch, rightEnd, next + rightDepth + PassRows<TTile, TNumbers>(), loading + rightDestination + Pass);
            if (TTile.Side == 128)
            {
                CopyLeft<TRows, TNumbers, TUnit>(x, sizes, row2, next + leftDepth, loading + leftDestination + 2 * Pass);
                CopyLeft<TRows, TNumbers, TUnit>(x, sizes, row3, next + leftDepth, loading + leftDestination + 3 * Pass);
                CopyRight<TNumbers, TUnit>(rightFrom, pitch, rightEnd, next + rightDepth + 2 * PassRows<TTile, TNumbers>(), loading + rightDestination + 2 * Pass);
                CopyRight<TNumbers, TUnit>(rightFrom, pitch, rightEnd, next + rightDepth + 3 * PassRows<TTile, TNumbers>(), loading + rightDestination + 3 * Pass);
            }

            TUnit.Commit();
            loading += StageBytes<TTile>();
            loading = loading == end ? 0 : loading;
            if (k >= first)
            {
                Step<TTile, TNumbers, TUnit>(multiplying, left, right);
                Step<TTile, TNumbers, TUnit>(multiplying, left ^ 32, right + TTile.Side * 32);
                multiplying += StageBytes<TTile>();
                multiplying = multiplying == end ? 0 : multiplying;
            }
        }

        TUnit.WaitForAll();
        int row = firstRow + warpRow, column = firstColumn + warpColumn;
        Finish<TTile, TUnit>(0, staged, vectors, residual, output, sizes, isWhole, warp, lane, row, group, column);
        Finish<TTile, TUnit>(1, staged, vectors, residual, output, sizes, isWhole, warp, lane, row, group, column);
        if (TTile.Side == 128)
        {
            Finish<TTile, TUnit>(2, staged, vectors, residual, output, sizes, isWhole, warp, lane, row, group, column);
            Finish<TTile, TUnit>(3, staged, vectors, residual, output, sizes, isWhole, warp, lane, row, group, column);
        }
    }

    private static int StageBytes<TTile>()
        where TTile : struct, ITensorTile => 2 * 64 * TTile.Side;

    /// <summary>Rows of the right side that all threads copy a chunk each of.</summary>
    private static int PassRows<TTile, TNumbers>()
        where TTile : struct, ITensorTile
        where TNumbers : struct, IPacked4 => Pass / (TTile.Side * TNumbers.Bytes);

    /// <summary>What changes the places of chunks in a row of the right side.</summary>
    private static int Turn<TNumbers>(int row)
        where TNumbers : struct, IPacked4 => TNumbers.Bytes == 4 ? 2 * (row & 3) : row & 7;

    private static void CopyLeft<TRows, TNumbers, TUnit>(long x, MatrixArguments sizes, MatrixRow row, int k, int destination)
        where TRows : struct, IMatrixRows
        where TNumbers : struct, IPacked4
        where TUnit : struct, ITensorUnit
    {
        int place = MatrixKernel.IndexOf<TRows>(sizes, row, k);
        TUnit.Copy(destination, x + (long)TNumbers.Bytes * (place < 0 ? 0 : place), place < 0 ? 0 : 16);
    }

    private static void CopyRight<TNumbers, TUnit>(long source, int pitch, int end, int k, int destination)
        where TNumbers : struct, IPacked4
        where TUnit : struct, ITensorUnit
    {
        bool isThere = k < end;
        TUnit.Copy(destination, source + (isThere ? (long)TNumbers.Bytes * k * pitch : 0), isThere ? 16 : 0);
    }

    /// <summary>Half of a slice's depth: 16 numbers, or eight of f32.</summary>
    private static void Step<TTile, TNumbers, TUnit>(int stage, int left, int right)
        where TTile : struct, ITensorTile
        where TNumbers : struct, IPacked4
        where TUnit : struct, ITensorUnit
    {
        bool isWide = TTile.Side == 128;
        int sixteen = 16 * TNumbers.Bytes, pitch = TTile.Side * TNumbers.Bytes;
        TUnit.LoadRight(0, stage + right, pitch);
        TUnit.LoadRight(1, stage + (right ^ sixteen), pitch);
        if (isWide)
        {
            TUnit.LoadRight(2, stage + (right ^ 2 * sixteen), pitch);
            TUnit.LoadRight(3, stage + (right ^ 3 * sixteen), pitch);
        }

        TUnit.MultiplyAdd(0, TTile.Side / 2, stage + left);
        TUnit.MultiplyAdd(1, TTile.Side / 2, stage + left + 1024);
        if (isWide)
        {
            TUnit.MultiplyAdd(2, TTile.Side / 2, stage + left + 2048);
            TUnit.MultiplyAdd(3, TTile.Side / 2, stage + left + 3072);
        }
    }

    /// <summary>
    /// What follows the product, for sixteen rows of each warp. They go through shared memory, so that a thread has float4s of neighbours; its
    /// rows are a quarter of the banks apart.
    /// </summary>
    private static void Finish<TTile, TUnit>(
        int part, ArrayView<float> staged, ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output, MatrixArguments sizes,
        bool isWhole, int warp, int lane, int row, int group, int column)
        where TTile : struct, ITensorTile
        where TUnit : struct, ITensorUnit
    {
        int pitch = TTile.Side / 2 + 8, float4s = TTile.Side / 8, mine = warp * 16 * pitch;
        Group.Barrier();
        int upper = (mine + (lane >> 2) * pitch + (lane & 3) * 2) * sizeof(float);
        TUnit.Store(part, TTile.Side / 2, upper, upper + 8 * pitch * sizeof(float));
        Group.Barrier();
        ArrayView<Float4> numbers = staged.Cast<Float4>();
        for (int i = lane; i < 4 * float4s; i += 32)
        {
            int blockRow = i / float4s * 4, blockColumn = i % float4s, from = (mine + blockRow * pitch) / 4 + blockColumn;
            Float4x4 block = default;
            block.A = numbers[from];
            block.B = numbers[from + pitch / 4];
            block.C = numbers[from + pitch / 2];
            block.D = numbers[from + 3 * pitch / 4];
            if (isWhole)
            {
                MatrixKernel.Finish(vectors, residual, output, sizes, block, row + part * 16 + blockRow, group, column + blockColumn * 4);
            }
            else
            {
                StorePartialSums(output, sizes, block, row + part * 16 + blockRow, column + blockColumn * 4);
            }
        }
    }

    /// <summary>Keeps what a group of threads sums up.</summary>
    private static void StorePartialSums(ArrayView<float> output, MatrixArguments sizes, Float4x4 block, int row, int column)
    {
        for (int i = 0; i < 4; i++)
        {
            if (row + i < sizes.Rows)
            {
                Float4.Store(output, MatrixKernel.PartialSumIndex(sizes, Grid.IdxZ, row + i, column), sizes.Float4Columns * 4 - column, RowLayout.Aligned4, block.Row(i));
            }
        }
    }
}
