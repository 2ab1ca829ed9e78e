namespace Data2Vec.Kernels.Cpu;

/// <summary>What the tiles of one matrix product have in common. Strides count floats, or words of the same size.</summary>
/// <remarks>Assembled tiles read these fields by their position: every field takes 8 bytes, in the order of <see cref="TileArgument"/>.</remarks>
/// <param name="rowStride">From a row of the left side to the next.</param>
/// <param name="tapStride">From a tap of a row to the next.</param>
/// <param name="taps">The number of taps of a row.</param>
/// <param name="depth">The length of a tap.</param>
/// <param name="panel">The right side: for every step along the depth, the columns side by side.</param>
/// <param name="panelStride">From one step of the depth to the next in the right side.</param>
/// <param name="outputStride">From a row of the result to the next.</param>
/// <param name="accumulate">Whether to add to the result.</param>
internal readonly unsafe struct TileArguments(
    nint rowStride, nint tapStride, int taps, int depth, float* panel, nint panelStride, nint outputStride, bool accumulate)
{
    public readonly nint RowStride = rowStride;
    public readonly nint TapStride = tapStride;
    public readonly nint Taps = taps;
    public readonly nint Depth = depth;
    public readonly float* Panel = panel;
    public readonly nint PanelStride = panelStride;
    public readonly nint OutputStride = outputStride;
    public readonly nint Accumulate = accumulate ? 1 : 0;

    /// <summary>What to prefetch; not necessarily a valid address. Tiles prefetch <see cref="TileAssembler.Unroll"/> cache lines for each vector of columns.</summary>
    public float* Ahead { get; init; } = panel;

    /// <summary>
    /// From what is prefetched at one place of the depth to what is prefetched <see cref="TileAssembler.Unroll"/> steps later. If the left side is given by
    /// columns, tiles prefetch at every step.
    /// </summary>
    public nint AheadStride { get; init; }

    /// <summary>A product whose left side is given by columns: its rows are neighbours, and the steps of the depth are a distance apart.</summary>
    /// <param name="depth">The length of the depth.</param>
    /// <param name="depthStride">From one step of the depth to the next in the left side.</param>
    /// <param name="panel">The right side.</param>
    /// <param name="panelStride">From one step of the depth to the next in the right side.</param>
    /// <param name="outputStride">From a row of the result to the next.</param>
    /// <param name="ahead">What to prefetch during the first step; not necessarily a valid address.</param>
    /// <param name="aheadStride">From what is prefetched in one step to what is prefetched in the next.</param>
    /// <returns>Arguments whose sums are added to the result.</returns>
    public static TileArguments Columns(int depth, nint depthStride, float* panel, nint panelStride, nint outputStride, float* ahead, nint aheadStride) =>
        new(1, depthStride, depth, 1, panel, panelStride, outputStride, accumulate: true)
        {
            Ahead = ahead,
            AheadStride = aheadStride,
        };
}

/// <summary>The fields of <see cref="TileArguments"/> in their order.</summary>
internal enum TileArgument
{
    RowStride, TapStride, Taps, Depth, Panel, PanelStride, OutputStride, Accumulate, Ahead, AheadStride,
}
