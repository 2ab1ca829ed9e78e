using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU.Runtime;
using Normalize = System.Action<
    ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>,
    Data2Vec.Kernels.Gpu.DeviceCode.NormArguments>;
using NormalizeSums = System.Action<
    ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>,
    ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, Data2Vec.Kernels.Gpu.DeviceCode.MatrixArguments, Data2Vec.Kernels.Gpu.DeviceCode.NormArguments>;

namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// The kernels for activations of 16 bits on devices with tensor cores, but for products. They are compiled when first asked for, and devices whose compiler
/// refuses one do without.
/// </summary>
internal sealed class TensorKernels
{
    private readonly Lazy<Task<Normalize>[]> _norms;
    private readonly Lazy<Task<NormalizeSums>[]> _normsOfSums;
    private readonly Lazy<TensorAttentionVariants> _attention;
    private readonly Lazy<TensorAttentionVariants> _tableAttention;

    private TensorKernels(
        Func<Task<Normalize>[]> norms, Func<Task<NormalizeSums>[]> normsOfSums, Func<TensorAttentionVariants> attention, Func<TensorAttentionVariants> tableAttention) =>
        (_norms, _normsOfSums, _attention, _tableAttention) = (new(norms), new(normsOfSums), new(attention), new(tableAttention));

    public static TensorKernels Of<TShort>(GpuContext context)
        where TShort : struct, IShort => new(
            () => [NormOf<NormSize512, TShort>(context), NormOf<NormSize768, TShort>(context), NormOf<NormSize1024, TShort>(context)],
            () => [NormOfSumsOf<NormSize512, TShort>(context), NormOfSumsOf<NormSize768, TShort>(context), NormOfSumsOf<NormSize1024, TShort>(context)],
            () => TensorAttentionVariants.Of<TallAttentionTile, FlatAttentionTile, DeepAttentionTile, TShort>(context),
            // With tables, large tiles are no faster than small ones, and take more registers than there are.
            () => TensorAttentionVariants.Of<FlatTableAttentionTile, FlatTableAttentionTile, DeepTableAttentionTile, TShort>(context));

    /// <summary>Normalizes rows of some numbers, at most 1024.</summary>
    public Task<Normalize> Norm(int columns) => _norms.Value[Size(columns)];

    /// <summary>Finishes a product's sums and normalizes them, rows of some numbers, at most 1024.</summary>
    public Task<NormalizeSums> NormOfSums(int columns) => _normsOfSums.Value[Size(columns)];

    /// <summary>Those of attention.</summary>
    /// <param name="hasTable">With tables of biases.</param>
    public TensorAttentionVariants Attention(bool hasTable) => (hasTable ? _tableAttention : _attention).Value;

    /// <summary>Begins to compile those for rows, and others.</summary>
    /// <param name="hasSums">Those for a product's sums.</param>
    /// <param name="attends">Those of attention.</param>
    /// <param name="hasTables">Those of attention with tables of biases.</param>
    public void Ask(bool hasSums, bool attends, bool hasTables)
    {
        _ = _norms.Value;
        _ = hasSums ? _normsOfSums.Value : null;
        _ = attends ? _attention.Value : null;
        _ = hasTables ? _tableAttention.Value : null;
    }

    private static int Size(int columns) => columns <= 512 ? 0 : columns <= 768 ? 1 : 2;

    private static Task<Normalize> NormOf<TSize, TShort>(GpuContext context)
        where TSize : struct, INormSize
        where TShort : struct, IShort => context.Kernels.GetOptional<Normalize>(
            WarpNormKernel.Normalize<TSize, TShort>, new KernelSpecialization(WarpNormKernel.Threads, WarpNormKernel.GroupsAtOnce));

    private static Task<NormalizeSums> NormOfSumsOf<TSize, TShort>(GpuContext context)
        where TSize : struct, INormSize
        where TShort : struct, IShort => context.Kernels.GetOptional<NormalizeSums>(
            WarpNormKernel.NormalizeSums<TSize, TShort>, new KernelSpecialization(WarpNormKernel.ThreadsOfSums, 1));
}
