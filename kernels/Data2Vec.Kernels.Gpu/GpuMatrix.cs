using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>The right side of a product, in device memory.</summary>
internal abstract class GpuMatrix
{
    /// <summary>Numbers that an element of the result is a sum over.</summary>
    public required int Depth { get; init; }

    /// <summary>Columns of one group.</summary>
    public required int Columns { get; init; }

    /// <summary>The number of groups.</summary>
    public required int Groups { get; init; }

    /// <summary>Multiplies. The sizes of inputs and outputs are the caller's; those of this matrix are filled in.</summary>
    public abstract void Launch(
        AcceleratorStream stream, ArrayView<float> x, ArrayView<float> residual, ArrayView<float> output, ArrayView<int> inputStarts,
        ArrayView<int> outputStarts, MatrixArguments sizes);
}

/// <summary>The right side of a product, in device memory.</summary>
/// <typeparam name="TRows">What the left side is.</typeparam>
/// <typeparam name="TWeight">The format.</typeparam>
/// <param name="context">The device.</param>
/// <param name="weights">Of each group, <c>[depth, columns]</c>, the columns filled up to fours.</param>
/// <param name="vectors">Factors, biases, scales of all columns, each filled up to fours.</param>
internal sealed class GpuMatrix<TRows, TWeight>(
    GpuContext context, MemoryBuffer1D<TWeight, Stride1D.Dense> weights, MemoryBuffer1D<float, Stride1D.Dense> vectors) : GpuMatrix
    where TRows : struct, IMatrixRows
    where TWeight : unmanaged, IWeight
{
    private readonly Variant _large = context.IsTiny ? Variant.Of<TinyMatrixTile>(context) : Variant.Of<LargeMatrixTile>(context);
    private readonly Variant _small = context.IsTiny ? Variant.Of<TinyMatrixTile>(context) : Variant.Of<SmallMatrixTile>(context);

    public override void Launch(
        AcceleratorStream stream, ArrayView<float> x, ArrayView<float> residual, ArrayView<float> output, ArrayView<int> inputStarts,
        ArrayView<int> outputStarts, MatrixArguments sizes)
    {
        Variant variant = (context.LargeTiles ?? _large.Suits(sizes.Rows, Columns, Groups, context)) ? _large : _small;
        sizes.Depth = Depth;
        sizes.Columns = Columns;
        sizes.ColumnFours = (Columns + 3) / 4;
        sizes.ColumnTiles = variant.Tiles(Columns);
        sizes.VectorStride = (int)(vectors.Length / 3);
        var config = new KernelConfig(new Index3D(variant.Tiles(sizes.Rows), sizes.ColumnTiles * Groups, 1), new Index3D(variant.Threads, 1, 1));
        context.Launch(variant.Kernel, kernel => kernel(stream, config, x, weights.View, vectors.View, residual, output, inputStarts, outputStarts, sizes));
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
                context.Kernels.Get(kernel, accelerator => accelerator.LoadKernel(kernel, new KernelSpecialization(threads, MatrixKernel.GroupsAtOnce))),
                4 * TTile.Side * TTile.Blocks, threads);
        }

        public int Tiles(int size) => (size + Tile - 1) / Tile;

        /// <summary>Whether tiles of this size are more than half full, and enough for two groups on each multiprocessor.</summary>
        public bool Suits(int rows, int columns, int groups, GpuContext context) =>
            2 * rows > Tile && 2 * columns > Tile && (long)Tiles(rows) * Tiles(columns) * groups >= 2 * context.Multiprocessors;
    }
}
