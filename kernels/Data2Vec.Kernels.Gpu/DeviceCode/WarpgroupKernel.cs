using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>A tile of 128 rows, and how its slices go through shared memory.</summary>
internal interface IWarpgroupTile
{
    /// <summary>Columns of a tile, a multiple of 64.</summary>
    static abstract int Columns { get; }

    /// <summary>Slices that shared memory has room for.</summary>
    static abstract int Stages { get; }

    /// <summary>Slices that are copied ahead of the one that is multiplied: one fewer than there is room for, or two, so that products overlap.</summary>
    static abstract int Ahead { get; }

    /// <summary>Groups that a multiprocessor has registers and shared memory for.</summary>
    static abstract int GroupsAtOnce { get; }
}

/// <summary>128 columns.</summary>
internal struct WarpgroupTile128 : IWarpgroupTile
{
    public static int Columns => 128;

    public static int Stages => 3;

    public static int Ahead => 2;

    public static int GroupsAtOnce => 2;
}

/// <summary>192 columns: of 768, 2304 and 3072 nothing is left over.</summary>
internal struct WarpgroupTile192 : IWarpgroupTile
{
    public static int Columns => 192;

    public static int Stages => 2;

    public static int Ahead => 1;

    public static int GroupsAtOnce => 2;
}

/// <summary>256 columns.</summary>
internal struct WarpgroupTile256 : IWarpgroupTile
{
    public static int Columns => 256;

    public static int Stages => 4;

    public static int Ahead => 2;

    public static int GroupsAtOnce => 1;
}

/// <summary>
/// The products of <see cref="TensorKernel"/> with the instructions of compute capability 9.0: two times four warps have 64 rows each and
/// share the columns. Slices of both sides, 64 deep, are copied to shared memory ahead of the one that is multiplied.
/// </summary>
internal static class WarpgroupKernel
{
    /// <summary>What its assembly is for: the instructions are those of compute capability 9.0 alone.</summary>
    public const string Target = "sm_90a";

    /// <summary>Threads of a group.</summary>
    public const int Threads = 256;

    /// <summary>Rows of a tile.</summary>
    public const int Rows = 128;

    /// <summary>Numbers of a row of the left side, and rows of the right side, in a slice.</summary>
    private const int Depth = 64;

    private const int Chunk = TensorKernel.Chunk;

    /// <summary>Bytes from one of a thread's chunks to its next, 32 lines further.</summary>
    private const int Pass = 32 * 128;

    /// <summary>Where the right side begins in a slice, in bytes.</summary>
    private const int Right = Rows * 128;

    /// <summary>Bytes of 64 columns of the right side in a slice.</summary>
    private const int Panel = Depth * 128;

    /// <summary>Shared memory of a group, in bytes: the slices, from the first multiple of 1024 on.</summary>
    public static int SharedBytes<TTile>()
        where TTile : struct, IWarpgroupTile => TTile.Stages * StageBytes<TTile>() + 1024;

