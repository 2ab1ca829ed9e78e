namespace Data2Vec.Kernels.Cpu;

/// <summary>What the tiles of one matrix product have in common; all strides are in floats.</summary>
/// <param name="RowStride">From a row of the left side to the next.</param>
/// <param name="TapStride">From a stretch of a row to the next.</param>
/// <param name="Taps">The number of stretches of a row.</param>
/// <param name="Depth">The length of a stretch.</param>
/// <param name="Panel">The right side: for every step along the depth, the columns side by side.</param>
/// <param name="PanelStride">From one step of the depth to the next in the right side.</param>
/// <param name="OutputStride">From a row of the result to the next.</param>
/// <param name="Accumulate">Adds to what the result holds, rather than starting from zero.</param>
internal readonly unsafe struct TileArguments(
    nint RowStride, nint TapStride, int Taps, int Depth, float* Panel, nint PanelStride, nint OutputStride, bool Accumulate)
{
    public readonly nint RowStride = RowStride;
    public readonly nint TapStride = TapStride;
    public readonly int Taps = Taps;
    public readonly int Depth = Depth;
    public readonly float* Panel = Panel;
    public readonly nint PanelStride = PanelStride;
    public readonly nint OutputStride = OutputStride;
    public readonly bool Accumulate = Accumulate;
}
