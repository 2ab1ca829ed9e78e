using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>The attention kernel of tensor cores for tiles of one size.</summary>
/// <param name="Kernel">Its launcher; devices whose compiler refuses it do without.</param>
/// <param name="Queries">Queries of a tile.</param>
/// <param name="MaxHeadSize">The most features that a head may have.</param>
internal sealed record TensorAttentionVariant(
    Task<Action<AcceleratorStream, KernelConfig, long, long, long, long, long, ArrayView<int>, AttentionArguments>> Kernel, int Queries, int MaxHeadSize)
{
    /// <summary>Whether the kernel is compiled; waits until that is known.</summary>
    public bool IsCompiled => KernelCache.IsCompiled(Kernel);

    public static TensorAttentionVariant Create<TTile, TFormat>(GpuContext context)
        where TTile : struct, ITensorAttentionTile
        where TFormat : struct, IFloat16Format =>
        new(
            context.Kernels.GetOptional<Action<AcceleratorStream, KernelConfig, long, long, long, long, long, ArrayView<int>, AttentionArguments>>(
                TensorAttentionKernel.Attend<TTile, CudaAttentionUnit<TFormat>>, new KernelSpecialization(TensorAttentionKernel.Threads, TTile.GroupsPerMultiprocessor)),
            TensorAttentionKernel.Queries<TTile>(), TensorAttentionKernel.MaxHeadSize<TTile>());
}

/// <summary>The kernels for every size, with a table of biases or without.</summary>
internal sealed record TensorAttentionVariants(TensorAttentionVariant Tall, TensorAttentionVariant Flat, TensorAttentionVariant Deep)
{
    /// <summary>The most features that a head may have; 0 where a kernel cannot be compiled.</summary>
    public int MaxHeadSize => Tall.IsCompiled && Flat.IsCompiled && Deep.IsCompiled ? Deep.MaxHeadSize : 0;

    public static TensorAttentionVariants Create<TTall, TFlat, TDeep, TFormat>(GpuContext context)
        where TTall : struct, ITensorAttentionTile
        where TFlat : struct, ITensorAttentionTile
        where TDeep : struct, ITensorAttentionTile
        where TFormat : struct, IFloat16Format =>
        new(TensorAttentionVariant.Create<TTall, TFormat>(context), TensorAttentionVariant.Create<TFlat, TFormat>(context), TensorAttentionVariant.Create<TDeep, TFormat>(context));
}
