using Data2Vec.Kernels.Gpu.DeviceCode;

namespace Data2Vec.Kernels.Gpu;

/// <summary>The kernels for activations of 16 bits on devices with tensor cores, but for products. They are compiled when first asked for.</summary>
internal sealed class TensorKernels
{
    private readonly Lazy<NormVariant[]> _norms;
    private readonly Lazy<TensorAttentionVariants> _attention;
    private readonly Lazy<TensorAttentionVariants> _tableAttention;

    private TensorKernels(Func<NormVariant[]> norms, Func<TensorAttentionVariants> attention, Func<TensorAttentionVariants> tableAttention) =>
        (_norms, _attention, _tableAttention) = (new(norms), new(attention), new(tableAttention));

    public static TensorKernels Of<TShort>(GpuContext context)
        where TShort : struct, IShort => new(
            () => [NormVariant.Of<NormSize512, TShort>(context), NormVariant.Of<NormSize768, TShort>(context), NormVariant.Of<NormSize1024, TShort>(context)],
            () => TensorAttentionVariants.Of<TallAttentionTile, FlatAttentionTile, DeepAttentionTile, TShort>(context),
            // With tables, large tiles are no faster than small ones, and take more registers than there are.
            () => TensorAttentionVariants.Of<FlatTableAttentionTile, FlatTableAttentionTile, DeepTableAttentionTile, TShort>(context));

    /// <summary>Those that normalize rows of some numbers, at most 1024.</summary>
    public NormVariant Norm(int columns) => Array.Find(_norms.Value, norm => columns <= norm.LargestRow)!;

    /// <summary>Those of attention.</summary>
    /// <param name="hasTable">With tables of biases.</param>
    public TensorAttentionVariants Attention(bool hasTable) => (hasTable ? _tableAttention : _attention).Value;

    /// <summary>Begins to compile them.</summary>
    /// <param name="attends">Those of attention, not normalizations alone.</param>
    /// <param name="hasTables">Those of attention with tables of biases.</param>
    public void Ask(bool attends, bool hasTables) => _ = _norms.Value is not null && attends && _attention.Value is not null && hasTables && _tableAttention.Value is not null;
}
