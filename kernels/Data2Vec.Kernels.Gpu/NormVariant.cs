using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>The kernels that normalize rows in the registers of warps; devices whose compiler refuses them do without.</summary>
/// <param name="Rows">The launcher of <see cref="WarpNormKernel.Normalize{TSize, TShort}"/>.</param>
/// <param name="Sums">That of <see cref="WarpNormKernel.NormalizeSums{TSize, TShort}"/>.</param>
/// <param name="LargestRow">The most numbers that a row may have.</param>
internal sealed record NormVariant(
    Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormArguments>> Rows,
    Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, MatrixArguments, NormArguments>> Sums,
    int LargestRow)
{
    public static NormVariant Of<TSize, TShort>(GpuContext context)
        where TSize : struct, INormSize
        where TShort : struct, IShort => new(
            context.Kernels.GetOptional<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormArguments>>(
                WarpNormKernel.Normalize<TSize, TShort>, new KernelSpecialization(WarpNormKernel.Threads, WarpNormKernel.GroupsAtOnce)),
            context.Kernels.GetOptional<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, MatrixArguments, NormArguments>>(
                WarpNormKernel.NormalizeSums<TSize, TShort>, new KernelSpecialization(WarpNormKernel.ThreadsOfSums, 1)),
            TSize.Eights * WarpNormKernel.Apart);
}
