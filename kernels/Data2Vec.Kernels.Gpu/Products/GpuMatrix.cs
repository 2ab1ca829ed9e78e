namespace Data2Vec.Kernels.Gpu;

/// <summary>The right side of a product, in device memory.</summary>
internal abstract class GpuMatrix
{
    /// <summary>Length of the sum in each element of the result.</summary>
    public required int Depth { get; init; }

    /// <summary>Adjacent numbers of the left side: the channels of a convolution group, else the depth.</summary>
    public required int Channels { get; init; }

    /// <summary>Columns of one group.</summary>
    public required int Columns { get; init; }

    /// <summary>Number of groups.</summary>
    public required int Groups { get; init; }

    /// <summary>Whether outputs are scaled.</summary>
    public required bool HasScale { get; init; }

    /// <summary>Whether products run on tensor cores. Then rows of the left side begin at multiples of 16 bytes.</summary>
    public abstract bool IsOnTensorCores { get; }

    /// <summary>Type of the left side: that of the weights on tensor cores, else f32.</summary>
    public abstract ElementType InputType { get; }

    /// <summary>
    /// Whether this matrix allows 16-bit activations of a type: if its products run on tensor cores in it, or if it is a convolution in it, since the first
    /// convolution can have too few channels for tensor cores.
    /// </summary>
    public abstract bool SupportsActivations(ElementType type);

    /// <summary>The fastest way to run a product on tensor cores.</summary>
    /// <param name="arguments">Sizes and options of the tensors.</param>
    /// <param name="isNormed">Whether a normalization follows that a split product can run.</param>
    public abstract TensorPlan Plan(MatrixArguments arguments, bool isNormed);

    /// <summary>Multiplies on tensor cores.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="plan">A plan for the same arguments.</param>
    /// <param name="product">The product.</param>
    /// <param name="partialSums">Memory for the plan's partial sums; the output if it has none.</param>
    public abstract void LaunchTensor(LaunchQueue queue, TensorPlan plan, MatrixProduct product, ArrayView<float> partialSums);

    /// <summary>Multiplies in f32.</summary>
    public abstract void Launch(LaunchQueue queue, MatrixProduct product);
}

