using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// The kernels for activations of 16 bits on devices with tensor cores, but for products. They are compiled when first asked for, and devices whose compiler
/// refuses one do without.
/// </summary>
internal sealed class TensorKernels(
    Lazy<Task<NormLauncher>>[] norms, Lazy<Task<SplitKNormLauncher>>[] normsOfSums, Lazy<TensorAttentionVariants> attention, Lazy<TensorAttentionVariants> tableAttention)
{
    public static TensorKernels Create<TFormat>(GpuContext context)
        where TFormat : struct, IFloat16Format => new(
            [CreateNorm<NormSize512, TFormat>(context), CreateNorm<NormSize768, TFormat>(context), CreateNorm<NormSize1024, TFormat>(context)],
            [CreateSplitKNorm<NormSize512, TFormat>(context), CreateSplitKNorm<NormSize768, TFormat>(context), CreateSplitKNorm<NormSize1024, TFormat>(context)],
            new(() => TensorAttentionVariants.Create<TensorAttentionTile128x64, TensorAttentionTile64x64, TensorAttentionTile64x128, TFormat>(context)),
            // With tables, large tiles are no faster than small ones, and take more registers than there are.
            new(() => TensorAttentionVariants.Create<TensorAttentionTile64x64WithTable, TensorAttentionTile64x64WithTable, TensorAttentionTile64x128WithTable, TFormat>(context)));

    /// <summary>Whether the registers of a warp have room for rows of some numbers, in eights.</summary>
    public static bool Suits(int columns) => columns % 8 == 0 && columns <= 1024;

    /// <summary>Normalizes rows that suit; null where it cannot be compiled.</summary>
    public Task<NormLauncher>? Norm(int columns) => Compiled(norms[Size(columns)].Value);

    /// <summary>Finishes a product's sums and normalizes them, rows that suit; null where it cannot be compiled.</summary>
    public Task<SplitKNormLauncher>? SplitKNorm(int columns) => Compiled(normsOfSums[Size(columns)].Value);

    /// <summary>Those of attention.</summary>
    /// <param name="hasTable">With tables of biases.</param>
    public TensorAttentionVariants Attention(bool hasTable) => (hasTable ? tableAttention : attention).Value;

    /// <summary>Begins to compile some.</summary>
    /// <param name="rows">The numbers of rows that are normalized.</param>
    /// <param name="hasSums">Those for a product's sums.</param>
    /// <param name="attends">Those of attention.</param>
    /// <param name="hasTables">Those of attention with tables of biases.</param>
    public void Ask(IEnumerable<int> rows, bool hasSums, bool attends, bool hasTables)
    {
        foreach (int columns in rows.Where(Suits))
        {
            _ = norms[Size(columns)].Value;
            _ = hasSums ? normsOfSums[Size(columns)].Value : null;
        }

        _ = attends ? attention.Value : null;
        _ = hasTables ? tableAttention.Value : null;
    }

    private static Task<TLauncher>? Compiled<TLauncher>(Task<TLauncher> kernel) => KernelCache.IsCompiled(kernel) ? kernel : null;

    private static int Size(int columns) => columns <= 512 ? 0 : columns <= 768 ? 1 : 2;

    private static Lazy<Task<NormLauncher>> CreateNorm<TSize, TFormat>(GpuContext context)
        where TSize : struct, INormSize
        where TFormat : struct, IFloat16Format => new(() => context.Kernels.GetOptional<NormLauncher>(
            WarpNormKernel.Normalize<TSize, TFormat>, new KernelSpecialization(WarpNormKernel.Threads, WarpNormKernel.GroupsPerMultiprocessor)));

    private static Lazy<Task<SplitKNormLauncher>> CreateSplitKNorm<TSize, TFormat>(GpuContext context)
        where TSize : struct, INormSize
        where TFormat : struct, IFloat16Format => new(() => context.Kernels.GetOptional<SplitKNormLauncher>(
            WarpNormKernel.NormalizeSplitK<TSize, TFormat>, new KernelSpecialization(WarpNormKernel.SplitKThreads, 1)));
}
