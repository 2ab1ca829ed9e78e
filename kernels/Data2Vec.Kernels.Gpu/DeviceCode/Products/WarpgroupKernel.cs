namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>A tile of a product and its pipeline through shared memory.</summary>
internal interface IWarpgroupTile
{
    /// <summary>Warpgroups of a thread group, with 64 rows each: 1, 2 or 4.</summary>
    static abstract int Warpgroups { get; }

    /// <summary>Columns of a tile, shared by all warps: 64, 128 or 192.</summary>
    static abstract int Columns { get; }

    /// <summary>Slices that fit shared memory.</summary>
    static abstract int Stages { get; }

    /// <summary>Slices copied ahead of the one being multiplied: one less than <see cref="Stages"/>, or two less to overlap products.</summary>
    static abstract int Ahead { get; }

    /// <summary>Groups that fit the registers and shared memory of a multiprocessor.</summary>
    static abstract int GroupsPerMultiprocessor { get; }
}

/// <summary>64 rows and columns, copied far ahead: for products of few tiles, which are bound by latency.</summary>
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

/// <summary>128 rows, 192 columns: divides 768, 2304 and 3072.</summary>
internal struct WarpgroupTile128x192 : IWarpgroupTile
{
    public static int Warpgroups => 2;
    public static int Columns => 192;
    public static int Stages => 2;
    public static int Ahead => 1;
    public static int GroupsPerMultiprocessor => 2;
}

/// <summary>256 rows, 192 columns: fewest loads per product.</summary>
internal struct WarpgroupTile256x192 : IWarpgroupTile
{
    public static int Warpgroups => 4;
    public static int Columns => 192;
    public static int Stages => 4;
    public static int Ahead => 2;
    public static int GroupsPerMultiprocessor => 1;
}

/// <summary>
/// The products of <see cref="TensorKernel"/> with warpgroup instructions of compute capability 9.0: each four warps compute 64 rows and all columns of a
/// tile. Slices of both sides, 64 deep, are copied to shared memory ahead of the one being multiplied.
/// </summary>
internal static class WarpgroupKernel
{
    /// <summary>Target of the assembly: the instructions exist only in compute capability 9.0.</summary>
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

    /// <summary>Shared memory of a group, in bytes: the slices, aligned to 1024 bytes.</summary>
    public static int SharedBytes<TTile>()
        where TTile : struct, IWarpgroupTile => TTile.Stages * StageBytes<TTile>() + 1024;

