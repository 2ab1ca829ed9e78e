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

    public static TensorAttentionVariant Of<TTile>(GpuContext context)
        where TTile : struct, ITensorAttentionTile
    {
        Action<long, long, long, long, long, ArrayView<int>, AttentionArguments> kernel = TensorAttentionKernel.Attend<TTile, CudaAttentionUnit>;
        var specialization = new KernelSpecialization(TensorAttentionKernel.Threads, TTile.GroupsAtOnce);
        return new TensorAttentionVariant(
            context.Kernels.Get(kernel, accelerator => accelerator.LoadKernel(kernel, specialization), isOptional: true),
            TensorAttentionKernel.Queries<TTile>(), TensorAttentionKernel.LargestHead<TTile>());
    }
}
