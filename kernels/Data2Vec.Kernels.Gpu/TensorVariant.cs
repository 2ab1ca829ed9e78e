using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu;

/// <summary>A kernel of tensor cores for tiles of one size.</summary>
/// <param name="Kernel">Its launcher; devices whose compiler refuses it do without.</param>
/// <param name="Rows">Rows of a tile.</param>
/// <param name="Columns">Columns of a tile.</param>
/// <param name="Threads">Of a group.</param>
/// <param name="SharedBytes">Shared memory of a group.</param>
/// <param name="Rate">The part of a multiprocessor's peak that it is taken to reach where there is enough to do.</param>
internal sealed record TensorVariant(
    Task<Action<AcceleratorStream, KernelConfig, long, long, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, MatrixArguments>> Kernel,
    int Rows, int Columns, int Threads, int SharedBytes, double Rate)
{
    /// <summary>Parts of the depth that all kernels can be given begin at multiples of this.</summary>
    public const int Depth = 64;

    /// <summary>Whether the kernel is compiled; waits until that is known.</summary>
    public bool IsThere
    {
        get
        {
            ((IAsyncResult)Kernel).AsyncWaitHandle.WaitOne();
            return Kernel.IsCompletedSuccessfully;
        }
    }

    /// <summary>The kernels that a device has for weights of bf16; none where it has no tensor cores.</summary>
    /// <typeparam name="TRows">What the left side is.</typeparam>
    public static TensorVariant[] All<TRows>(GpuContext context)
        where TRows : struct, IMatrixRows =>
    [
        .. context.HasTensorCores ? [OfWarps<SmallTensorTile, TRows>(context, 0.45), OfWarps<LargeTensorTile, TRows>(context, 0.6)] : (TensorVariant[])[],
        .. context.HasWarpgroups
            ? [
                OfWarpgroups<SmallWarpgroupTile, TRows>(context, 0.4), OfWarpgroups<SquareWarpgroupTile, TRows>(context, 0.65), OfWarpgroups<WideWarpgroupTile, TRows>(context, 0.75),
                OfWarpgroups<BroadWarpgroupTile, TRows>(context, 0.6), OfWarpgroups<LargeWarpgroupTile, TRows>(context, 0.7),
            ]
            : (TensorVariant[])[],
    ];

    /// <summary>How long a product takes: tiles go to the multiprocessors one after another.</summary>
    /// <param name="rows">Rows of the result.</param>
    /// <param name="columns">Columns of a group.</param>
    /// <param name="groups">The number of groups.</param>
    /// <param name="depth">Numbers that a result is a sum over.</param>
    /// <param name="slices">Parts that the depth is cut into.</param>
    /// <param name="multiprocessors">Of the device.</param>
    public double Microseconds(int rows, int columns, int groups, int depth, int slices, int multiprocessors)
    {
        // A multiprocessor makes 7.5 TFLOP/s at its peak; a group begins and ends; sums of slices are written, read and added by a kernel of its own.
        const double Peak = 7.5e6, Group = 1.5, Finish = 3, Traffic = 2e6;
        long tiles = (rows + Rows - 1L) / Rows * ((columns + Columns - 1) / Columns) * groups * slices;
        double tile = Group + 2.0 * Rows * Columns * depth / slices / (Peak * Rate);
        return (tiles + multiprocessors - 1) / multiprocessors * tile + (slices > 1 ? Finish + 8.0 * slices * rows * columns / Traffic : 0);
    }

    private static TensorVariant OfWarps<TTile, TRows>(GpuContext context, double rate)
        where TTile : struct, ITensorTile
        where TRows : struct, IMatrixRows
    {
        Action<long, long, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, MatrixArguments> kernel =
            TensorKernel.Multiply<TTile, TRows, CudaTensorUnit>;
        var specialization = new KernelSpecialization(TensorKernel.Threads, TensorKernel.GroupsAtOnce);
        return new TensorVariant(
            context.Kernels.Get(kernel, accelerator => accelerator.LoadKernel(kernel, specialization), isOptional: true),
            TTile.Side, TTile.Side, TensorKernel.Threads, TensorKernel.SharedBytes<TTile>(), rate);
    }

    private static TensorVariant OfWarpgroups<TTile, TRows>(GpuContext context, double rate)
        where TTile : struct, IWarpgroupTile
        where TRows : struct, IMatrixRows
    {
        Action<long, long, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, MatrixArguments> kernel =
            WarpgroupKernel.Multiply<TTile, TRows, CudaWarpgroupUnit>;
        var specialization = new KernelSpecialization(WarpgroupKernel.Threads<TTile>(), TTile.GroupsAtOnce);
        int sharedBytes = WarpgroupKernel.SharedBytes<TTile>();
        return new TensorVariant(
            context.Kernels.Get(
                kernel,
                accelerator => CudaAssembly.Load<Action<AcceleratorStream, KernelConfig, long, long, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, MatrixArguments>>(
                    (CudaAccelerator)accelerator, kernel.Method, specialization, WarpgroupKernel.Target, sharedBytes),
                isOptional: true),
            WarpgroupKernel.Rows<TTile>(), TTile.Columns, WarpgroupKernel.Threads<TTile>(), sharedBytes, rate);
    }
}
