using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// The kernels for activations of 16 bits on devices with tensor cores, but for products. They are compiled when first asked for, and devices whose compiler
/// refuses one do without.
/// </summary>
internal sealed class TensorKernels(
    Lazy<Task<NormLauncher>>[] norms, Lazy<Task<NormOfSumsLauncher>>[] normsOfSums, Lazy<TensorAttentionVariants> attention, Lazy<TensorAttentionVariants> tableAttention)
{
    public static TensorKernels Of<TShort>(GpuContext context)
        where TShort : struct, IShort => new(
            [NormOf<NormSize512, TShort>(context), NormOf<NormSize768, TShort>(context), NormOf<NormSize1024, TShort>(context)],
            [NormOfSumsOf<NormSize512, TShort>(context), NormOfSumsOf<NormSize768, TShort>(context), NormOfSumsOf<NormSize1024, TShort>(context)],
            new(() => TensorAttentionVariants.Of<TallAttentionTile, FlatAttentionTile, DeepAttentionTile, TShort>(context)),
            // With tables, large tiles are no faster than small ones, and take more registers than there are.
            new(() => TensorAttentionVariants.Of<FlatTableAttentionTile, FlatTableAttentionTile, DeepTableAttentionTile, TShort>(context)));

    /// <summary>Whether the registers of a warp have room for rows of some numbers, in eights.</summary>
    public static bool Suits(int columns) => columns % 8 == 0 && columns <= 1024;

    /// <summary>Normalizes rows that suit; null where it cannot be compiled.</summary>
    public Task<NormLauncher>? Norm(int columns) => Compiled(norms[Size(columns)].Value);

    /// <summary>Finishes a product's sums and normalizes them, rows that suit; null where it cannot be compiled.</summary>
    public Task<NormOfSumsLauncher>? NormOfSums(int columns) => Compiled(normsOfSums[Size(columns)].Value);

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

    private static Task<TLauncher>? Compiled<TLauncher>(Task<TLauncher> kernel) => KernelCache.IsThere(kernel) ? kernel : null;

    private static int Size(int columns) => columns <= 512 ? 0 : columns <= 768 ? 1 : 2;

    private static Lazy<Task<NormLauncher>> NormOf<TSize, TShort>(GpuContext context)
        where TSize : struct, INormSize
        where TShort : struct, IShort => new(() => context.Kernels.GetOptional<NormLauncher>(
            WarpNormKernel.Normalize<TSize, TShort>, new KernelSpecialization(WarpNormKernel.Threads, WarpNormKernel.GroupsAtOnce)));

    private static Lazy<Task<NormOfSumsLauncher>> NormOfSumsOf<TSize, TShort>(GpuContext context)
        where TSize : struct, INormSize
        where TShort : struct, IShort => new(() => context.Kernels.GetOptional<NormOfSumsLauncher>(
            WarpNormKernel.NormalizeSums<TSize, TShort>, new KernelSpecialization(WarpNormKernel.ThreadsOfSums, 1)));
}
