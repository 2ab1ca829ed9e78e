namespace Data2Vec.Kernels.Cpu;

/// <content>Convolutions of images by Winograd's algorithm.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    /// <summary>The most tiles of a chunk. Each chunk reads all weights.</summary>
    private const int WinogradChunk = 28;

    /// <summary>The floats of products that stay in the second-level cache.</summary>
    private const int WinogradProducts = 1 << 17;

    /// <summary>The fewest chunks for each thread, if a task computes all outputs of a chunk.</summary>
    private const int WinogradChunksPerThread = 4;

    private void ConvolveWinograd(Tensor x, int height, int width, int padding, PanelMatrix matrix, Activation activation, Tensor output)
    {
        long mark = Mark();
        int zeroSize = CpuStore.RowStride(x.Columns);
        float* zeros = (float*)Memory.Allocate((long)zeroSize * sizeof(float));
        new Span<float>(zeros, zeroSize).Clear();
        var tiles = new WinogradTiles<S, V>(x, height, width, padding, zeros, output);
        int chunks = (tiles.Count - 1) / WinogradChunk + 1, wanted = WinogradChunksPerThread * team.Threads;
        int groups = chunks >= wanted ? 1 : Math.Min((wanted - 1) / chunks + 1, matrix.PanelCount), panels = (matrix.PanelCount - 1) / groups + 1;
        var plan = new WinogradPlan(tiles.Count, chunks, CpuStore.RowStride(x.Columns), panels, panels);
        int fitting = WinogradProducts / (WinogradTransform.Positions * PanelLayout.Width * plan.ChunkTiles);
        plan = plan with { PanelsAtOnce = Math.Clamp(fitting, 1, panels) };
        float* inputs = null;
        if (groups > 1)
        {
            inputs = (float*)Memory.Allocate((long)chunks * plan.InputSize * sizeof(float));
            team.Run(new WinogradInputJob<S, V>(tiles, plan, inputs), plan.Tiles);
        }

        TaskMemory memory = AllocateTaskMemory(plan.ProductSize + (groups > 1 ? 0 : plan.InputSize));
        var job = new WinogradJob<S, V>(tiles, matrix, activation, plan, inputs, memory);
        team.Run(job, job.Tasks);
        Release(mark);
    }
}
