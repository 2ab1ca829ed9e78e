using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>The right side of a product, in device memory.</summary>
internal abstract class GpuMatrix
{
    /// <summary>Numbers that an element of the result is a sum over.</summary>
    public required int Depth { get; init; }

    /// <summary>Those that lie side by side: of a convolution the channels of a group, otherwise all.</summary>
    public required int Channels { get; init; }

    /// <summary>Columns of one group.</summary>
    public required int Columns { get; init; }

    /// <summary>The number of groups.</summary>
    public required int Groups { get; init; }

    /// <summary>Whether there is something that multiplies each output.</summary>
    public required bool HasScale { get; init; }

    /// <summary>
    /// Whether the product runs on tensor cores: the left side is in the type of the weights then, and its rows, or a convolution's channels, begin at multiples of 16 bytes.
    /// Otherwise the left side is taken in f32.
    /// </summary>
    public abstract bool IsOnTensorCores { get; }

    /// <summary>What the left side is taken in.</summary>
    public abstract ElementType InputType { get; }

    /// <summary>
    /// Whether it is one of a model whose activations are to be in a type of 16 bits: a product that takes them so, or a convolution of such weights, of which the first
    /// has as many channels as an input.
    /// </summary>
    public abstract bool Suits(ElementType activations);

    /// <summary>How a product of some rows runs on tensor cores the shortest.</summary>
    /// <param name="sizes">The sizes of inputs and outputs.</param>
    /// <param name="isNormed">Whether a normalization follows, which sums can be finished with.</param>
    public abstract TensorPlan Plan(MatrixArguments sizes, bool isNormed);

    /// <summary>Multiplies on tensor cores.</summary>
    /// <param name="plan">How, as <see cref="Plan"/> says for the same sizes.</param>
    /// <param name="queue">Where it is queued.</param>
    /// <param name="x">The left side.</param>
    /// <param name="residual">Added last.</param>
    /// <param name="output">The result.</param>
    /// <param name="sums">As many numbers as the plan takes.</param>
    /// <param name="inputStarts">The bounds of a convolution's sequences.</param>
    /// <param name="outputStarts">The bounds of what it makes of them.</param>
    /// <param name="sizes">The sizes of inputs and outputs.</param>
    /// <param name="norm">What sums are finished with, or null where no normalization follows.</param>
    public abstract void LaunchTensor(
        TensorPlan plan, LaunchQueue queue, ArrayView<float> x, ArrayView<float> residual, ArrayView<float> output, ArrayView<float> sums,
        ArrayView<int> inputStarts, ArrayView<int> outputStarts, MatrixArguments sizes, SplitKNormEpilogue? norm);

    /// <summary>Multiplies. The sizes of inputs and outputs are the caller's; those of this matrix are filled in.</summary>
    public abstract void Launch(
        LaunchQueue queue, ArrayView<float> x, ArrayView<float> residual, ArrayView<float> output, ArrayView<int> inputStarts,
        ArrayView<int> outputStarts, MatrixArguments sizes);
}

