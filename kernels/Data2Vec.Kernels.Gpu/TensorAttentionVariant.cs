using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>The attention kernel of tensor cores for tiles of one size.</summary>
/// <param name="Kernel">Its launcher; devices whose compiler refuses it do without.</param>
/// <param name="Queries">Queries of a tile.</param>
/// <param name="LargestHead">The most features that a head may have.</param>
internal sealed record TensorAttentionVariant(
    Task<Action<AcceleratorStream, KernelConfig, long, long, long, long, long, ArrayView<int>, AttentionArguments>> Kernel, int Queries, int LargestHead)
{
    /// <summary>Whether the kernel is compiled; waits until that is known.</summary>
    public bool IsThere => KernelCache.IsThere(Kernel);

    public static TensorAttentionVariant Of<TTile, TShort>(GpuContext context)
        where TTile : struct, ITensorAttentionTile
        where TShort : struct, IShort =>
        new(
            context.Kernels.GetOptional<Action<AcceleratorStream, KernelConfig, long, long, long, long, long, ArrayView<int>, AttentionArguments>>(
                TensorAttentionKernel.Attend<TTile, CudaAttentionUnit<TShort>>, new KernelSpecialization(TensorAttentionKernel.Threads, TTile.GroupsAtOnce)),
            TensorAttentionKernel.Queries<TTile>(), TensorAttentionKernel.LargestHead<TTile>());
}

/// <summary>The kernels for every size, with a table of biases or without.</summary>
internal sealed record TensorAttentionVariants(TensorAttentionVariant Tall, TensorAttentionVariant Flat, TensorAttentionVariant Deep)
{
    /// <summary>The most features that a head may have; 0 where a kernel cannot be compiled.</summary>
    public int LargestHead => Tall.IsThere && Flat.IsThere && Deep.IsThere ? Deep.LargestHead : 0;

    public static TensorAttentionVariants Of<TTall, TFlat, TDeep, TShort>(GpuContext context)
        where TTall : struct, ITensorAttentionTile
        where TFlat : struct, ITensorAttentionTile
        where TDeep : struct, ITensorAttentionTile
        where TShort : struct, IShort =>
        new(TensorAttentionVariant.Of<TTall, TShort>(context), TensorAttentionVariant.Of<TFlat, TShort>(context), TensorAttentionVariant.Of<TDeep, TShort>(context));
}
