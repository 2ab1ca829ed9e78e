using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Data2Vec.Kernels.Cpu.Dot;

namespace Data2Vec.Kernels.Cpu;

/// <summary>Rows of a matrix product that one task computes together: lines of rows that lie at equal distances on the left side.</summary>
/// <param name="Source">The first row's first number on the left side.</param>
/// <param name="Row">The first row of the result.</param>
/// <param name="Rows">The number of rows of a line.</param>
/// <param name="Lines">The number of lines, which follow one another in the result.</param>
internal readonly unsafe record struct RowBlock(nint Source, int Row, int Rows, int Lines = 1);

/// <summary>A matrix product with all that is fused to it, cut into tasks of a block of rows by some panels.</summary>
internal unsafe struct MatrixJob<S, V> : IJob
    where S : struct, ISimd<V>
    where V : unmanaged
{
    /// <summary>
    /// How far along the depth a panel is followed before the next one: so much of a panel and of the rows fit the
    /// second-level cache together. Depends on nothing but the weights' shape, hence no result depends on the batch.
    /// </summary>
    private const int DepthBlock = 1024;

    public RowBlock* Blocks;
    public int BlockCount;
    public nint* Panels;
    public int PanelsPerGroup;
    public int PanelCount;
    public int PanelsPerTask;
    public int GroupOutputs;
    public int Taps;
    public int Depth;
    public nint RowStride;
    public nint LineStride;
    public nint TapStride;
    public nint GroupStride;
    public float* Output;
    public nint OutputStride;
    public float* Bias;
    public float* Scale;
    public float* Residual;
    public nint ResidualStride;
    public Activation Activation;

    /// <summary>Normalizes the rows of the result, with <see cref="Activation"/> after it, where a task has all columns of its rows.</summary>
    public NormValues? Norm;

    /// <summary>The tiles of <see cref="DotTiles"/> where the numbers are units of bf16 or bytes; otherwise null.</summary>
    public nint* DotFunctions;

    /// <summary>What the sums of each row of bytes are multiplied by; null where they are no sums of bytes.</summary>
    public float* RowScale;
    public float* ColumnScale;
    public int* ColumnSums;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(int task)
    {
        RowBlock block = Blocks[task % BlockCount];
        int first = task / BlockCount * PanelsPerTask;
        int end = Math.Min(first + PanelsPerTask, PanelCount);

        int tapsAtOnce = Math.Max(1, DepthBlock / Depth);
        int depthAtOnce = Taps == 1 ? DepthBlock : Depth;
        for (int tap = 0; tap < Taps; tap += tapsAtOnce)
        {
            int taps = Math.Min(tapsAtOnce, Taps - tap);
            for (int depth = 0; depth < Depth; depth += depthAtOnce)
            {
                int length = Math.Min(depthAtOnce, Depth - depth);
                bool last = tap + taps == Taps && depth + length == Depth;
                for (int panel = first; panel < end; panel++)
                {
                    for (int line = 0; line < block.Lines; line++)
                    {
                        var rows = new RowBlock(block.Source + line * LineStride * sizeof(float), block.Row + line * block.Rows, block.Rows);
                        RunPanel(rows, panel, tap, taps, depth, length, last);
                    }
                }
            }
        }

        if (Norm is { } norm)
        {
            for (int row = block.Row; row < block.Row + block.Lines * block.Rows; row++)
            {
                float* x = Output + row * OutputStride;
                RowKernels<S, V>.Normalize(x, null, norm, Activation, x);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void RunPanel(RowBlock block, int panel, int tap, int taps, int depth, int length, bool last)
    {
        int group = panel / PanelsPerGroup;
        int firstOutput = (panel - group * PanelsPerGroup) * PanelLayout.Width;
        int outputs = Math.Min(PanelLayout.Width, GroupOutputs - firstOutput);
        int width = outputs <= PanelLayout.NarrowWidth ? PanelLayout.NarrowWidth : PanelLayout.Width;
        float* weights = (float*)Panels[panel] + ((long)tap * Depth + depth) * width;
        float* source = (float*)block.Source + group * GroupStride + tap * TapStride + depth;
        int column = group * GroupOutputs + firstOutput;

        for (int start = 0; start < width; start += 2 * S.Width)
        {
            int valid = Math.Min(outputs - start, 2 * S.Width);
            if (valid <= 0)
            {
                break;
            }

            bool two = width - start > S.Width;
            int columns = two ? 2 * S.Width : S.Width;
            var arguments = new TileArguments(
                RowStride, TapStride, taps, length, weights + start, width, OutputStride, Accumulate: tap + depth > 0);
            if (valid < columns)
            {
                if (tap + depth == 0)
                {
                    // The columns behind belong to another group or to nobody: compute beside, and once for all depths.
                    RunPartial(block, (float*)Panels[panel] + start, width, source, column + start, valid, two);
                }

                continue;
            }

            int row = 0;
            for (int tiles = (block.Rows + S.TileRows - 1) / S.TileRows; tiles > 0; tiles--)
            {
                int height = (block.Rows - row + tiles - 1) / tiles;
                float* output = Output + (block.Row + row) * OutputStride + column + start;
                RunTile(arguments, height, two, source + row * RowStride, output);
                if (last)
                {
                    Finish(output, OutputStride, height, columns, block.Row + row, column + start);
                }

                row += height;
            }
        }
    }

    [SkipLocalsInit]
    private readonly void RunPartial(RowBlock block, float* weights, int width, float* source, int column, int valid, bool two)
    {
        const int tileStride = PanelLayout.Width;
        float* tile = stackalloc float[14 * tileStride];
        var arguments = new TileArguments(RowStride, TapStride, Taps, Depth, weights, width, tileStride, Accumulate: false);
        int row = 0;
        for (int tiles = (block.Rows + S.TileRows - 1) / S.TileRows; tiles > 0; tiles--)
        {
            int height = (block.Rows - row + tiles - 1) / tiles;
            RunTile(arguments, height, two, source + row * RowStride, tile);
            Finish(tile, tileStride, height, two ? 2 * S.Width : S.Width, block.Row + row, column);
            for (int r = 0; r < height; r++)
            {
                new ReadOnlySpan<float>(tile + r * tileStride, valid)
                    .CopyTo(new Span<float>(Output + (block.Row + row + r) * OutputStride + column, valid));
            }

            row += height;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void RunTile(in TileArguments arguments, int height, bool two, float* source, float* output)
    {
        if (DotFunctions != null)
        {
            fixed (TileArguments* pinned = &arguments)
            {
                ((delegate* unmanaged[SuppressGCTransition]<TileArguments*, float*, float*, void>)DotFunctions[DotTiles.Index(height, two)])(pinned, source, output);
            }

            return;
        }

        delegate*<in TileArguments, float*, float*, void> kernel =
            two ? MatrixTile<S, V>.TwoVectors[height] : MatrixTile<S, V>.OneVector[height];
        kernel(arguments, source, output);
    }

    /// <summary>From sums of whole numbers to what they stand for.</summary>
    private readonly void Dequantize(float* tile, nint stride, int rows, int columns, int row, int column)
    {
        for (int r = 0; r < rows; r++, tile += stride)
        {
            for (int i = 0; i < columns; i += Vector512<float>.Count)
            {
                Vector512<float> sum = RowScale == null
                    ? Vector512.Load(tile + i)
                    : Vector512.ConvertToSingle(Vector512.Load((int*)tile + i) - Vector512.Load(ColumnSums + column + i)) * RowScale[row + r];
                (sum * Vector512.Load(ColumnScale + column + i)).Store(tile + i);
            }
        }
    }

    private readonly void Finish(float* tile, nint stride, int rows, int columns, int row, int column)
    {
        if (ColumnScale != null)
        {
            Dequantize(tile, stride, rows, columns, row, column);
        }

        Activation activation = Norm is null ? Activation : Activation.None;
        if (Bias != null || Residual != null || Scale != null || activation != Activation.None)
        {
            RowKernels<S, V>.Finish(
                tile, stride, rows, columns, Bias + column, Scale == null ? null : Scale + column, activation,
                Residual == null ? null : Residual + row * ResidualStride + column, ResidualStride);
        }
    }
}