/// <summary>The right side of a product, in device memory.</summary>
/// <typeparam name="TRows">What the left side is.</typeparam>
/// <typeparam name="TWeight">The format.</typeparam>
/// <param name="context">The device.</param>
/// <param name="weights">Of each group, <c>[depth, columns]</c>, the columns filled up to eights.</param>
/// <param name="vectors">Factors, biases, scales of all columns, each filled up to float4s.</param>
internal sealed class GpuMatrix<TRows, TWeight>(
    GpuContext context, MemoryBuffer1D<TWeight, Stride1D.Dense> weights, MemoryBuffer1D<float, Stride1D.Dense> vectors) : GpuMatrix
    where TRows : struct, IMatrixRows
    where TWeight : unmanaged, IPacked4
{
    /// <summary>The least numbers of a row of the left side that are worth a group of threads of their own.</summary>
    private const int MinSplitDepth = 256;

    private readonly Variant _large = context.IsTiny ? Variant.Create<MatrixTile16>(context) : Variant.Create<MatrixTile128>(context);
    private readonly Variant _small = context.IsTiny ? Variant.Create<MatrixTile16>(context) : Variant.Create<MatrixTile64>(context);

    private readonly TensorVariant[] _requested = TensorVariant.CreateAll<TRows, TWeight>(context);
    private TensorVariant[]? _tensor;

    /// <summary>The kernels of tensor cores that could be compiled.</summary>
    private TensorVariant[] Tensor => _tensor ??= [.. _requested.Where(variant => variant.IsCompiled)];

    /// <summary>What goes on with the sums of these kernels; null where there are none.</summary>
    private readonly Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, MatrixArguments>>? _finish =
        !TensorVariant.IsSupported<TWeight>(context) ? null : context.Kernels.Get(
            ProductEpilogue.FinishSplitK,
            accelerator => accelerator.LoadKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, MatrixArguments>(ProductEpilogue.FinishSplitK));

    private int Pitch => (int)(weights.Length * 4 / ((long)Depth * Groups));

    public override bool IsOnTensorCores => HasTensorKernels && Channels % TensorKernel.ChunkOf<TWeight>() == 0;

    public override ElementType InputType => IsOnTensorCores ? TWeight.Type : ElementType.F32;

    public override bool Suits(ElementType activations) => HasTensorKernels && TWeight.Type == activations && (IsOnTensorCores || TRows.IsConvolution);

    private bool HasTensorKernels => Array.Exists(Tensor, variant => variant.SupportsFullEpilogue);

    /// <remarks>The order of summing, hence the last bits of a result, depends on the number of rows.</remarks>
    public override TensorPlan Plan(MatrixArguments sizes, bool isNormed)
    {
        TensorPlan best = default;
        double least = double.PositiveInfinity;
        bool isSimple = IsSimple(sizes);
        for (int i = context.Tensor ?? 0; i <= (context.Tensor ?? Tensor.Length - 1); i++)
        {
            for (int slices = 1; slices == 1 || (Groups == 1 && slices <= Depth / MinSplitDepth); slices++)
            {
                bool runsEpilogue = slices == 1 && (Tensor[i].SupportsFullEpilogue || isSimple);
                double time = Tensor[i].Microseconds(sizes.Rows, Columns, Groups, Depth, slices, runsEpilogue, isNormed, context.Multiprocessors);
                if (time < least && (runsEpilogue || Groups == 1))
                {
                    (least, best) = (time, new TensorPlan(Tensor[i], slices, runsEpilogue, runsEpilogue ? 0 : (long)slices * sizes.Rows * Pitch));
                }
            }
        }

        return best;
    }

    public override void LaunchTensor(
        TensorPlan plan, LaunchQueue queue, ArrayView<float> x, ArrayView<float> residual, ArrayView<float> output, ArrayView<float> sums,
        ArrayView<int> inputStarts, ArrayView<int> outputStarts, MatrixArguments sizes, SplitKNormEpilogue? norm)
    {
        TensorVariant variant = plan.Variant;
        Complete(ref sizes, Tiles(variant.Columns, Columns));
        sizes.RunsEpilogue = plan.RunsEpilogue ? 1 : 0;
        sizes.SplitDepth = Tiles(plan.Slices * TensorVariant.Depth, Depth) * TensorVariant.Depth;
        int slices = Tiles(sizes.SplitDepth, Depth);
        var config = new KernelConfig(
            new Index3D(Tiles(variant.Rows, sizes.Rows), sizes.ColumnTiles * Groups, slices), new Index3D(variant.Threads, 1, 1),
            SharedMemoryConfig.RequestDynamic<byte>(variant.SharedBytes));
        sizes.Output = output.LoadEffectiveAddressAsPtr();
        sizes.Biases = vectors.View.BaseView.LoadEffectiveAddressAsPtr() + sizes.VectorStride * sizeof(float);
        long left = x.LoadEffectiveAddressAsPtr(), right = weights.View.BaseView.LoadEffectiveAddressAsPtr();
        ArrayView<float> result = plan.RunsEpilogue ? output : sums;
        queue.Launch(variant.Kernel, config, left, right, vectors.View, residual, result, inputStarts, outputStarts, sizes);
        if (!plan.RunsEpilogue && norm is not null)
        {
            norm.Value.Launch(queue, sums, vectors.View, residual, output, sizes);
        }
        else if (!plan.RunsEpilogue)
        {
            KernelConfig finish = context.OneThreadForEach((long)sizes.Rows * sizes.Float4Columns);
            queue.Launch(_finish!, finish, sums, vectors.View, residual, output, sizes);
        }
    }

    public override void Launch(
        LaunchQueue queue, ArrayView<float> x, ArrayView<float> residual, ArrayView<float> output, ArrayView<int> inputStarts,
        ArrayView<int> outputStarts, MatrixArguments sizes)
    {
        Variant variant = (context.LargeTiles ?? FillsTiles(_large.Tile, sizes.Rows)) ? _large : _small;
        Complete(ref sizes, Tiles(variant.Tile, Columns));
        var config = new KernelConfig(new Index3D(Tiles(variant.Tile, sizes.Rows), sizes.ColumnTiles * Groups, 1), new Index3D(variant.Threads, 1, 1));
        queue.Launch(variant.Kernel, config, x, weights.View, vectors.View, residual, output, inputStarts, outputStarts, sizes);
    }

    /// <summary>Whether all kernels can do what follows the product: results and residuals are eights in the type of the weights, and an activation stands alone.</summary>
    private bool IsSimple(MatrixArguments sizes)
    {
        int eights = RowLayout.Aligned8 + RowLayout.Format(TWeight.Type), both = sizes.OutputLayout & (sizes.HasResidual != 0 ? sizes.ResidualLayout : eights);
        return (both & eights) == eights && (sizes.Activation == (int)Activation.None || (sizes.HasResidual == 0 && !HasScale));
    }

    private static int Tiles(int tile, int size) => (size + tile - 1) / tile;

    /// <summary>Whether tiles of a size are more than half full, and enough for two groups on each multiprocessor.</summary>
    private bool FillsTiles(int tile, int rows) =>
        2 * rows > tile && 2 * Columns > tile && (long)Tiles(tile, rows) * Tiles(tile, Columns) * Groups >= 2 * context.Multiprocessors;

    /// <summary>Fills in the sizes of this matrix.</summary>
    private void Complete(ref MatrixArguments sizes, int columnTiles)
    {
        sizes.Depth = Depth;
        sizes.Columns = Columns;
        sizes.HasScale = HasScale ? 1 : 0;
        sizes.Float4Columns = Pitch / 4;
        sizes.ColumnTiles = columnTiles;
        sizes.VectorStride = (int)(vectors.Length / 3);
    }

    /// <summary>The kernel for tiles of one size.</summary>
    /// <param name="Kernel">Its launcher.</param>
    /// <param name="Tile">Rows, and columns, of a tile.</param>
    /// <param name="Threads">Of a group.</param>
    private sealed record Variant(
        Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<TWeight>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, MatrixArguments>> Kernel,
        int Tile, int Threads)
    {
        public static Variant Create<TTile>(GpuContext context)
            where TTile : struct, IMatrixTile
        {
            Action<ArrayView<float>, ArrayView<TWeight>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, MatrixArguments> kernel =
                MatrixKernel.Multiply<TTile, TRows, TWeight>;
            int threads = TTile.Side * TTile.Side;
            return new Variant(
                context.Kernels.Get(kernel, accelerator => accelerator.LoadKernel(kernel, new KernelSpecialization(threads, TTile.GroupsPerMultiprocessor))),
                4 * TTile.Side * TTile.Blocks, threads);
        }
    }
}