    /// <param name="x">As in <see cref="TensorKernel"/>, as are the others.</param>
    /// <param name="weights">That of the right side of each group, <c>[depth, columns]</c>, in bf16.</param>
    /// <param name="vectors">As in <see cref="MatrixKernel"/>.</param>
    /// <param name="residual">Added last.</param>
    /// <param name="output">The result.</param>
    /// <param name="inputStarts">The bounds of a convolution's sequences.</param>
    /// <param name="outputStarts">The bounds of what it makes of them.</param>
    /// <param name="sizes">The sizes.</param>
    public static void Multiply<TTile, TRows, TUnit>(
        long x, long weights, ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output,
        ArrayView<int> inputStarts, ArrayView<int> outputStarts, MatrixArguments sizes)
        where TTile : struct, IWarpgroupTile
        where TRows : struct, IMatrixRows
        where TUnit : struct, IWarpgroupUnit
    {
        ArrayView<float> staged = SharedMemory.GetDynamic<float>();
        TUnit.Begin(staged);
        int thread = Group.IdxX, lane = thread & 31, warp = thread >> 5;
        int group = Grid.IdxY / sizes.ColumnTiles;
        int firstRow = Grid.IdxX * Rows, firstColumn = Grid.IdxY % sizes.ColumnTiles * TTile.Columns;

        // Eight threads copy a line; each has the same chunk of every 32nd line.
        int chunk = thread & 7, line = thread >> 3, to = line * 128 + (chunk ^ (line & 7)) * 16;
        MatrixRow row0 = MatrixKernel.Place<TRows>(inputStarts, outputStarts, sizes, firstRow + line, group);
        MatrixRow row1 = MatrixKernel.Place<TRows>(inputStarts, outputStarts, sizes, firstRow + line + 32, group);
        MatrixRow row2 = MatrixKernel.Place<TRows>(inputStarts, outputStarts, sizes, firstRow + line + 64, group);
        MatrixRow row3 = MatrixKernel.Place<TRows>(inputStarts, outputStarts, sizes, firstRow + line + 96, group);

        // Columns of its first panel that are there, counted from the thread's chunk; the next panels have 64 fewer each.
        int pitch = sizes.ColumnFours * 4, there = pitch - firstColumn - chunk * Chunk;
        long rightFrom = weights + 2L * ((long)group * sizes.Depth * pitch + firstColumn + chunk * Chunk);

        int left = (warp >> 2) * (64 * 128), loading = 0, multiplying = 0, end = TTile.Stages * StageBytes<TTile>(), next = 0;
        for (; next < TTile.Ahead * Depth; next += Depth)
        {
            CopyLeft<TRows, TUnit>(x, sizes, row0, next + chunk * Chunk, loading + to);
            CopyLeft<TRows, TUnit>(x, sizes, row1, next + chunk * Chunk, loading + to + Pass);
            CopyLeft<TRows, TUnit>(x, sizes, row2, next + chunk * Chunk, loading + to + 2 * Pass);
            CopyLeft<TRows, TUnit>(x, sizes, row3, next + chunk * Chunk, loading + to + 3 * Pass);
            CopyRight<TTile, TUnit>(rightFrom, pitch, there, sizes.Depth, next + line, loading + Right + to);
            CopyRight<TTile, TUnit>(rightFrom, pitch, there, sizes.Depth, next + line + 32, loading + Right + to + Pass);
            TUnit.Commit();
            loading += StageBytes<TTile>();
        }

        for (; next < sizes.Depth + TTile.Ahead * Depth; next += Depth)
        {
            // What this slice was copied to is there for all, and nobody reads any more what the next one is copied to.
            TUnit.WaitForCopies(TTile.Ahead - 1);
            Group.Barrier();
            TUnit.Multiply(TTile.Columns, multiplying + left, multiplying + Right);
            multiplying += StageBytes<TTile>();
            multiplying = multiplying == end ? 0 : multiplying;

            CopyLeft<TRows, TUnit>(x, sizes, row0, next + chunk * Chunk, loading + to);
            CopyLeft<TRows, TUnit>(x, sizes, row1, next + chunk * Chunk, loading + to + Pass);
            CopyLeft<TRows, TUnit>(x, sizes, row2, next + chunk * Chunk, loading + to + 2 * Pass);
            CopyLeft<TRows, TUnit>(x, sizes, row3, next + chunk * Chunk, loading + to + 3 * Pass);
            CopyRight<TTile, TUnit>(rightFrom, pitch, there, sizes.Depth, next + line, loading + Right + to);
            CopyRight<TTile, TUnit>(rightFrom, pitch, there, sizes.Depth, next + line + 32, loading + Right + to + Pass);
            TUnit.Commit();
            loading += StageBytes<TTile>();
            loading = loading == end ? 0 : loading;
            TUnit.WaitForProducts(TTile.Stages - 1 - TTile.Ahead);
        }

        TUnit.WaitForProducts(0);
        TUnit.WaitForCopies(0);
        Group.Barrier();
        Finish<TUnit>(0, staged, vectors, residual, output, sizes, warp, lane, firstRow, group, firstColumn);
        Finish<TUnit>(1, staged, vectors, residual, output, sizes, warp, lane, firstRow, group, firstColumn + 64);
        if (TTile.Columns > 128)
        {
            Finish<TUnit>(2, staged, vectors, residual, output, sizes, warp, lane, firstRow, group, firstColumn + 128);
        }

        if (TTile.Columns > 192)
        {
            Finish<TUnit>(3, staged, vectors, residual, output, sizes, warp, lane, firstRow, group, firstColumn + 192);
        }
    }

