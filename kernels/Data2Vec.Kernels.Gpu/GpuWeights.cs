namespace Data2Vec.Kernels.Gpu;

internal sealed class GpuLinear(int inputs, int outputs, GpuMatrix matrix) : LinearWeights(inputs, outputs)
{
    public GpuMatrix Matrix { get; } = matrix;
}

internal sealed class GpuConv1d(Conv1dShape shape, GpuMatrix matrix) : Conv1dWeights(shape)
{
    public GpuMatrix Matrix { get; } = matrix;
}

internal sealed class GpuConv2d(Conv2dShape shape, GpuMatrix matrix) : Conv2dWeights(shape)
{
    public GpuMatrix Matrix { get; } = matrix;
}

/// <param name="size">Numbers of a row.</param>
/// <param name="epsilon">Added to the variance.</param>
/// <param name="vectors">Gain, then bias.</param>
internal sealed class GpuNorm(int size, float epsilon, MemoryBuffer1D<float, Stride1D.Dense> vectors) : NormWeights(size, epsilon)
{
    public ArrayView<float> Vectors => vectors.View;
}

internal abstract class GpuEmbedding(int rows, int columns) : EmbeddingWeights(rows, columns)
{
    /// <summary>Looks up vectors and adds the residual.</summary>
    public abstract void Launch(LaunchQueue queue, ArrayView<int> ids, ArrayView<float> residual, ArrayView<float> output, RowArguments arguments);
}

/// <typeparam name="TWeight">Format of the vectors.</typeparam>
/// <param name="context">The device.</param>
/// <param name="columns">Features of a vector.</param>
/// <param name="table">The vectors, each padded to a multiple of four.</param>
/// <param name="factors">Factor of each vector.</param>
internal sealed class GpuEmbedding<TWeight>(
    GpuContext context, int columns, MemoryBuffer1D<TWeight, Stride1D.Dense> table, MemoryBuffer1D<float, Stride1D.Dense> factors)
    : GpuEmbedding((int)factors.Length, columns)
    where TWeight : unmanaged, IPacked4
{
    private readonly Task<Action<AcceleratorStream, KernelConfig, ArrayView<int>, ArrayView<TWeight>, ArrayView<float>, ArrayView<float>, ArrayView<float>, RowArguments>>
        _kernel = context.Kernels.Get<Action<AcceleratorStream, KernelConfig, ArrayView<int>, ArrayView<TWeight>, ArrayView<float>, ArrayView<float>, ArrayView<float>, RowArguments>>(
            RowKernels.Embed<TWeight>);

    public override void Launch(LaunchQueue queue, ArrayView<int> ids, ArrayView<float> residual, ArrayView<float> output, RowArguments arguments) => queue.Launch(
        _kernel, context.OneThreadForEach((long)arguments.Rows * ((arguments.Columns + 3) / 4)), ids, table.View, factors.View, residual, output, arguments);
}
