using System.Runtime.CompilerServices;

namespace Data2Vec.Kernels.Cpu;

/// <summary>Rows of a matrix product that one task computes: lines of rows at equal distances on the left side.</summary>
/// <param name="Source">The address of the first row's first word on the left side.</param>
/// <param name="Row">The first row of the result.</param>
/// <param name="Rows">The number of rows of a line.</param>
/// <param name="Lines">The number of lines, which follow one another in the result.</param>
/// <param name="Offset">Added to the address of the rows in the result, in floats.</param>
internal readonly record struct RowBlock(nint Source, int Row, int Rows, int Lines = 1, nint Offset = 0);

/// <summary>The left side of a matrix product. Strides count words.</summary>
internal readonly unsafe struct LeftOperand
{
    /// <summary>The blocks that the rows are cut into.</summary>
    public RowBlock* Blocks { get; init; }

    public int BlockCount { get; init; }

    /// <summary>From a row to the next.</summary>
    public nint RowStride { get; init; }

    /// <summary>From a line of rows to the next.</summary>
    public nint LineStride { get; init; }

    /// <summary>From a tap of a row to the next.</summary>
    public nint TapStride { get; init; }

    /// <summary>From the columns of a group to those of the next.</summary>
    public nint GroupStride { get; init; }

    /// <summary>What each row of bytes stands for; null for other formats.</summary>
    public ByteRow* ByteRows { get; init; }

    /// <summary>From a tap of a row of integers of 16 bits to its scale.</summary>
    public nint ScalePlace { get; init; }
}

/// <summary>What follows a matrix product, besides the bias and the scale of its weights.</summary>
/// <param name="Activation">The activation, after the normalization if there is one.</param>
/// <param name="Residual">Added to the result; or empty.</param>
/// <param name="Norm">Normalizes the rows of the result, if each task computes whole rows; or null.</param>
/// <param name="Accumulate">Whether to add to the result.</param>
internal readonly record struct Epilogue(Activation Activation, Tensor Residual = default, NormValues? Norm = null, bool Accumulate = false);

