using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>A tile of a product, and how its slices go through shared memory.</summary>
internal interface IWarpgroupTile
{
    /// <summary>Float4 warps each, with 64 rows: 1, 2 or 4.</summary>
    static abstract int Warpgroups { get; }

    /// <summary>Columns of a tile, 64, 128 or 192; all warps share them.</summary>
    static abstract int Columns { get; }

    /// <summary>Slices that shared memory has room for.</summary>
    static abstract int Stages { get; }

    /// <summary>Slices that are copied ahead of the one that is multiplied: one fewer than there is room for, or two, so that products overlap.</summary>
    static abstract int Ahead { get; }

    /// <summary>Groups that a multiprocessor has registers and shared memory for.</summary>
    static abstract int GroupsPerMultiprocessor { get; }
}

/// <summary>64 rows and columns, copied far ahead: for products of few tiles, whose time is that of their steps.</summary>
internal struct WarpgroupTile64x64 : IWarpgroupTile
{
    public static int Warpgroups => 1;

    public static int Columns => 64;

    public static int Stages => 6;

    public static int Ahead => 5;

    public static int GroupsPerMultiprocessor => 2;
}

/// <summary>128 rows and columns.</summary>
internal struct WarpgroupTile128x128 : IWarpgroupTile
{
    public static int Warpgroups => 2;

    public static int Columns => 128;

    public static int Stages => 3;

    public static int Ahead => 2;

    public static int GroupsPerMultiprocessor => 2;
}

/// <summary>128 rows, 192 columns: of 768, 2304 and 3072 nothing is left over.</summary>
internal struct WarpgroupTile128x192 : IWarpgroupTile
{
    public static int Warpgroups => 2;

    public static int Columns => 192;

    public static int Stages => 2;

    public static int Ahead => 1;

    public static int GroupsPerMultiprocessor => 2;
}

/// <summary>256 rows, 192 columns: the fewest loads for a product.</summary>
internal struct WarpgroupTile256x192 : IWarpgroupTile
{
    public static int Warpgroups => 4;

    public static int Columns => 192;

    public static int Stages => 4;

    public static int Ahead => 2;

    public static int GroupsPerMultiprocessor => 1;
}

/// <summary>
/// The products of <see cref="TensorKernel"/> with the instructions of compute capability 9.0: each four warps have 64 rows, and all
/// share the columns. Slices of both sides, 64 deep, are copied to shared memory ahead of the one that is multiplied.
/// </summary>
internal static class WarpgroupKernel
{
    /// <summary>What its assembly is for: the instructions are those of compute capability 9.0 alone.</summary>
    public const string Target = "sm_90a";

    /// <summary>Numbers of a row of the left side, and rows of the right side, in a slice.</summary>
    public const int Depth = 64;

    private const int Chunk = TensorKernel.Chunk;

    /// <summary>Bytes of 64 columns of the right side in a slice.</summary>
    private const int Panel = Depth * 128;

    /// <summary>Threads of a group.</summary>
    public static int Threads<TTile>()
        where TTile : struct, IWarpgroupTile => 128 * TTile.Warpgroups;

    /// <summary>Rows of a tile.</summary>
    public static int Rows<TTile>()
        where TTile : struct, IWarpgroupTile => 64 * TTile.Warpgroups;

    /// <summary>Shared memory of a group, in bytes: the slices, from the first multiple of 1024 on.</summary>
    public static int SharedBytes<TTile>()
        where TTile : struct, IWarpgroupTile => TTile.Stages * StageBytes<TTile>() + 1024;

