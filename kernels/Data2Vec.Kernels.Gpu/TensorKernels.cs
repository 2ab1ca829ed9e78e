using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// The kernels for activations of 16 bits on devices with tensor cores, but for products. They are compiled when first asked for, and devices whose compiler
/// refuses one do without.
/// </summary>
internal sealed class TensorKernels(
    Lazy<Task<NormLauncher>[]> norms, Lazy<Task<NormOfSumsLauncher>[]> normsOfSums, Lazy<TensorAttentionVariants> attention, Lazy<TensorAttentionVariants> tableAttention)
{
    public static TensorKernels Of<TShort>(GpuContext context)
        where TShort : struct, IShort => new(
            new(() => [NormOf<NormSize512, TShort>(context), NormOf<NormSize768, TShort>(context), NormOf<NormSize1024, TShort>(context)]),
            new(() => [NormOfSumsOf<NormSize512, TShort>(context), NormOfSumsOf<NormSize768, TShort>(context), NormOfSumsOf<NormSize1024, TShort>(context)]),
            new(() => TensorAttentionVariants.Of<TallAttentionTile, FlatAttentionTile, DeepAttentionTile, TShort>(context)),
            // With tables, large tiles are no faster than small ones, and take more registers than there are.
            new(() => TensorAttentionVariants.Of<FlatTableAttentionTile, FlatTableAttentionTile, DeepTableAttentionTile, TShort>(context)));

    /// <summary>Normalizes rows of some numbers, at most 1024; null where it cannot be compiled.</summary>
    public Task<NormLauncher>? Norm(int columns) => Compiled(norms.Value[Size(columns)]);

    /// <summary>Finishes a product's sums and normalizes them, rows of some numbers, at most 1024; null where it cannot be compiled.</summary>
    public Task<NormOfSumsLauncher>? NormOfSums(int columns) => Compiled(normsOfSums.Value[Size(columns)]);

    /// <summary>Those of attention.</summary>
    /// <param name="hasTable">With tables of biases.</param>
    public TensorAttentionVariants Attention(bool hasTable) => (hasTable ? tableAttention : attention).Value;

    /// <summary>Begins to compile those for rows, and others.</summary>
    /// <param name="hasSums">Those for a product's sums.</param>
    /// <param name="attends">Those of attention.</param>
    /// <param name="hasTables">Those of attention with tables of biases.</param>
    public void Ask(bool hasSums, bool attends, bool hasTables)
    {
        _ = norms.Value;
        _ = hasSums ? normsOfSums.Value : null;
        _ = attends ? attention.Value : null;
        _ = hasTables ? tableAttention.Value : null;
    }

    private static Task<TLauncher>? Compiled<TLauncher>(Task<TLauncher> kernel) => KernelCache.IsThere(kernel) ? kernel : null;

    private static int Size(int columns) => columns <= 512 ? 0 : columns <= 768 ? 1 : 2;

    private static Task<NormLauncher> NormOf<TSize, TShort>(GpuContext context)
        where TSize : struct, INormSize
        where TShort : struct, IShort => context.Kernels.GetOptional<NormLauncher>(
            WarpNormKernel.Normalize<TSize, TShort>, new KernelSpecialization(WarpNormKernel.Threads, WarpNormKernel.GroupsAtOnce));

    private static Task<NormOfSumsLauncher> NormOfSumsOf<TSize, TShort>(GpuContext context)
        where TSize : struct, INormSize
        where TShort : struct, IShort => context.Kernels.GetOptional<NormOfSumsLauncher>(
            WarpNormKernel.NormalizeSums<TSize, TShort>, new KernelSpecialization(WarpNormKernel.ThreadsOfSums, 1));
}
