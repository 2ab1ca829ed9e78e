using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>The kernels for activations of 16 bits on devices with tensor cores, but for products. They are compiled when first asked for.</summary>
internal sealed class TensorKernels
{
    private readonly Lazy<Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormArguments>>[]> _normalize;
    private readonly Lazy<TensorAttentionVariants> _attention;
    private readonly Lazy<TensorAttentionVariants> _tableAttention;

    private TensorKernels(
        Func<Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormArguments>>[]> normalize,
        Func<TensorAttentionVariants> attention, Func<TensorAttentionVariants> tableAttention) =>
        (_normalize, _attention, _tableAttention) = (new(normalize), new(attention), new(tableAttention));

    public static TensorKernels Of<TShort>(GpuContext context)
        where TShort : struct, IShort => new(
            () => [Normalize<NormSize512, TShort>(context), Normalize<NormSize768, TShort>(context), Normalize<NormSize1024, TShort>(context)],
            () => TensorAttentionVariants.Of<TallAttentionTile, FlatAttentionTile, DeepAttentionTile, TShort>(context),
            // With tables, large tiles are no faster than small ones, and take more registers than there are.
            () => TensorAttentionVariants.Of<FlatTableAttentionTile, FlatTableAttentionTile, DeepTableAttentionTile, TShort>(context));

    /// <summary>Normalizes rows of some numbers, at most 1024; null where it cannot be compiled.</summary>
    public Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormArguments>>? Normalize(int columns)
    {
        var kernel = _normalize.Value[columns <= 512 ? 0 : columns <= 768 ? 1 : 2];
        return KernelCache.IsThere(kernel) ? kernel : null;
    }

    public TensorAttentionVariants Attention(bool hasTable) => (hasTable ? _tableAttention : _attention).Value;

    /// <summary>Begins to compile them.</summary>
    /// <param name="attends">Those of attention, not normalizations alone.</param>
    /// <param name="hasTables">Those of attention with tables of biases.</param>
    public void Ask(bool attends, bool hasTables) => _ = _normalize.Value is not null && attends && _attention.Value is not null && hasTables && _tableAttention.Value is not null;

    private static Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormArguments>> Normalize<TSize, TShort>(GpuContext context)
        where TSize : struct, INormSize
        where TShort : struct, IShort =>
        context.Kernels.GetOptional<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormArguments>>(
            WarpNormKernel.Normalize<TSize, TShort>, new KernelSpecialization(WarpNormKernel.Threads, WarpNormKernel.GroupsAtOnce));
}