/// <summary>A matrix product and its epilogue, cut into tasks of one block of rows by some panels.</summary>
/// <param name="left">The left side.</param>
/// <param name="right">The right side.</param>
/// <param name="epilogue">What follows the product.</param>
/// <param name="output">Receives the result.</param>
/// <param name="panelsPerTask">The panels of a task.</param>
/// <param name="converted">Memory of <see cref="ConvertedSize"/> floats for each task that runs, if the weights are converted.</param>
internal readonly unsafe struct MatrixJob<S, V>(
    LeftOperand left, PanelMatrix right, Epilogue epilogue, Tensor output, int panelsPerTask, TaskMemory converted) : IJob
    where S : struct, ISimd<V>
    where V : unmanaged
{
    private const int DepthBlock = PanelMatrix.DepthBlock;

    /// <summary>A part of the depth: some taps, and of each some words.</summary>
    /// <param name="Start">The words before it, of all taps.</param>
    /// <param name="Tap">The first tap.</param>
    /// <param name="Depth">The first word of the taps.</param>
    /// <param name="Taps">The number of taps.</param>
    /// <param name="Length">The words of each.</param>
    private readonly record struct Part(long Start, int Tap, int Depth, int Taps, int Length)
    {
        public int Size => Taps * Length;

        public long End => Start + Size;
    }

    private readonly MatrixTiles _tiles = MatrixTiles.Create(right.Type, S.Width);
    private readonly Activation _tileActivation = epilogue.Norm is null ? epilogue.Activation : Activation.None;
    private readonly float* _output = output.Row(0);
    private readonly float* _residual = epilogue.Residual.IsEmpty ? null : epilogue.Residual.Row(0);

    public int Tasks => left.BlockCount * ((right.PanelCount + panelsPerTask - 1) / panelsPerTask);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int task)
    {
        RowBlock block = left.Blocks[task % left.BlockCount];
        int first = task / left.BlockCount * panelsPerTask;
        int end = Math.Min(first + panelsPerTask, right.PanelCount);

        float* memory = right.IsConverted ? converted.Take() : null;
        for (Part part = PartFrom(0); part.Size > 0; part = PartFrom(part.End))
        {
            for (int panel = first; panel < end; panel++)
            {
                float* weights = Weights(panel, part, memory), ahead = Ahead(panel, first, end, part);
                for (int line = 0; line < block.Lines; line++)
                {
                    RowBlock rows = block with { Source = block.Source + line * left.LineStride * sizeof(float), Row = block.Row + line * block.Rows };
                    ahead = RunPanel(rows, panel, weights, ahead, part);
                }
            }
        }

        if (memory != null)
        {
            converted.Return(memory);
        }

        if (epilogue.Norm is { } norm)
        {
            for (int row = block.Row; row < block.Row + block.Lines * block.Rows; row++)
            {
                float* x = output.Row(row);
                RowKernels<S, V>.Normalize(x, null, norm, epilogue.Activation, x);
            }
        }
    }

    /// <summary>The memory in which a task converts the weights it reads next, in floats.</summary>
    public static long ConvertedSize(PanelMatrix right)
    {
        long all = (long)right.Taps * right.Depth;
        return (IsFull(right.Columns(right.PanelsPerGroup - 1)) ? Math.Min(all, DepthBlock) : all) * PanelLayout.Width;
    }

    /// <summary>
    /// The part of the depth that begins at a word: as many whole taps as fit into a block, or else a block of one tap. At the end it is empty. Each tap of
    /// integers of 16 bits has its own scale, so it is a part of its own.
    /// </summary>
    private Part PartFrom(long start)
    {
        (long tap, long depth) = Math.DivRem(start, right.Depth);
        int most = right.Type == ProductType.Shorts ? 1 : Math.Max(1, DepthBlock / right.Depth), taps = Math.Min(most, right.Taps - (int)tap);
        return new Part(start, (int)tap, (int)depth, taps, Math.Min(DepthBlock, right.Depth - (int)depth));
    }

    /// <summary>Whether tiles of a panel have no columns without an output.</summary>
    private static bool IsFull((int First, int Count, int Width) panel) => panel.Count % Math.Min(2 * S.Width, panel.Width) == 0;

    /// <summary>A part of a panel in the format of the product. A panel that is not full is converted whole at its first part, for <see cref="RunPartial"/>.</summary>
    private float* Weights(int panel, Part part, float* memory)
    {
        (int First, int Count, int Width) columns = right.Columns(panel);
        if (memory == null)
        {
            return right.Panels[panel] + part.Start * columns.Width;
        }

        bool all = part.Start == 0 && !IsFull(columns);
        int depth = all ? right.Taps * right.Depth : part.Size;
        float* words = right.Panels[panel] + Stored(part.Start) * columns.Width;
        if (right.Type == ProductType.Shorts)
        {
            PanelWidening<S, V>.ToShorts(right.Storage, words, columns.Width, depth, right.ColumnFactors + columns.First, memory);
        }
        else
        {
            PanelWidening<S, V>.Run(right.Storage, words, columns.Width, depth, memory);
        }

        return memory;
    }

    /// <summary>The words of a panel that hold some words of the product.</summary>
    private long Stored(long words) => words * right.Type.PerWord() / PanelLayout.PerWord(right.Storage);

    /// <summary>Multiplies a line of rows by a part of a panel.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float* RunPanel(RowBlock block, int panel, float* weights, float* ahead, Part part)
    {
        int group = panel / right.PanelsPerGroup;
        (int column, int outputs, int width) = right.Columns(panel);
        float* source = (float*)block.Source + group * left.GroupStride;
        bool isFirst = part.Start == 0, isLast = part.End == (long)right.Taps * right.Depth, isScaled = right.Type == ProductType.Shorts;
        float* sums = stackalloc float[MatrixTiles.MaxRows * PanelLayout.Width];

        for (int start = 0; start < outputs; start += 2 * S.Width)
        {
            int valid = Math.Min(outputs - start, 2 * S.Width);
            bool two = width - start > S.Width;
            int columns = two ? 2 * S.Width : S.Width;
            if (valid < columns)
            {
                // The columns behind belong to another group or to no output. So a tile beside the result holds all depths' sums at once.
                if (isFirst)
                {
                    RunPartial(block, weights + start, width, source, column + start, valid, two);
                }

                continue;
            }

            bool adds = !isFirst || epilogue.Accumulate;
            TileArguments arguments = Arguments(part, weights + start, width, isScaled ? PanelLayout.Width : output.Stride, adds && !isScaled)
                with
            { AheadStride = AheadStride(block, width) };
            for (int row = 0, height; row < block.Rows; row += height)
            {
                height = MatrixTiles.Height(block.Rows - row, S.TileRows);
                float* to = _output + block.Offset + (nint)(block.Row + row) * output.Stride + column + start;
                _tiles.Run<S, V>(arguments with { Ahead = ahead }, height, two, LeftOf(part, source, row), isScaled ? sums : to);
                if (isScaled)
                {
                    AddScaled(sums, height, columns, ScaleOf(part, block, row), to, output.Stride, adds);
                }

                ahead += arguments.AheadStride * (part.Size / TileAssembler.Unroll);
                if (isLast)
                {
                    Finish(to, output.Stride, height, columns, block.Row + row, column + start, right.Panels[panel] + start, width);
                }
            }
        }

        return ahead;
    }

    private TileArguments Arguments(Part part, float* weights, int width, nint outputStride, bool accumulate) =>
        new(left.RowStride, left.TapStride, part.Taps, part.Length, weights, width, outputStride, accumulate);

    /// <summary>Where a row of the left side has a part of the depth.</summary>
    private float* LeftOf(Part part, float* source, int row) => source + row * left.RowStride + part.Tap * left.TapStride + part.Depth;

    /// <summary>The scale of a tap of a row of integers of 16 bits, and those of the next rows at the same distance as the rows.</summary>
    private float* ScaleOf(Part part, RowBlock block, int row) => (float*)block.Source + row * left.RowStride + part.Tap * left.TapStride + left.ScalePlace;

    /// <summary>Scales sums of products of integers, and adds them to earlier ones or stores them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddScaled(float* sums, int rows, int columns, float* scales, float* to, nint stride, bool adds)
    {
        for (int r = 0; r < rows; r++, sums += PanelLayout.Width, scales += left.RowStride, to += stride)
        {
            V scale = S.Create(*scales);
            for (int i = 0; i < columns; i += S.Width)
            {
                V sum = S.ToFloats(S.Load(sums + i), 0);
                S.Store(to + i, adds ? S.MultiplyAdd(sum, scale, S.Load(to + i)) : S.Multiply(sum, scale));
            }
        }
    }

    /// <summary>The weights that come after a part of a panel. Its tiles prefetch them, a piece each, so that memory is read evenly.</summary>
    private float* Ahead(int panel, int first, int end, Part part)
    {
        long start = part.Start;
        if (++panel == end)
        {
            // The next part of the depth; after the last one usually another block of rows with the same weights.
            panel = first;
            start = part.End % ((long)right.Taps * right.Depth);
        }

        return right.Panels[panel] + Stored(start) * right.Columns(panel).Width;
    }

    /// <summary>What a tile prefetches while it unrolls the depth once, in words: its part of as many rows of the panel.</summary>
    private nint AheadStride(RowBlock block, int width)
    {
        int tiles = block.Lines * MatrixTiles.Count(block.Rows, S.TileRows) * MatrixTiles.Count(width, 2 * S.Width);
        int words = (int)Stored(TileAssembler.Unroll * width);
        return (words + tiles - 1) / tiles;
    }

    [SkipLocalsInit]
    private void RunPartial(RowBlock block, float* weights, int width, float* source, int column, int valid, bool two)
    {
        const int Stride = PanelLayout.Width;
        float* tile = stackalloc float[MatrixTiles.MaxRows * Stride], sums = stackalloc float[MatrixTiles.MaxRows * Stride];
        bool isScaled = right.Type == ProductType.Shorts;
        for (int row = 0, height; row < block.Rows; row += height)
        {
            height = MatrixTiles.Height(block.Rows - row, S.TileRows);
            for (Part part = PartFrom(0); part.Size > 0; part = PartFrom(part.End))
            {
                TileArguments arguments = Arguments(part, weights + part.Start * width, width, Stride, accumulate: part.Start > 0 && !isScaled);
                _tiles.Run<S, V>(arguments, height, two, LeftOf(part, source, row), isScaled ? sums : tile);
                if (isScaled)
                {
                    AddScaled(sums, height, two ? 2 * S.Width : S.Width, ScaleOf(part, block, row), tile, Stride, adds: part.Start > 0);
                }
            }

            Finish(tile, Stride, height, two ? 2 * S.Width : S.Width, block.Row + row, column, weights, width);
            for (int r = 0; r < height; r++)
            {
                float* from = tile + r * Stride, to = output.Row(block.Row + row + r) + block.Offset + column;
                if (epilogue.Accumulate)
                {
                    RowKernels<S, V>.Add(to, from, valid);
                }
                else
                {
                    new ReadOnlySpan<float>(from, valid).CopyTo(new Span<float>(to, valid));
                }
            }
        }
    }

    /// <summary>Converts sums of quantized numbers to what they stand for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Dequantize(float* tile, nint stride, int rows, int columns, int row, int column, float* weights, int width)
    {
        float* scales = right.ColumnScales + column;
        for (int r = 0; r < rows; r++, tile += stride)
        {
            if (left.ByteRows != null)
            {
                ByteRow.Dequantize(tile, columns, left.ByteRows[row + r], right.ColumnSums + column, scales, weights, width);
                continue;
            }

            for (int i = 0; i < columns; i += S.Width)
            {
                S.Store(tile + i, S.Multiply(S.Load(tile + i), S.Load(scales + i)));
            }
        }
    }

    private void Finish(float* tile, nint stride, int rows, int columns, int row, int column, float* weights, int width)
    {
        if (right.ColumnScales != null)
        {
            Dequantize(tile, stride, rows, columns, row, column, weights, width);
        }

        float* scale = right.Scale == null ? null : right.Scale + column;
        nint residualStride = epilogue.Residual.Stride;
        float* residual = _residual == null ? null : _residual + row * residualStride + column;
        RowKernels<S, V>.Finish(tile, stride, rows, columns, right.Bias + column, scale, _tileActivation, residual, residualStride);
    }
}
