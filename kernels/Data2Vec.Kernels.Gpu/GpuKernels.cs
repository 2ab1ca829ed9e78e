using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>The kernels that do not depend on the format of weights.</summary>
internal sealed class GpuKernels(GpuContext context)
{
    private readonly Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormArguments>> _normalize =
        context.Kernels.Get(
            RowKernels.Normalize,
            accelerator => accelerator.LoadKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormArguments>(RowKernels.Normalize));

    private readonly Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, RowArguments>> _copy =
        context.Kernels.Get(
            RowKernels.Copy, accelerator => accelerator.LoadKernel<ArrayView<float>, ArrayView<float>, RowArguments>(RowKernels.Copy));

    private readonly Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<int>, ArrayView<float>, RowArguments>> _mean =
        context.Kernels.Get(
            RowKernels.Mean, accelerator => accelerator.LoadKernel<ArrayView<float>, ArrayView<int>, ArrayView<float>, RowArguments>(RowKernels.Mean));

    private readonly AttentionVariant[] _attention = context.IsTiny
        ? [AttentionVariant.Of<TinyAttentionTile>(context)]
        : [AttentionVariant.Of<AttentionTile64>(context), AttentionVariant.Of<AttentionTile128>(context)];

    public Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormArguments> Normalize => _normalize.Result;

    public Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, RowArguments> Copy => _copy.Result;

    public Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<int>, ArrayView<float>, RowArguments> Mean => _mean.Result;

    /// <summary>The largest size of a head.</summary>
    public int LargestHead => _attention[^1].LargestHead;

    /// <summary>Attention for heads of some size.</summary>
    public AttentionVariant Attention(int headSize) => Array.Find(_attention, variant => headSize <= variant.LargestHead)!;
}