    /// <param name="x">As in <see cref="TensorKernel"/>, as are the others.</param>
    /// <param name="weights">That of the right side of each group, <c>[depth, columns]</c>, of 16 bits.</param>
    /// <param name="vectors">As in <see cref="MatrixKernel"/>.</param>
    /// <param name="residual">Added last.</param>
    /// <param name="output">The result.</param>
    /// <param name="inputStarts">The bounds of a convolution's sequences.</param>
    /// <param name="outputStarts">The bounds of what it makes of them.</param>
    /// <param name="sizes">The sizes.</param>
    public static void Multiply<TTile, TRows, TFormat, TUnit>(
        long x, long weights, ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output,
        ArrayView<int> inputStarts, ArrayView<int> outputStarts, MatrixArguments sizes)
        where TTile : struct, IWarpgroupTile
        where TRows : struct, IMatrixRows
        where TFormat : struct, IFloat16Format
        where TUnit : struct, IWarpgroupUnit
    {
        ArrayView<float> staged = SharedMemory.GetDynamic<float>();
        TUnit.Begin(staged);
        int thread = Group.IdxX, lane = thread & 31, warp = thread >> 5;
        int group = Grid.IdxY / sizes.ColumnTiles;
        int firstRow = Grid.IdxX * Rows<TTile>(), firstColumn = Grid.IdxY % sizes.ColumnTiles * TTile.Columns;

        if (thread < TTile.Columns / 8 && firstColumn + thread * 8 < sizes.Columns)
        {
            TUnit.Prefetch(sizes.Biases + 4L * (group * sizes.Columns + firstColumn + thread * 8));
        }

        // Float8 threads copy a line, and all of them `lines`; each has the same chunk of four lines of the left side.
        int lines = 16 * TTile.Warpgroups, chunk = thread & 7, line = thread >> 3, to = line * 128 + (chunk ^ (line & 7)) * 16;
        MatrixRow row0 = MatrixKernel.Place<TRows>(inputStarts, outputStarts, sizes, firstRow + line, group);
        MatrixRow row1 = MatrixKernel.Place<TRows>(inputStarts, outputStarts, sizes, firstRow + line + lines, group);
        MatrixRow row2 = MatrixKernel.Place<TRows>(inputStarts, outputStarts, sizes, firstRow + line + 2 * lines, group);
        MatrixRow row3 = MatrixKernel.Place<TRows>(inputStarts, outputStarts, sizes, firstRow + line + 3 * lines, group);

        // Columns of its first panel that are there, counted from the thread's chunk; the next panels have 64 fewer each.
        int pitch = sizes.Float4Columns * 4, there = pitch - firstColumn - chunk * Chunk;
        long rightFrom = weights + 2L * ((long)group * sizes.Depth * pitch + firstColumn + chunk * Chunk);

        int first = Grid.IdxZ * sizes.SplitDepth, last = first + sizes.SplitDepth;
        sizes.Depth = last < sizes.Depth ? last : sizes.Depth;

        int left = (warp >> 2) * (64 * 128), loading = 0, end = TTile.Stages * StageBytes<TTile>(), next = first;
        for (; next < first + TTile.Ahead * Depth; next += Depth)
        {
            CopyLeft<TTile, TRows, TUnit>(x, sizes, row0, row1, row2, row3, next + chunk * Chunk, loading + to);
            CopyRight<TTile, TUnit>(rightFrom, pitch, there, sizes.Depth, next + line, loading + Right<TTile>() + to);
            TUnit.Commit();
            loading += StageBytes<TTile>();
        }

        for (; next < sizes.Depth + TTile.Ahead * Depth; next += Depth)
        {
            // What this slice was copied to is there for all, and nobody reads any more what the next one is copied to.
            TUnit.WaitForCopies(TTile.Ahead - 1);
            Group.Barrier();
            int multiplying = loading - TTile.Ahead * StageBytes<TTile>();
            multiplying = multiplying < 0 ? multiplying + end : multiplying;
            TUnit.Multiply(TTile.Columns, multiplying + left, multiplying + Right<TTile>());

            CopyLeft<TTile, TRows, TUnit>(x, sizes, row0, row1, row2, row3, next + chunk * Chunk, loading + to);
            CopyRight<TTile, TUnit>(rightFrom, pitch, there, sizes.Depth, next + line, loading + Right<TTile>() + to);
            TUnit.Commit();
            loading += StageBytes<TTile>();
            loading = loading == end ? 0 : loading;
            TUnit.WaitForProducts(TTile.Stages - 1 - TTile.Ahead);
        }

        TUnit.WaitForProducts(0);
        TUnit.WaitForCopies(0);
        Group.Barrier();
        Finish<TFormat, TUnit>(0, staged, vectors, residual, output, sizes, warp, lane, firstRow, group, firstColumn);
        if (TTile.Columns > 64)
        {
            Finish<TFormat, TUnit>(1, staged, vectors, residual, output, sizes, warp, lane, firstRow, group, firstColumn + 64);
        }

        if (TTile.Columns > 128)
        {
            Finish<TFormat, TUnit>(2, staged, vectors, residual, output, sizes, warp, lane, firstRow, group, firstColumn + 128);
        }
    }

    private static int StageBytes<TTile>()
        where TTile : struct, IWarpgroupTile => Right<TTile>() + TTile.Columns / 64 * Panel;

    /// <summary>Where the right side begins in a slice, in bytes.</summary>
    private static int Right<TTile>()
        where TTile : struct, IWarpgroupTile => Rows<TTile>() * 128;

    /// <summary>Bytes from one of a thread's lines to its next.</summary>
    private static int Pass<TTile>()
        where TTile : struct, IWarpgroupTile => 16 * TTile.Warpgroups * 128;

    /// <summary>A thread's chunks of a slice of the left side.</summary>
    private static void CopyLeft<TTile, TRows, TUnit>(
        long x, MatrixArguments sizes, MatrixRow row0, MatrixRow row1, MatrixRow row2, MatrixRow row3, int k, int destination)
        where TTile : struct, IWarpgroupTile
        where TRows : struct, IMatrixRows
        where TUnit : struct, IWarpgroupUnit
    {
        CopyRow<TRows, TUnit>(x, sizes, row0, k, destination);
        CopyRow<TRows, TUnit>(x, sizes, row1, k, destination + Pass<TTile>());
        CopyRow<TRows, TUnit>(x, sizes, row2, k, destination + 2 * Pass<TTile>());
        CopyRow<TRows, TUnit>(x, sizes, row3, k, destination + 3 * Pass<TTile>());
    }

