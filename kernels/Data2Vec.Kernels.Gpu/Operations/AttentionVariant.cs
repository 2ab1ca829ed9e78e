using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>The attention kernel for tiles of one size.</summary>
/// <param name="Kernel">Its launcher.</param>
/// <param name="Queries">Queries of a tile.</param>
/// <param name="Threads">Of a group.</param>
/// <param name="MaxHeadSize">The most features that a head may have.</param>
internal sealed record AttentionVariant(
    Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, AttentionArguments>> Kernel,
    int Queries, int Threads, int MaxHeadSize)
{
    public static AttentionVariant Create<TTile>(GpuContext context)
        where TTile : struct, IAttentionTile
    {
        Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, AttentionArguments> kernel =
            AttentionKernel.Attend<TTile>;
        int threads = TTile.QueryThreads * TTile.KeyThreads;
        return new AttentionVariant(
            context.Kernels.Get(kernel, accelerator => accelerator.LoadKernel(kernel, new KernelSpecialization(threads, null))),
            4 * TTile.QueryThreads, threads, 4 * TTile.KeyThreads * TTile.Vectors);
    }
}
