namespace Data2Vec.Kernels.Cpu;

/// <summary>How activations lie in memory.</summary>
internal static class CpuLayout
{
    /// <summary>
    /// The distance of rows: an odd number of cache lines, so that neighbouring rows fall into different cache sets; those of one
    /// number are packed.
    /// </summary>
    public static int Stride(int columns) => columns == 1 ? 1 : ((columns + 15) / 16 | 1) * 16;
}