    /// <summary>Takes the parameters of <see cref="TensorKernel.Multiply"/>, with both sides in a 16-bit format.</summary>
    public static void Multiply<TTile, TRows, TFormat, TUnit>(
        long x, long weights, ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output,
        ArrayView<int> inputStarts, ArrayView<int> outputStarts, MatrixArguments arguments)
        where TTile : struct, IWarpgroupTile
        where TRows : struct, IMatrixRows
        where TFormat : struct, IFloat16Format
        where TUnit : struct, IWarpgroupUnit
    {
        ArrayView<float> staged = SharedMemory.GetDynamic<float>();
        TUnit.Begin(staged);
        int thread = Group.IdxX, lane = thread & 31, warp = thread >> 5;
        int group = Grid.IdxY / arguments.ColumnTiles;
        int firstRow = Grid.IdxX * Rows<TTile>(), firstColumn = Grid.IdxY % arguments.ColumnTiles * TTile.Columns;

        if (thread < TTile.Columns / 8 && firstColumn + thread * 8 < arguments.Columns)
        {
            TUnit.Prefetch(arguments.Biases + 4L * (group * arguments.Columns + firstColumn + thread * 8));
        }

        // Eight threads copy a line, all threads together `lines`; each copies the same chunk of four lines of the left side.
        int lines = 16 * TTile.Warpgroups, chunk = thread & 7, line = thread >> 3, destination = line * 128 + (chunk ^ (line & 7)) * 16;
        MatrixRow row0 = MatrixRow.Locate<TRows>(inputStarts, outputStarts, arguments, firstRow + line, group);
        MatrixRow row1 = MatrixRow.Locate<TRows>(inputStarts, outputStarts, arguments, firstRow + line + lines, group);
        MatrixRow row2 = MatrixRow.Locate<TRows>(inputStarts, outputStarts, arguments, firstRow + line + 2 * lines, group);
        MatrixRow row3 = MatrixRow.Locate<TRows>(inputStarts, outputStarts, arguments, firstRow + line + 3 * lines, group);

        // Columns left in the first panel, counted from the thread's chunk; each next panel has 64 fewer.
        int pitch = arguments.Float4Columns * 4, remaining = pitch - firstColumn - chunk * Chunk;
        long rightSource = weights + 2L * ((long)group * arguments.Depth * pitch + firstColumn + chunk * Chunk);

        int first = Grid.IdxZ * arguments.SplitDepth, last = first + arguments.SplitDepth;
        arguments.Depth = last < arguments.Depth ? last : arguments.Depth;

        int left = (warp >> 2) * (64 * 128), loading = 0, end = TTile.Stages * StageBytes<TTile>(), next = first;
        for (; next < first + TTile.Ahead * Depth; next += Depth)
        {
            CopyLeft<TTile, TRows, TUnit>(x, arguments, row0, row1, row2, row3, next + chunk * Chunk, loading + destination);
            CopyRight<TTile, TUnit>(rightSource, pitch, remaining, arguments.Depth, next + line, loading + Right<TTile>() + destination);
            TUnit.Commit();
            loading += StageBytes<TTile>();
        }

        for (; next < arguments.Depth + TTile.Ahead * Depth; next += Depth)
        {
            // This slice has arrived for all threads, and none still reads what the next one overwrites.
            TUnit.WaitForCopies(TTile.Ahead - 1);
            Group.Barrier();
            int multiplying = loading - TTile.Ahead * StageBytes<TTile>();
            multiplying = multiplying < 0 ? multiplying + end : multiplying;
            TUnit.Multiply(TTile.Columns, multiplying + left, multiplying + Right<TTile>());

            CopyLeft<TTile, TRows, TUnit>(x, arguments, row0, row1, row2, row3, next + chunk * Chunk, loading + destination);
            CopyRight<TTile, TUnit>(rightSource, pitch, remaining, arguments.Depth, next + line, loading + Right<TTile>() + destination);
            TUnit.Commit();
            loading += StageBytes<TTile>();
            loading = loading == end ? 0 : loading;
            TUnit.WaitForProducts(TTile.Stages - 1 - TTile.Ahead);
        }

        TUnit.WaitForProducts(0);
        TUnit.WaitForCopies(0);
        Group.Barrier();
        Finish<TFormat, TUnit>(0, staged, vectors, residual, output, arguments, warp, lane, firstRow, group, firstColumn);
        if (TTile.Columns > 64)
        {
            Finish<TFormat, TUnit>(1, staged, vectors, residual, output, arguments, warp, lane, firstRow, group, firstColumn + 64);
        }

        if (TTile.Columns > 128)
        {
            Finish<TFormat, TUnit>(2, staged, vectors, residual, output, arguments, warp, lane, firstRow, group, firstColumn + 128);
        }
    }

    private static int StageBytes<TTile>()
        where TTile : struct, IWarpgroupTile => Right<TTile>() + TTile.Columns / 64 * Panel;

    /// <summary>Byte offset of the right side in a slice.</summary>
    private static int Right<TTile>()
        where TTile : struct, IWarpgroupTile => Rows<TTile>() * 128;

    /// <summary>Bytes between a thread's consecutive lines.</summary>
    private static int Pass<TTile>()
        where TTile : struct, IWarpgroupTile => 16 * TTile.Warpgroups * 128;

    /// <summary>Copies a thread's chunks of the left side.</summary>
    private static void CopyLeft<TTile, TRows, TUnit>(
        long x, MatrixArguments arguments, MatrixRow row0, MatrixRow row1, MatrixRow row2, MatrixRow row3, int k, int destination)
        where TTile : struct, IWarpgroupTile
        where TRows : struct, IMatrixRows
        where TUnit : struct, IWarpgroupUnit
    {
        CopyRow<TRows, TUnit>(x, arguments, row0, k, destination);
        CopyRow<TRows, TUnit>(x, arguments, row1, k, destination + Pass<TTile>());
        CopyRow<TRows, TUnit>(x, arguments, row2, k, destination + 2 * Pass<TTile>());
        CopyRow<TRows, TUnit>(x, arguments, row3, k, destination + 3 * Pass<TTile>());
    }