    private static void CopyRow<TRows, TUnit>(long x, MatrixArguments sizes, MatrixRow row, int k, int destination)
        where TRows : struct, IMatrixRows
        where TUnit : struct, IWarpgroupUnit
    {
        int place = MatrixKernel.IndexOf<TRows>(sizes, row, k);
        TUnit.Copy(destination, x + 2L * (place & -Chunk), place < 0 ? 0 : 16); // aligned, also where there is nothing
    }

    /// <summary>A thread's chunks of a slice of the right side.</summary>
    private static void CopyRight<TTile, TUnit>(long source, int pitch, int there, int depth, int k, int destination)
        where TTile : struct, IWarpgroupTile
        where TUnit : struct, IWarpgroupUnit
    {
        int lines = 16 * TTile.Warpgroups;
        CopyLine<TTile, TUnit>(source, pitch, there, depth, k, destination);
        if (TTile.Warpgroups < 4)
        {
            CopyLine<TTile, TUnit>(source, pitch, there, depth, k + lines, destination + Pass<TTile>());
        }

        if (TTile.Warpgroups == 1)
        {
            CopyLine<TTile, TUnit>(source, pitch, there, depth, k + 2 * lines, destination + 2 * Pass<TTile>());
            CopyLine<TTile, TUnit>(source, pitch, there, depth, k + 3 * lines, destination + 3 * Pass<TTile>());
        }
    }

    /// <summary>A thread's chunk in each 64 columns of a line of the right side.</summary>
    private static void CopyLine<TTile, TUnit>(long source, int pitch, int there, int depth, int k, int destination)
        where TTile : struct, IWarpgroupTile
        where TUnit : struct, IWarpgroupUnit
    {
        int columns = k < depth ? there : 0;
        long from = source + 2L * k * pitch;
        CopyPanel<TUnit>(from, columns, 0, destination);
        if (TTile.Columns > 64)
        {
            CopyPanel<TUnit>(from, columns, 1, destination);
        }

        if (TTile.Columns > 128)
        {
            CopyPanel<TUnit>(from, columns, 2, destination);
        }
    }

    private static void CopyPanel<TUnit>(long from, int columns, int panel, int destination)
        where TUnit : struct, IWarpgroupUnit
    {
        TUnit.Copy(destination + panel * Panel, from + panel * 128, columns > panel * 64 ? 16 : 0);
    }

    /// <summary>
    /// What follows the product, for 64 columns of a warp's sixteen rows: bias, scale, residual, activation; or their sums are written down. They go through shared memory, so that
    /// a thread has eight neighbours, and the same columns of every fourth row.
    /// </summary>
    private static void Finish<TFormat, TUnit>(
        int part, ArrayView<float> staged, ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output, MatrixArguments sizes,
        int warp, int lane, int firstRow, int group, int column)
        where TFormat : struct, IFloat16Format
        where TUnit : struct, IWarpgroupUnit
    {
        const int Pitch = 64 + 8;
        int mine = warp * 16 * Pitch, upper = (mine + (lane >> 2) * Pitch + (lane & 3) * 2) * sizeof(float);
        Warp.Barrier();
        TUnit.Store(part, upper, upper + 8 * Pitch * sizeof(float));
        Warp.Barrier();

        column += (lane & 7) * 8;
        int count = sizes.Columns - column, place = group * sizes.Columns + column, row = firstRow + warp * 16 + (lane >> 3);
        if (count <= 0)
        {
            return;
        }

        ArrayView<Float4> numbers = staged.Cast<Float4>();
        int from = (mine + (lane >> 3) * Pitch) / 4 + (lane & 7) * 2;
        if (sizes.RunsEpilogue == 0)
        {
            for (int i = 0; i < 16; i += 4)
            {
                if (row + i < sizes.Rows)
                {
                    int to = MatrixKernel.PartialSumIndex(sizes, Grid.IdxZ, row + i, column) / 4;
                    output.Cast<Float4>()[to] = numbers[from];
                    output.Cast<Float4>()[to + 1] = numbers[from + 1];
                }

                from += Pitch;
            }

            return;
        }

        ArrayView<Float4> float4s = vectors.Cast<Float4>();
        int bias = (place + sizes.VectorStride) / 4, scale = (place + 2 * sizes.VectorStride) / 4;
        for (int i = 0; i < 16; i += 4)
        {
            if (row + i < sizes.Rows)
            {
                Float8 values = new Float8(numbers[from], numbers[from + 1]) + new Float8(float4s[bias], float4s[bias + 1]); // loaded again: registers are scarce
                if (sizes.HasScale != 0)
                {
                    values *= new Float8(float4s[scale], float4s[scale + 1]);
                }

                if (sizes.HasResidual != 0)
                {
                    values += Float8.LoadPacked<TFormat>(residual, (row + i) * sizes.ResidualStride + place);
                }

                Float8.StorePacked<TFormat>(output, sizes.Output, (row + i) * sizes.OutputStride + place, sizes.Activation, values);
            }

            from += Pitch;
        }
    }
}
