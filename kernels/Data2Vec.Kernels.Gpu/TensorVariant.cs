using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>The kernel of tensor cores for tiles of one size.</summary>
/// <param name="Kernel">Its launcher; devices whose compiler refuses it do without.</param>
/// <param name="Tile">Rows, and columns, of a tile.</param>
/// <param name="SharedBytes">Shared memory of a group.</param>
internal sealed record TensorVariant(
    Task<Action<AcceleratorStream, KernelConfig, long, long, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, MatrixArguments>> Kernel,
    int Tile, int SharedBytes)
{
    public static TensorVariant Of<TTile, TRows>(GpuContext context)
        where TTile : struct, ITensorTile
        where TRows : struct, IMatrixRows
    {
        Action<long, long, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, MatrixArguments> kernel =
            TensorKernel.Multiply<TTile, TRows, CudaTensorUnit>;
        var specialization = new KernelSpecialization(TensorKernel.Threads, TensorKernel.GroupsAtOnce);
        return new TensorVariant(
            context.Kernels.Get(kernel, accelerator => accelerator.LoadKernel(kernel, specialization), isOptional: true),
            TTile.Side, TensorKernel.SharedBytes<TTile>());
    }
}
