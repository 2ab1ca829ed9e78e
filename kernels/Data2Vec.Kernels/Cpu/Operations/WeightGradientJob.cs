using System.Buffers;
using System.Runtime.CompilerServices;

namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// The gradient of weights, <c>dW = dYᵗ X</c>, as sums of <c>Xᵗ dY</c> for panels of outputs, and the sums of the columns of <c>dY</c>. A task has some panels
/// and a strip of the inputs: each sum belongs to one task, which adds the rows in their order. So no sum depends on the number of threads.
/// </summary>
/// <remarks>
/// Of each block of rows a task copies its inputs and its columns of <c>dY</c> together, the former for all panels, the latter for all tiles of the strip
/// (Goto and van de Geijn 2008). What it copies next is far apart in memory, so the tiles prefetch it.
/// </remarks>
/// <param name="left">The inputs, in blocks of up to <see cref="LargestBlock"/> rows.</param>
/// <param name="weights">The weights that the panels of sums are like.</param>
/// <param name="dy">The gradient of the product.</param>
/// <param name="sums">For each panel, the address of the panel that the sums are added to; null if they are not wanted.</param>
/// <param name="columnSums">Receives the sums of the columns, 32 for each panel; or null.</param>
/// <param name="tasks">The number of tasks that is wanted.</param>
internal readonly unsafe struct WeightGradientJob<S, V>(
    LeftOperand left, PanelMatrix weights, Tensor dy, float** sums, float* columnSums, int tasks) : IJob
    where S : struct, ISimd<V>
    where V : unmanaged
{
    /// <summary>The most rows whose sums stay in registers: so much of a panel fits into the first-level cache.</summary>
    public const int LargestBlock = 192;

    /// <summary>The most inputs of a strip: a block of so many fits into the second-level cache.</summary>
    private const int LargestStrip = 784;

    /// <summary>The fewest panels for which inputs are copied, and the fewest tiles for which a panel is copied.</summary>
    private const int LeastPanels = 4, LeastTiles = 4;

    private const int PanelSize = LargestBlock * PanelLayout.Width, Line = 16;

    private readonly MatrixTiles _tiles = MatrixTiles.Columns(S.Width);
    private readonly int _tilesPerTap = (weights.Depth - 1) / S.TileRows + 1;

    /// <summary>The ranges of panels that the panels of each group are cut into.</summary>
    private readonly int _ranges = Math.Clamp(tasks / (LeastStrips(weights) * weights.Groups), 1, (weights.PanelsPerGroup - 1) / LeastPanels + 1);

    private static int TileStride => (S.TileRows + S.Width - 1) / S.Width * S.Width;

    private static int TileSize => LargestBlock * TileStride;

    public int Tasks => Strips * _ranges * weights.Groups;

    private int Tiles => weights.Taps * _tilesPerTap;

    private int Strips
    {
        get
        {
            int least = LeastStrips(weights);
            return Math.Clamp(tasks / (_ranges * weights.Groups), least, Math.Max(least, Tiles / (2 * LeastTiles)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int task)
    {
        (int range, int strip) = Math.DivRem(task, Strips);
        (int group, range) = Math.DivRem(range, _ranges);
        int firstPanel = group * weights.PanelsPerGroup + Share(range, _ranges, weights.PanelsPerGroup);
        int lastPanel = group * weights.PanelsPerGroup + Share(range + 1, _ranges, weights.PanelsPerGroup);
        int firstTile = Share(strip, Strips, Tiles), tiles = Share(strip + 1, Strips, Tiles) - firstTile;
        float[] memory = ArrayPool<float>.Shared.Rent(PanelSize + tiles * TileSize + Line);
        fixed (float* start = memory)
        {
            float* panel = (float*)(((nint)start + Line * sizeof(float) - 1) & -(Line * sizeof(float)));
            for (int i = 0; i < left.BlockCount; i++)
            {
                RunBlock(i, group, firstPanel, lastPanel, firstTile, tiles, panel, panel + PanelSize, sumsColumns: columnSums != null && strip == 0);
            }
        }

        ArrayPool<float>.Shared.Return(memory);
    }

    /// <summary>The fewest strips that are not too large.</summary>
    private static int LeastStrips(PanelMatrix weights) => (weights.Taps * weights.Depth - 1) / LargestStrip + 1;

    /// <summary>Where a part begins if a whole is cut into nearly equal parts.</summary>
    private static int Share(int part, int parts, int whole) => (int)((long)part * whole / parts);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunBlock(int index, int group, int firstPanel, int lastPanel, int firstTile, int tiles, float* packedPanel, float* packedTiles, bool sumsColumns)
    {
        RowBlock block = left.Blocks[index];
        bool packsTiles = lastPanel - firstPanel >= LeastPanels;
        for (int tile = 0; packsTiles && tile < tiles; tile++)
        {
            float* from = Inputs(block, group, firstTile + tile, out _, out int height);
            Pack(from, left.RowStride, block.Rows, height, packedTiles + tile * TileSize, TileStride);
        }

        // Calls of tiles prefetch the lines of the next block's inputs, one after another.
        RowBlock next = left.Blocks[Math.Min(index + 1, left.BlockCount - 1)];
        int nextLines = packsTiles ? tiles : 0;
        for (int panel = firstPanel; panel < lastPanel; panel++)
        {
            (int column, int count, int width) = weights.Columns(panel);
            float* right = dy.Row(block.Row) + column;
            nint rightStride = dy.Stride;
            if (tiles >= LeastTiles || count < width)
            {
                Pack(right, rightStride, block.Rows, count, packedPanel, width);
                right = packedPanel;
                rightStride = width;
            }

            if (sumsColumns)
            {
                Sum(right, rightStride, block.Rows, width, columnSums + panel * PanelLayout.Width, index == 0);
            }

            // The first calls prefetch the columns of the next panel.
            float* nextPanel = panel + 1 < lastPanel ? dy.Row(block.Row) + column + count : dy.Row(next.Row) + weights.Columns(firstPanel).First;
            for (int tile = 0; sums[panel] != null && tile < tiles; tile++)
            {
                float* inputs = Inputs(block, group, firstTile + tile, out nint row, out int height), ahead = inputs;
                nint inputStride = left.RowStride, aheadStride = 0;
                if (packsTiles)
                {
                    inputs = packedTiles + tile * TileSize;
                    inputStride = TileStride;
                }

                if (tile * Line < PanelLayout.Width)
                {
                    ahead = nextPanel + tile * Line;
                    aheadStride = dy.Stride;
                }
                else if (nextLines > 0)
                {
                    ahead = Inputs(next, group, firstTile + --nextLines, out _, out _);
                    aheadStride = left.RowStride;
                }

                for (int start = 0; start < width; start += 2 * S.Width)
                {
                    var arguments = TileArguments.Columns(block.Rows, inputStride, right + start, rightStride, width, ahead, aheadStride);
                    _tiles.Run<S, V>(arguments, height, width - start > S.Width, inputs, sums[panel] + row * width + start);
                }
            }
        }
    }

    /// <summary>The inputs of a tile, its first row in the panels of sums, and its height.</summary>
    private float* Inputs(RowBlock block, int group, int tile, out nint row, out int height)
    {
        (int tap, int index) = Math.DivRem(tile, _tilesPerTap);
        int channel = Share(index, _tilesPerTap, weights.Depth);
        height = Share(index + 1, _tilesPerTap, weights.Depth) - channel;
        row = (nint)tap * weights.Depth + channel;
        return (float*)block.Source + group * left.GroupStride + tap * left.TapStride + channel;
    }

    /// <summary>Copies columns together, with zeros behind the last one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(float* from, nint fromStride, int rows, int count, float* to, nint toStride)
    {
        for (; rows > 0; rows--, from += fromStride, to += toStride)
        {
            int i = 0;
            for (; i + S.Width <= count; i += S.Width)
            {
                S.Store(to + i, S.Load(from + i));
            }

            for (; i < toStride; i += S.Width)
            {
                S.Store(to + i, S.KeepFirst(S.Load(from + i), count - i));
            }
        }
    }

    /// <summary>Sums the columns of a panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum(float* panel, nint stride, int rows, int width, float* totals, bool isFirst)
    {
        for (int i = 0; i < width; i += S.Width)
        {
            V sum = S.Create(0f);
            float* from = panel + i;
            for (int row = 0; row < rows; row++, from += stride)
            {
                sum = S.Add(sum, S.Load(from));
            }

            S.Store(totals + i, isFirst ? sum : S.Add(sum, S.Load(totals + i)));
        }
    }
}