    private static void CopyRow<TRows, TUnit>(long x, MatrixArguments arguments, MatrixRow row, int k, int destination)
        where TRows : struct, IMatrixRows
        where TUnit : struct, IWarpgroupUnit
    {
        int index = MatrixRow.IndexOf<TRows>(arguments, row, k);
        TUnit.Copy(destination, x + 2L * (index & -Chunk), index < 0 ? 0 : 16); // aligned even for padding
    }

    /// <summary>Copies a thread's chunks of the right side.</summary>
    private static void CopyRight<TTile, TUnit>(long source, int pitch, int remaining, int depth, int k, int destination)
        where TTile : struct, IWarpgroupTile
        where TUnit : struct, IWarpgroupUnit
    {
        int lines = 16 * TTile.Warpgroups;
        CopyLine<TTile, TUnit>(source, pitch, remaining, depth, k, destination);
        if (TTile.Warpgroups < 4)
        {
            CopyLine<TTile, TUnit>(source, pitch, remaining, depth, k + lines, destination + Pass<TTile>());
        }

        if (TTile.Warpgroups == 1)
        {
            CopyLine<TTile, TUnit>(source, pitch, remaining, depth, k + 2 * lines, destination + 2 * Pass<TTile>());
            CopyLine<TTile, TUnit>(source, pitch, remaining, depth, k + 3 * lines, destination + 3 * Pass<TTile>());
        }
    }

    /// <summary>Copies a thread's chunk of each panel of a line of the right side.</summary>
    private static void CopyLine<TTile, TUnit>(long source, int pitch, int remaining, int depth, int k, int destination)
        where TTile : struct, IWarpgroupTile
        where TUnit : struct, IWarpgroupUnit
    {
        int columns = k < depth ? remaining : 0;
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
    /// Runs the epilogue (bias, scale, residual, activation), or stores partial sums, of 64 columns of a warp's 16 rows. They go through shared memory, so
    /// that a thread holds eight adjacent columns of every fourth row.
    /// </summary>
    private static void Finish<TFormat, TUnit>(
        int part, ArrayView<float> staged, ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output, MatrixArguments arguments,
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
        int count = arguments.Columns - column, index = group * arguments.Columns + column, row = firstRow + warp * 16 + (lane >> 3);
        if (count <= 0)
        {
            return;
        }

        ArrayView<Float4> numbers = staged.Cast<Float4>();
        int from = (mine + (lane >> 3) * Pitch) / 4 + (lane & 7) * 2;
        if (arguments.RunsEpilogue == 0)
        {
            for (int i = 0; i < 16; i += 4)
            {
                if (row + i < arguments.Rows)
                {
                    int to = ProductEpilogue.PartialSumIndex(arguments, Grid.IdxZ, row + i, column) / 4;
                    output.Cast<Float4>()[to] = numbers[from];
                    output.Cast<Float4>()[to + 1] = numbers[from + 1];
                }

                from += Pitch;
            }

            return;
        }

        ArrayView<Float4> vectors4 = vectors.Cast<Float4>();
        int bias = (index + arguments.VectorStride) / 4, scale = (index + 2 * arguments.VectorStride) / 4;
        for (int i = 0; i < 16; i += 4)
        {
            if (row + i < arguments.Rows)
            {
                // Biases and scales are loaded for each row, to save registers.
                Float8 values = new Float8(numbers[from], numbers[from + 1]) + new Float8(vectors4[bias], vectors4[bias + 1]);
                if (arguments.HasScale != 0)
                {
                    values *= new Float8(vectors4[scale], vectors4[scale + 1]);
                }

                if (arguments.HasResidual != 0)
                {
                    values += Float8.LoadPacked<TFormat>(residual, (row + i) * arguments.ResidualStride + index);
                }

                Float8.StorePacked<TFormat>(output, arguments.Output, (row + i) * arguments.OutputStride + index, arguments.Activation, values);
            }

            from += Pitch;
        }
    }
}