    private static int StageBytes<TTile>()
        where TTile : struct, IWarpgroupTile => Right + TTile.Columns / 64 * Panel;

    private static void CopyLeft<TRows, TUnit>(long x, MatrixArguments sizes, MatrixRow row, int k, int destination)
        where TRows : struct, IMatrixRows
        where TUnit : struct, IWarpgroupUnit
    {
        int place = MatrixKernel.PlaceOf<TRows>(sizes, row, k);
        TUnit.Copy(destination, x + 2L * (place < 0 ? 0 : place), place < 0 ? 0 : 16);
    }

    /// <summary>A thread's chunk in each panel of a line of the right side.</summary>
    private static void CopyRight<TTile, TUnit>(long source, int pitch, int there, int depth, int k, int destination)
        where TTile : struct, IWarpgroupTile
        where TUnit : struct, IWarpgroupUnit
    {
        int columns = k < depth ? there : 0;
        long from = source + (k < depth ? 2L * k * pitch : 0);
        TUnit.Copy(destination, columns > 0 ? from : source, columns > 0 ? 16 : 0);
        CopyPanel<TUnit>(source, from, columns, 1, destination);
        if (TTile.Columns > 128)
        {
            CopyPanel<TUnit>(source, from, columns, 2, destination);
        }

        if (TTile.Columns > 192)
        {
            CopyPanel<TUnit>(source, from, columns, 3, destination);
        }
    }

    private static void CopyPanel<TUnit>(long source, long from, int columns, int panel, int destination)
        where TUnit : struct, IWarpgroupUnit
    {
        bool isThere = columns > panel * 64;
        TUnit.Copy(destination + panel * Panel, isThere ? from + panel * 128 : source, isThere ? 16 : 0);
    }

    /// <summary>
    /// What follows the product, for 64 columns of a warp's sixteen rows. They go through shared memory, so that a thread has fours of
    /// neighbours; rows are a quarter of the banks apart.
    /// </summary>
    private static void Finish<TUnit>(
        int part, ArrayView<float> staged, ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output, MatrixArguments sizes,
        int warp, int lane, int firstRow, int group, int column)
        where TUnit : struct, IWarpgroupUnit
    {
        const int Pitch = 64 + 8;
        int mine = warp * 16 * Pitch, upper = (mine + (lane >> 2) * Pitch + (lane & 3) * 2) * sizeof(float);
        Warp.Barrier();
        TUnit.Store(part, upper, upper + 8 * Pitch * sizeof(float));
        Warp.Barrier();
        ArrayView<Four> numbers = staged.Cast<Four>();
        for (int i = lane; i < 64; i += 32)
        {
            int blockRow = i / 16 * 4, blockColumn = i % 16, from = (mine + blockRow * Pitch) / 4 + blockColumn;
            Block block = default;
            block.A = numbers[from];
            block.B = numbers[from + Pitch / 4];
            block.C = numbers[from + Pitch / 2];
            block.D = numbers[from + 3 * Pitch / 4];
            MatrixKernel.Finish(vectors, residual, output, sizes, block, firstRow + warp * 16 + blockRow, group, column + blockColumn * 4);
        }
    }
}
