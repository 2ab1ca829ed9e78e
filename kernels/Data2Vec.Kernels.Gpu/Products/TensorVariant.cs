namespace Data2Vec.Kernels.Gpu;

/// <summary>The product kernel on tensor cores for one tile size. Times were measured on an H200.</summary>
/// <param name="Kernel">The launcher; optional.</param>
/// <param name="Rows">Rows of a tile.</param>
/// <param name="Columns">Columns of a tile.</param>
/// <param name="Threads">Threads of a group.</param>
/// <param name="SharedBytes">Shared memory of a group.</param>
/// <param name="SupportsFullEpilogue">Whether every epilogue is supported.</param>
/// <param name="Start">Microseconds of a tile without its products.</param>
/// <param name="Step">Microseconds of a tile for each unit of depth.</param>
internal sealed record TensorVariant(
    Task<TensorLauncher> Kernel, int Rows, int Columns, int Threads, int SharedBytes, bool SupportsFullEpilogue, double Start, double Step)
{
    /// <summary>Splits of the depth begin at multiples of this.</summary>
    public const int Depth = WarpgroupKernel.Depth;

    /// <summary>Whether a device has kernels for a format and uses them.</summary>
    /// <typeparam name="TNumbers">Format of both sides.</typeparam>
    public static bool IsSupported<TNumbers>(GpuContext context)
        where TNumbers : unmanaged, IPacked4 =>
        context.Options.HasTensorCores
        && (TNumbers.Type is ElementType.BF16 or ElementType.F16 || (TNumbers.Type == ElementType.F32 && context.Options.UsesTf32));

    /// <summary>Requests the kernels for a format.</summary>
    /// <typeparam name="TRows">How the left side is read.</typeparam>
    /// <typeparam name="TNumbers">Format of both sides.</typeparam>
    public static TensorVariant[] CreateAll<TRows, TNumbers>(GpuContext context)
        where TRows : struct, IMatrixRows
        where TNumbers : unmanaged, IPacked4 =>
        !IsSupported<TNumbers>(context) ? []
        : TNumbers.Type == ElementType.BF16 ? CreateAllForFloat16<TRows, BFloat16Format>(context)
        : TNumbers.Type == ElementType.F16 ? CreateAllForFloat16<TRows, Float16Format>(context)
        : CreateAllForWarps<TRows, Float4>(context, 2);

    /// <summary>Estimates the time of a product, whose tiles the multiprocessors run one after another.</summary>
    /// <param name="rows">Rows of the result.</param>
    /// <param name="columns">Columns of a group.</param>
    /// <param name="groups">Number of groups.</param>
    /// <param name="depth">Length of the sum in each element.</param>
    /// <param name="splits">Number of splits of the depth.</param>
    /// <param name="runsEpilogue">Whether the kernel runs the epilogue.</param>
    /// <param name="isNormed">Whether finishing a split product replaces a normalization that would be launched anyway.</param>
    /// <param name="multiprocessors">Multiprocessors of the device.</param>
    public double Microseconds(int rows, int columns, int groups, int depth, int splits, bool runsEpilogue, bool isNormed, int multiprocessors)
    {
        // Another kernel adds partial sums. Traffic is in bytes per microsecond.
        const double Finish = 3, Traffic = 2e6;
        long tiles = (rows + Rows - 1L) / Rows * ((columns + Columns - 1) / Columns) * groups * splits;
        double tile = Start + Step * depth / splits;
        return (tiles + multiprocessors - 1) / multiprocessors * tile + (runsEpilogue ? 0 : (isNormed ? 0 : Finish) + 8.0 * splits * rows * columns / Traffic);
    }

    private static TensorVariant[] CreateAllForFloat16<TRows, TFormat>(GpuContext context)
        where TRows : struct, IMatrixRows
        where TFormat : struct, IFloat16Format
    {
        TensorVariant[] warps = CreateAllForWarps<TRows, Packed4Float16<TFormat>>(context, 1);
        if (!context.HasWarpgroups)
        {
            return warps;
        }

        TensorVariant[] small =
        [
            .. warps, CreateForWarpgroups<WarpgroupTile64x64, TRows, TFormat>(context, 1.7, 3.1e-3),
            CreateForWarpgroups<WarpgroupTile128x128, TRows, TFormat>(context, 1.6, 7.8e-3),
        ];

        // Locating windows of images needs more registers than large tiles leave.
        return TRows.IsImage ? small :
        [
            .. small, CreateForWarpgroups<WarpgroupTile128x192, TRows, TFormat>(context, 1.6, 0.0103),
            CreateForWarpgroups<WarpgroupTile256x192, TRows, TFormat>(context, 3.1, 0.0188),
        ];
    }

    /// <param name="context">The device.</param>
    /// <param name="slowdown">Time of a step relative to bf16.</param>
    private static TensorVariant[] CreateAllForWarps<TRows, TNumbers>(GpuContext context, double slowdown)
        where TRows : struct, IMatrixRows
        where TNumbers : unmanaged, IPacked4 =>
    [
        CreateForWarps<TensorTile64, TRows, TNumbers>(context, 1.1, slowdown * 0.0057),
        CreateForWarps<TensorTile128, TRows, TNumbers>(context, 2, slowdown * 0.02),
    ];

    private static TensorVariant CreateForWarps<TTile, TRows, TNumbers>(GpuContext context, double start, double step)
        where TTile : struct, ITensorTile
        where TRows : struct, IMatrixRows
        where TNumbers : unmanaged, IPacked4 =>
        Create(
            context, TensorKernel.Multiply<TTile, TRows, TNumbers, CudaTensorUnit<TNumbers>>, TensorKernel.Threads, TensorKernel.GroupsPerMultiprocessor,
            TTile.Side, TTile.Side, TensorKernel.SharedBytes<TTile>(), true, start, step);

    private static TensorVariant CreateForWarpgroups<TTile, TRows, TFormat>(GpuContext context, double start, double step)
        where TTile : struct, IWarpgroupTile
        where TRows : struct, IMatrixRows
        where TFormat : struct, IFloat16Format =>
        Create(
            context, WarpgroupKernel.Multiply<TTile, TRows, TFormat, CudaWarpgroupUnit<TFormat>>,
            WarpgroupKernel.Threads<TTile>(), TTile.GroupsPerMultiprocessor,
            WarpgroupKernel.Rows<TTile>(), TTile.Columns, WarpgroupKernel.SharedBytes<TTile>(), false, start, step);

    private static TensorVariant Create(
        GpuContext context, Delegate kernel, int threads, int groupsPerMultiprocessor, int rows, int columns, int sharedBytes, bool supportsFullEpilogue,
        double start, double step) =>
        new(
            context.Kernels.GetOptional<TensorLauncher>(kernel, new KernelSpecialization(threads, groupsPerMultiprocessor), sharedBytes),
            rows, columns, threads, sharedBytes, supportsFullEpilogue, start, step);
}

/// <summary>How a product runs on tensor cores.</summary>
/// <param name="Variant">The kernel.</param>
/// <param name="Splits">Splits of the depth (split-K), for products of few tiles.</param>
/// <param name="RunsEpilogue">Whether the kernel runs the epilogue; otherwise it stores partial sums for another kernel.</param>
/// <param name="PartialSums">The number of partial sums.</param>
internal readonly record struct TensorPlan(TensorVariant Variant, int Splits, bool RunsEpilogue, long PartialSums);
