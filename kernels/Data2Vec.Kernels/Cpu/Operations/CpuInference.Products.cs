namespace Data2Vec.Kernels.Cpu;

/// <content>What all operations with a matrix product share: how the product is cut into tasks.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    /// <summary>The most rows of a task's block: with a panel of weights they fit into the second-level cache.</summary>
    private const int LargestBlock = 112;

    /// <summary>
    /// The fewest rows of a block, if there are as many. Each block reads all weights, and their columns alone give the threads enough tasks.
    /// </summary>
    private const int LeastBlock = 56;

    /// <summary>Several tasks per thread balance the load when tasks end at different times or other work takes a core.</summary>
    private const int TasksPerThread = 16;

    /// <summary>The rows of a block: several blocks for each thread, if there are enough rows.</summary>
    private int BlockHeight(int rows) => WholeTiles(Math.Clamp(rows / (4 * team.Threads), S.TileRows, LargestBlock));

    private int LargeBlockHeight(int rows) => Math.Max(BlockHeight(rows), WholeTiles(LeastBlock));

    private static int WholeTiles(int rows) => rows / S.TileRows * S.TileRows;

    /// <summary>Cuts rows into nearly equal blocks.</summary>
    private static void Cut(RowBlock* blocks, int count, nint source, nint rowBytes, int firstRow, int rows, int lines = 1, nint offset = 0)
    {
        int done = 0;
        for (int left = count; left > 0; left--)
        {
            int height = (rows - done + left - 1) / left;
            *blocks++ = new RowBlock(source + done * rowBytes, firstRow + done, height, lines, offset);
            done += height;
        }
    }

    private RowBlock* AllocateBlocks(int count) => (RowBlock*)Memory.Allocate((long)count * sizeof(RowBlock));

    /// <summary>
    /// Converts rows to words of what a product multiplies: of bf16, of bytes and what each row of them stands for, or of integers of 16 bits. The scale of
    /// these follows their row, as one more column.
    /// </summary>
    private Tensor ToWords(Tensor x, ProductType type, int words, out ByteRow* byteRows, int numbersPerSum = 0)
    {
        byteRows = null;
        if (type == ProductType.Floats)
        {
            return x;
        }

        Tensor packed = Allocate(x.Rows, type == ProductType.Shorts ? words + 1 : words);
        byteRows = type == ProductType.Bytes ? (ByteRow*)Memory.Allocate((long)x.Rows * sizeof(ByteRow)) : null;
        RunRows(new PackRows(x, type, packed, byteRows, numbersPerSum), x.Rows);
        return packed;
    }

    private void Multiply(LeftOperand left, PanelMatrix right, Epilogue epilogue, Tensor output)
    {
        int groups = epilogue.Norm is not null ? 1 : Math.Clamp((TasksPerThread * team.Threads + left.BlockCount - 1) / left.BlockCount, 1, right.PanelCount);
        long mark = Mark();
        TaskMemory converted = right.IsConverted ? AllocateTaskMemory(MatrixJob<S, V>.ConvertedSize(right)) : default;
        var job = new MatrixJob<S, V>(left, right, epilogue, output, (right.PanelCount + groups - 1) / groups, converted);
        team.Run(job, job.Tasks);
        Release(mark);
    }

    private void RunRows<TKernel>(TKernel kernel, int rows)
        where TKernel : unmanaged, IRowKernel
    {
        var job = new RowsJob<TKernel>(kernel, rows);
        team.Run(job, job.Tasks);
    }
}

/// <summary>Work on one row at a time.</summary>
internal interface IRowKernel
{
    void Run(int row);
}

/// <summary>Runs a kernel on all rows, some rows a task.</summary>
internal readonly struct RowsJob<TKernel>(TKernel kernel, int rows) : IJob
    where TKernel : unmanaged, IRowKernel
{
    /// <summary>Enough rows to be worth handing over, and few enough to keep all threads busy.</summary>
    private const int RowsPerTask = 16;

    public int Tasks => (rows + RowsPerTask - 1) / RowsPerTask;

    public void Run(int task)
    {
        int end = Math.Min((task + 1) * RowsPerTask, rows);
        for (int row = task * RowsPerTask; row < end; row++)
        {
            kernel.Run(row);
        }
    }
}

/// <summary>
/// Converts rows of floats to words of two bf16, of four bytes and what each row of them stands for, or of two integers of 16 bits, followed by the row's scale.
/// Unused elements are zero.
/// </summary>
internal readonly unsafe struct PackRows(Tensor x, ProductType type, Tensor words, ByteRow* byteRows, int numbersPerSum) : IRowKernel
{
    public void Run(int row)
    {
        if (type == ProductType.BFloat16)
        {
            NumberFormat.RoundToBFloat16(x.Row(row), (ushort*)words.Row(row), x.Columns, 2 * words.Columns);
        }
        else if (type == ProductType.Shorts)
        {
            int scale = words.Columns - 1;
            words.Row(row)[scale] = ShortScale.Quantize(x.Row(row), (short*)words.Row(row), x.Columns, 2 * scale, numbersPerSum);
        }
        else
        {
            byteRows[row] = ByteRow.Quantize(x.Row(row), (byte*)words.Row(row), x.Columns, 4 * words.Columns);
        }
    }
}
