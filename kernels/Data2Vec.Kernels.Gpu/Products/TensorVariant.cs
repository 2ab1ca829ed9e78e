using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>A kernel of tensor cores for tiles of one size.</summary>
/// <param name="Kernel">Its launcher; devices whose compiler refuses it do without.</param>
/// <param name="Rows">Rows of a tile.</param>
/// <param name="Columns">Columns of a tile.</param>
/// <param name="Threads">Of a group.</param>
/// <param name="SharedBytes">Shared memory of a group.</param>
/// <param name="SupportsFullEpilogue">Whether it can do all that may follow a product, not only the most of it.</param>
/// <param name="Start">Microseconds that a tile takes but for its products, on an H200.</param>
/// <param name="Step">Microseconds that a tile takes for each number that its results are sums over, on an H200.</param>
internal sealed record TensorVariant(
    Task<TensorLauncher> Kernel,
    int Rows, int Columns, int Threads, int SharedBytes, bool SupportsFullEpilogue, double Start, double Step)
{
    /// <summary>Parts of the depth that all kernels can be given begin at multiples of this.</summary>
    public const int Depth = WarpgroupKernel.Depth;

    /// <summary>Whether the kernel is compiled; waits until that is known.</summary>
    public bool IsCompiled => KernelCache.IsCompiled(Kernel);

    /// <summary>Whether a device has kernels for numbers of a format, and is to use them.</summary>
    /// <typeparam name="TNumbers">What both sides are in.</typeparam>
    public static bool IsSupported<TNumbers>(GpuContext context)
        where TNumbers : unmanaged, IPacked4 =>
        context.HasTensorCores && (TNumbers.Type is ElementType.BF16 or ElementType.F16 || (TNumbers.Type == ElementType.F32 && context.UsesTf32));

    /// <summary>Those kernels.</summary>
    /// <typeparam name="TRows">What the left side is.</typeparam>
    /// <typeparam name="TNumbers">What both sides are in.</typeparam>
    public static TensorVariant[] CreateAll<TRows, TNumbers>(GpuContext context)
        where TRows : struct, IMatrixRows
        where TNumbers : unmanaged, IPacked4 =>
        !IsSupported<TNumbers>(context) ? []
        : TNumbers.Type == ElementType.BF16 ? CreateAllForFloat16<TRows, BFloat16Format>(context)
        : TNumbers.Type == ElementType.F16 ? CreateAllForFloat16<TRows, Float16Format>(context)
        : CreateAllForWarps<TRows, Float4>(context, 2);

    /// <summary>How long a product takes: tiles go to the multiprocessors one after another.</summary>
    /// <param name="rows">Rows of the result.</param>
    /// <param name="columns">Columns of a group.</param>
    /// <param name="groups">The number of groups.</param>
    /// <param name="depth">Numbers that a result is a sum over.</param>
    /// <param name="slices">Parts that the depth is cut into.</param>
    /// <param name="runsEpilogue">Whether the kernel does what follows the product.</param>
    /// <param name="isNormed">Whether what goes on with sums takes the place of a normalization, which would be launched anyway.</param>
    /// <param name="multiprocessors">Of the device.</param>
    public double Microseconds(int rows, int columns, int groups, int depth, int slices, bool runsEpilogue, bool isNormed, int multiprocessors)
    {
        // Sums are written, read and added by a kernel of its own, with so many bytes a microsecond.
        const double Finish = 3, Traffic = 2e6;
        long tiles = (rows + Rows - 1L) / Rows * ((columns + Columns - 1) / Columns) * groups * slices;
        double tile = Start + Step * depth / slices;
        return (tiles + multiprocessors - 1) / multiprocessors * tile + (runsEpilogue ? 0 : (isNormed ? 0 : Finish) + 8.0 * slices * rows * columns / Traffic);
    }

    private static TensorVariant[] CreateAllForFloat16<TRows, TFormat>(GpuContext context)
        where TRows : struct, IMatrixRows
        where TFormat : struct, IFloat16Format =>
    [
        .. CreateAllForWarps<TRows, Packed4Float16<TFormat>>(context, 1),
        .. context.HasWarpgroups
            ? [CreateForWarpgroups<WarpgroupTile64x64, TRows, TFormat>(context, 1.7, 3.1e-3), CreateForWarpgroups<WarpgroupTile128x128, TRows, TFormat>(context, 1.6, 7.8e-3)]
            : (TensorVariant[])[],
        // Where windows of images lie takes more registers than these tiles leave.
        .. context.HasWarpgroups && !TRows.IsImage
            ? [CreateForWarpgroups<WarpgroupTile128x192, TRows, TFormat>(context, 1.6, 0.0103), CreateForWarpgroups<WarpgroupTile256x192, TRows, TFormat>(context, 3.1, 0.0188)]
            : (TensorVariant[])[],
    ];

    /// <param name="context">The device.</param>
    /// <param name="times">How many times as long a step takes as that of bf16.</param>
    private static TensorVariant[] CreateAllForWarps<TRows, TNumbers>(GpuContext context, double times)
        where TRows : struct, IMatrixRows
        where TNumbers : unmanaged, IPacked4 =>
        [CreateForWarps<TensorTile64, TRows, TNumbers>(context, 1.1, times * 0.0057), CreateForWarps<TensorTile128, TRows, TNumbers>(context, 2, times * 0.02)];

    private static TensorVariant CreateForWarps<TTile, TRows, TNumbers>(GpuContext context, double start, double step)
        where TTile : struct, ITensorTile
        where TRows : struct, IMatrixRows
        where TNumbers : unmanaged, IPacked4 =>
        Create(
            context, TensorKernel.Multiply<TTile, TRows, TNumbers, CudaTensorUnit<TNumbers>>, new KernelSpecialization(TensorKernel.Threads, TensorKernel.GroupsPerMultiprocessor),
            TTile.Side, TTile.Side, TensorKernel.SharedBytes<TTile>(), true, start, step);

    private static TensorVariant CreateForWarpgroups<TTile, TRows, TFormat>(GpuContext context, double start, double step)
        where TTile : struct, IWarpgroupTile
        where TRows : struct, IMatrixRows
        where TFormat : struct, IFloat16Format =>
        Create(
            context, WarpgroupKernel.Multiply<TTile, TRows, TFormat, CudaWarpgroupUnit<TFormat>>, new KernelSpecialization(WarpgroupKernel.Threads<TTile>(), TTile.GroupsPerMultiprocessor),
            WarpgroupKernel.Rows<TTile>(), TTile.Columns, WarpgroupKernel.SharedBytes<TTile>(), false, start, step);

    private static TensorVariant Create(
        GpuContext context, Action<long, long, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, MatrixArguments> kernel,
        KernelSpecialization specialization, int rows, int columns, int sharedBytes, bool supportsFullEpilogue, double start, double step) =>
        new(
            context.Kernels.GetOptional<TensorLauncher>(kernel, specialization, sharedBytes),
            rows, columns, specialization.MaxNumThreadsPerGroup!.Value, sharedBytes, supportsFullEpilogue, start, step);
}

/// <summary>How a product runs on tensor cores.</summary>
/// <param name="Variant">The kernel.</param>
/// <param name="Slices">Parts that the depth is cut into, where there are few tiles.</param>
/// <param name="RunsEpilogue">Whether the kernel does what follows the product; otherwise it writes down sums, and another kernel goes on.</param>
/// <param name="Sums">How many numbers those are.</param>
internal readonly record struct TensorPlan(TensorVariant Variant, int Slices, bool RunsEpilogue, long Sums);
