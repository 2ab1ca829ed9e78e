using System.Runtime.CompilerServices;

namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// The gradient of weights, <c>dW = dYᵗ X</c>, as sums of <c>Xᵗ dY</c> for panels of outputs, and the sums of the columns of <c>dY</c>. A task has some panels and
/// a strip of the inputs: each sum belongs to one task, which adds the rows in their order. So no sum depends on the number of threads.
/// </summary>
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
    /// <summary>The most rows whose sums stay in registers: so much of a panel and of the columns of a tile fit into the first-level cache.</summary>
    public const int LargestBlock = 256;

    /// <summary>The most panels of a task, whose columns are copied at a time.</summary>
    private const int MostPanels = 4;

    /// <summary>The inputs of a strip: a block of so many fits into the second-level cache.</summary>
    private const int StripWidth = 1024;

    private readonly MatrixTiles _tiles = MatrixTiles.Columns(S.Width);
    private readonly int _channelStrips = (weights.Depth - 1) / StripWidth + 1;
    private readonly int _tapsPerStrip = Math.Max(1, StripWidth / weights.Depth);

    public int Tasks => Strips * ((weights.PanelCount - 1) / PanelsPerTask + 1);

    private int Strips => _channelStrips * ((weights.Taps - 1) / _tapsPerStrip + 1);

    private int PanelsPerTask => Math.Clamp(weights.PanelCount * Strips / tasks, 1, MostPanels);

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int task)
    {
        (int group, int strip) = Math.DivRem(task, Strips);
        int first = group * PanelsPerTask, end = Math.Min(first + PanelsPerTask, weights.PanelCount);
        const int Alignment = 64, PanelSize = LargestBlock * PanelLayout.Width;
        byte* memory = stackalloc byte[MostPanels * PanelSize * sizeof(float) + Alignment];
        float* packed = (float*)((nint)(memory + Alignment - 1) & ~(Alignment - 1));
        for (int i = 0; i < left.BlockCount; i++)
        {
            RowBlock block = left.Blocks[i];
            for (int panel = first; panel < end; panel++)
            {
                if (sums[panel] != null || (columnSums != null && strip == 0))
                {
                    float* totals = columnSums == null || strip > 0 ? null : columnSums + panel * PanelLayout.Width;
                    Pack(block, panel, packed + (panel - first) * PanelSize, totals, i == 0);
                }
            }

            (int tapStrip, int channelStrip) = Math.DivRem(strip, _channelStrips);
            int channel = Share(channelStrip, _channelStrips, weights.Depth), channels = Share(channelStrip + 1, _channelStrips, weights.Depth) - channel;
            int lastTap = Math.Min((tapStrip + 1) * _tapsPerStrip, weights.Taps);
            for (int tap = tapStrip * _tapsPerStrip; tap < lastTap; tap++)
            {
                for (int tiles = (channels + S.TileRows - 1) / S.TileRows, tile = 0; tile < tiles; tile++)
                {
                    int row = channel + Share(tile, tiles, channels), height = channel + Share(tile + 1, tiles, channels) - row;
                    for (int panel = first; panel < end; panel++)
                    {
                        if (sums[panel] != null)
                        {
                            Multiply(block, panel, packed + (panel - first) * PanelSize, tap, row, height);
                        }
                    }
                }
            }
        }
    }

    /// <summary>Where a part begins if a whole is cut into nearly equal parts.</summary>
    private static int Share(int part, int parts, int whole) => (int)((long)part * whole / parts);

    /// <summary>Copies the columns of a panel together, with zeros for absent ones, and sums them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pack(RowBlock block, int panel, float* packed, float* totals, bool isFirst)
    {
        (int column, int count, int width) = weights.Columns(panel);
        for (int i = 0; i < width; i += S.Width)
        {
            float* from = dy.Row(block.Row) + column + i, to = packed + i;
            V sum = S.Create(0f);
            for (int row = 0; row < block.Rows; row++, from += dy.Stride, to += width)
            {
                V v = S.KeepFirst(S.Load(from), count - i);
                sum = S.Add(sum, v);
                S.Store(to, v);
            }

            if (totals != null)
            {
                S.Store(totals + i, isFirst ? sum : S.Add(sum, S.Load(totals + i)));
            }
        }
    }

    private void Multiply(RowBlock block, int panel, float* packed, int tap, int row, int height)
    {
        int width = weights.Columns(panel).Width;
        float* source = (float*)block.Source + panel / weights.PanelsPerGroup * left.GroupStride + tap * left.TapStride + row;
        float* to = sums[panel] + ((long)tap * weights.Depth + row) * width;
        for (int start = 0; start < width; start += 2 * S.Width)
        {
            var arguments = TileArguments.Columns(block.Rows, left.RowStride, packed + start, width, width);
            _tiles.Run<S, V>(arguments, height, width - start > S.Width, source, to + start);
        }
    }
}
