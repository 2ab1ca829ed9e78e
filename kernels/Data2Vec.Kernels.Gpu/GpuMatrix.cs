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

    /// <summary>Whether the product runs on tensor cores, which take the left side in bf16; otherwise it is taken in f32.</summary>
    public abstract bool TakesBFloat { get; }

    /// <summary>
    /// Whether it is one of a model whose activations are to be in bf16: a product that takes them so, or a convolution, of which the first
    /// has as many channels as an input.
    /// </summary>
    public abstract bool SuitsBFloat { get; }

    /// <summary>Working memory for sums that a product of some rows takes on tensor cores, in numbers; 0 for none.</summary>
    public abstract long CountOfSums(int rows);

    /// <summary>Multiplies a left side in bf16, whose rows lie at multiples of <see cref="TensorKernel.Chunk"/>, on tensor cores.</summary>
    /// <param name="queue">Where it is queued.</param>
    /// <param name="x">The left side.</param>
    /// <param name="residual">Added last.</param>
    /// <param name="output">The result.</param>
    /// <param name="sums">As many numbers as <see cref="CountOfSums"/> says.</param>
    /// <param name="inputStarts">The bounds of a convolution's sequences.</param>
    /// <param name="outputStarts">The bounds of what it makes of them.</param>
    /// <param name="sizes">The sizes of inputs and outputs.</param>
    public abstract void LaunchTensor(
        LaunchQueue queue, ArrayView<float> x, ArrayView<float> residual, ArrayView<float> output, ArrayView<float> sums,
        ArrayView<int> inputStarts, ArrayView<int> outputStarts, MatrixArguments sizes);

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
/// <param name="vectors">Factors, biases, scales of all columns, each filled up to fours.</param>
internal sealed class GpuMatrix<TRows, TWeight>(
    GpuContext context, MemoryBuffer1D<TWeight, Stride1D.Dense> weights, MemoryBuffer1D<float, Stride1D.Dense> vectors) : GpuMatrix
    where TRows : struct, IMatrixRows
    where TWeight : unmanaged, IWeight
{
    /// <summary>The least numbers of a row of the left side that are worth a group of threads of their own.</summary>
    private const int LeastSlice = 512;

    private readonly Variant _large = context.IsTiny ? Variant.Of<TinyMatrixTile>(context) : Variant.Of<LargeMatrixTile>(context);
    private readonly Variant _small = context.IsTiny ? Variant.Of<TinyMatrixTile>(context) : Variant.Of<SmallMatrixTile>(context);

    private readonly TensorVariant[] _tensor = context.HasTensorCores && typeof(TWeight) == typeof(BFloatWeight)
        ? [TensorVariant.Of<LargeTensorTile, TRows>(context), TensorVariant.Of<SmallTensorTile, TRows>(context)]
        : [];

    private readonly Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, MatrixArguments>> _finish =
        context.Kernels.Get(
            MatrixKernel.FinishSums,
            accelerator => accelerator.LoadKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, MatrixArguments>(MatrixKernel.FinishSums));

    private int Pitch => (int)(weights.Length * 4 / ((long)Depth * Groups));

    public override bool TakesBFloat => HasTensorKernels && Channels % TensorKernel.Chunk == 0;

    public override bool SuitsBFloat => TakesBFloat || (HasTensorKernels && TRows.AreWindows);

    private bool HasTensorKernels => context.HasTensorCores && _tensor.Length > 0 && Array.TrueForAll(_tensor, IsThere);

    public override long CountOfSums(int rows) => Slices(rows) is > 1 and var slices ? (long)slices * rows * Pitch : 0;

    public override void LaunchTensor(
        LaunchQueue queue, ArrayView<float> x, ArrayView<float> residual, ArrayView<float> output, ArrayView<float> sums,
        ArrayView<int> inputStarts, ArrayView<int> outputStarts, MatrixArguments sizes)
    {
        TensorVariant variant = Tensor(sizes.Rows);
        int slices = Slices(sizes.Rows);
        Complete(ref sizes, Tiles(variant.Tile, Columns));
        sizes.SliceDepth = Tiles(slices * TensorKernel.Depth, Depth) * TensorKernel.Depth;
        slices = Tiles(sizes.SliceDepth, Depth);
        var config = new KernelConfig(
            new Index3D(Tiles(variant.Tile, sizes.Rows), sizes.ColumnTiles * Groups, slices), new Index3D(TensorKernel.Threads, 1, 1),
            SharedMemoryConfig.RequestDynamic<byte>(variant.SharedBytes));
        long left = x.LoadEffectiveAddressAsPtr(), right = weights.View.BaseView.LoadEffectiveAddressAsPtr();
        ArrayView<float> result = slices > 1 ? sums : output;
        queue.Launch(variant.Kernel, config, left, right, vectors.View, residual, result, inputStarts, outputStarts, sizes);
        if (slices > 1)
        {
            KernelConfig finish = context.OneThreadForEach((long)sizes.Rows * sizes.ColumnFours);
            queue.Launch(_finish, finish, sums, vectors.View, residual, output, sizes);
        }
    }

    public override void Launch(
        LaunchQueue queue, ArrayView<float> x, ArrayView<float> residual, ArrayView<float> output, ArrayView<int> inputStarts,
        ArrayView<int> outputStarts, MatrixArguments sizes)
    {
        Variant variant = (context.LargeTiles ?? Suits(_large.Tile, sizes.Rows)) ? _large : _small;
        Complete(ref sizes, Tiles(variant.Tile, Columns));
        var config = new KernelConfig(new Index3D(Tiles(variant.Tile, sizes.Rows), sizes.ColumnTiles * Groups, 1), new Index3D(variant.Threads, 1, 1));
        queue.Launch(variant.Kernel, config, x, weights.View, vectors.View, residual, output, inputStarts, outputStarts, sizes);
    }

    private static int Tiles(int tile, int size) => (size + tile - 1) / tile;

    private TensorVariant Tensor(int rows) => _tensor[context.LargeTiles ?? Suits(_tensor[0].Tile, rows) ? 0 : 1];

    /// <summary>
    /// Parts that the depth is cut into: as many as make two groups of threads for each multiprocessor, each part long enough that writing and
    /// reading its sums does not matter. The order of summing, hence the last bits of a result, depends on the number of rows then.
    /// </summary>
    private int Slices(int rows)
    {
        int tile = Tensor(rows).Tile;
        long groups = (long)Tiles(tile, rows) * Tiles(tile, Columns);
        return Groups > 1 ? 1 : (int)Math.Clamp(2 * context.Multiprocessors / groups, 1, Math.Max(1, Depth / LeastSlice));
    }

    /// <summary>Whether a kernel is compiled; waits until that is known.</summary>
    private static bool IsThere(TensorVariant variant)
    {
        ((IAsyncResult)variant.Kernel).AsyncWaitHandle.WaitOne();
        return variant.Kernel.IsCompletedSuccessfully;
    }

    /// <summary>Whether tiles of a size are more than half full, and enough for two groups on each multiprocessor.</summary>
    private bool Suits(int tile, int rows) =>
        2 * rows > tile && 2 * Columns > tile && (long)Tiles(tile, rows) * Tiles(tile, Columns) * Groups >= 2 * context.Multiprocessors;

    /// <summary>Fills in the sizes of this matrix.</summary>
    private void Complete(ref MatrixArguments sizes, int columnTiles)
    {
        sizes.Depth = Depth;
        sizes.Columns = Columns;
        sizes.AlignedVectors = Columns % 4 == 0 ? 1 : 0;
        sizes.ColumnFours = Pitch / 4;
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
        public static Variant Of<TTile>(GpuContext context)
            where TTile : struct, IMatrixTile
        {
            Action<ArrayView<float>, ArrayView<TWeight>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, MatrixArguments> kernel =
                MatrixKernel.Multiply<TTile, TRows, TWeight>;
            int threads = TTile.Side * TTile.Side;
            return new Variant(
                context.Kernels.Get(kernel, accelerator => accelerator.LoadKernel(kernel, new KernelSpecialization(threads, TTile.GroupsAtOnce))),
                4 * TTile.Side * TTile.Blocks, threads);
        }
    }
}