/// <summary>The right side of a product, in device memory.</summary>
/// <typeparam name="TRows">How the left side is read.</typeparam>
/// <typeparam name="TWeight">Format of the weights.</typeparam>
/// <param name="context">The device.</param>
/// <param name="weights"><c>[groups, depth, columns]</c>, columns padded to a multiple of eight.</param>
/// <param name="vectors">Factors, biases and scales of all columns, each padded to a multiple of four.</param>
internal sealed class GpuMatrix<TRows, TWeight>(
    GpuContext context, MemoryBuffer1D<TWeight, Stride1D.Dense> weights, MemoryBuffer1D<float, Stride1D.Dense> vectors) : GpuMatrix
    where TRows : struct, IMatrixRows
    where TWeight : unmanaged, IPacked4
{
    /// <summary>Smallest depth worth a thread group of its own.</summary>
    private const int MinSplitDepth = 256;

    private readonly Variant _large = context.IsTiny ? Variant.Create<MatrixTile16>(context) : Variant.Create<MatrixTile128>(context);
    private readonly Variant _small = context.IsTiny ? Variant.Create<MatrixTile16>(context) : Variant.Create<MatrixTile64>(context);
    private readonly TensorVariant[] _requested = TensorVariant.CreateAll<TRows, TWeight>(context);

    private readonly Task<SplitKLauncher>? _finishSplitK =
        TensorVariant.IsSupported<TWeight>(context) ? context.Kernels.Get<SplitKLauncher>(ProductEpilogue.FinishSplitK) : null;

    private TensorVariant[]? _compiled;

    /// <summary>The tensor core kernels that compile.</summary>
    private TensorVariant[] Tensor => _compiled ??= Array.FindAll(_requested, variant => KernelCache.IsCompiled(variant.Kernel));

    private int Pitch => (int)(weights.Length * 4 / ((long)Depth * Groups));

    public override bool IsOnTensorCores => HasTensorKernels && Channels % TensorKernel.ChunkOf<TWeight>() == 0;

    public override ElementType InputType => IsOnTensorCores ? TWeight.Type : ElementType.F32;

    public override bool SupportsActivations(ElementType type) => HasTensorKernels && TWeight.Type == type && (IsOnTensorCores || TRows.IsConvolution);

    private bool HasTensorKernels => Array.Exists(Tensor, variant => variant.SupportsFullEpilogue);

    /// <remarks>The order of summation, and so the last bits of a result, depends on the number of rows.</remarks>
    public override TensorPlan Plan(MatrixArguments arguments, bool isNormed)
    {
        TensorPlan best = default;
        double bestTime = double.PositiveInfinity;
        bool isSimple = IsSimple(arguments);
        int? only = context.Options.TensorVariant;
        for (int i = only ?? 0; i <= (only ?? Tensor.Length - 1); i++)
        {
            for (int splits = 1; splits == 1 || (Groups == 1 && splits <= Depth / MinSplitDepth); splits++)
            {
                bool runsEpilogue = splits == 1 && (Tensor[i].SupportsFullEpilogue || isSimple);
                double time = Tensor[i].Microseconds(arguments.Rows, Columns, Groups, Depth, splits, runsEpilogue, isNormed, context.Multiprocessors);
                if (time < bestTime && (runsEpilogue || Groups == 1))
                {
                    bestTime = time;
                    best = new TensorPlan(Tensor[i], splits, runsEpilogue, runsEpilogue ? 0 : (long)splits * arguments.Rows * Pitch);
                }
            }
        }

        return best;
    }

    public override void LaunchTensor(LaunchQueue queue, TensorPlan plan, MatrixProduct product, ArrayView<float> partialSums)
    {
        TensorVariant variant = plan.Variant;
        MatrixArguments arguments = Complete(product.Arguments, variant.Columns);
        arguments.RunsEpilogue = plan.RunsEpilogue ? 1 : 0;
        arguments.SplitDepth = Tiles(plan.Splits * TensorVariant.Depth, Depth) * TensorVariant.Depth;
        arguments.Output = product.Output.LoadEffectiveAddressAsPtr();
        arguments.Biases = vectors.View.BaseView.LoadEffectiveAddressAsPtr() + arguments.VectorStride * sizeof(float);
        var config = new KernelConfig(
            new Index3D(Tiles(variant.Rows, arguments.Rows), arguments.ColumnTiles * Groups, Tiles(arguments.SplitDepth, Depth)),
            new Index3D(variant.Threads, 1, 1), SharedMemoryConfig.RequestDynamic<byte>(variant.SharedBytes));
        queue.Launch(
            variant.Kernel, config, product.Left.LoadEffectiveAddressAsPtr(), weights.View.BaseView.LoadEffectiveAddressAsPtr(), vectors.View, product.Residual,
            plan.RunsEpilogue ? product.Output : partialSums, product.InputStarts, product.OutputStarts, arguments);
        if (!plan.RunsEpilogue && product.Norm is { } norm)
        {
            norm.Launch(queue, partialSums, vectors.View, product, arguments);
        }
        else if (!plan.RunsEpilogue)
        {
            KernelConfig finish = context.OneThreadForEach((long)arguments.Rows * arguments.Float4Columns);
            queue.Launch(_finishSplitK!, finish, partialSums, vectors.View, product.Residual, product.Output, arguments);
        }
    }

    public override void Launch(LaunchQueue queue, MatrixProduct product)
    {
        Variant variant = (context.Options.UsesLargeTiles ?? FillsTiles(_large.Tile, product.Arguments.Rows)) ? _large : _small;
        MatrixArguments arguments = Complete(product.Arguments, variant.Tile);
        var config = new KernelConfig(
            new Index3D(Tiles(variant.Tile, arguments.Rows), arguments.ColumnTiles * Groups, 1), new Index3D(variant.Threads, 1, 1));
        queue.Launch(
            variant.Kernel, config, product.Left, weights.View, vectors.View, product.Residual, product.Output, product.InputStarts, product.OutputStarts,
            arguments);
    }

    /// <summary>
    /// Whether all kernels support the epilogue: results and residuals are <see cref="RowLayout.Aligned8"/> in the type of the weights, and an activation is
    /// combined neither with a residual nor with scales.
    /// </summary>
    private bool IsSimple(MatrixArguments arguments)
    {
        int needed = RowLayout.Aligned8 + RowLayout.Format(TWeight.Type);
        int layout = arguments.OutputLayout & (arguments.HasResidual != 0 ? arguments.ResidualLayout : needed);
        return (layout & needed) == needed && (arguments.Activation == (int)Activation.None || (arguments.HasResidual == 0 && !HasScale));
    }

    private static int Tiles(int tile, int size) => (size + tile - 1) / tile;

    /// <summary>Whether tiles of a size are more than half full and give two groups to each multiprocessor.</summary>
    private bool FillsTiles(int tile, int rows) =>
        2 * rows > tile && 2 * Columns > tile && (long)Tiles(tile, rows) * Tiles(tile, Columns) * Groups >= 2 * context.Multiprocessors;

    /// <summary>Adds the sizes of this matrix.</summary>
    private MatrixArguments Complete(MatrixArguments arguments, int tileColumns) => arguments with
    {
        Depth = Depth,
        Columns = Columns,
        HasScale = HasScale ? 1 : 0,
        Float4Columns = Pitch / 4,
        ColumnTiles = Tiles(tileColumns, Columns),
        VectorStride = (int)(vectors.Length / 3),
    };

    /// <summary>The kernel in f32 for one tile size.</summary>
    /// <param name="Kernel">The launcher.</param>
    /// <param name="Tile">Rows, and columns, of a tile.</param>
    /// <param name="Threads">Threads of a group.</param>
    private sealed record Variant(
        Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<TWeight>, ArrayView<float>, ArrayView<float>, ArrayView<float>,
            ArrayView<int>, ArrayView<int>, MatrixArguments>> Kernel,
        int Tile, int Threads)
    {
        public static Variant Create<TTile>(GpuContext context)
            where TTile : struct, IMatrixTile
        {
            int threads = TTile.Side * TTile.Side;
            return new Variant(
                context.Kernels.Get<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<TWeight>, ArrayView<float>, ArrayView<float>,
                    ArrayView<float>, ArrayView<int>, ArrayView<int>, MatrixArguments>>(
                    MatrixKernel.Multiply<TTile, TRows, TWeight>, new KernelSpecialization(threads, TTile.GroupsPerMultiprocessor)),
                4 * TTile.Side * TTile.Blocks, threads);
        }
    }
}
