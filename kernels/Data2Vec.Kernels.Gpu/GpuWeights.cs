using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Runtime;

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

/// <summary>A layer normalization's gain, then its bias.</summary>
internal sealed class GpuNorm(int size, float epsilon, MemoryBuffer1D<float, Stride1D.Dense> vectors) : NormWeights(size, epsilon)
{
    public ArrayView<float> Vectors => vectors.View;
}

/// <summary>A table of vectors in some format.</summary>
internal abstract class GpuEmbedding(int rows, int columns) : EmbeddingWeights(rows, columns)
{
    /// <summary>Looks vectors up, one thread for four numbers.</summary>
    public abstract void Launch(LaunchQueue queue, ArrayView<int> ids, ArrayView<float> output, RowArguments sizes);
}

/// <summary>A table of vectors.</summary>
/// <param name="context">The device.</param>
/// <param name="columns">Features of a vector.</param>
/// <param name="table">The vectors, each filled up to float4s.</param>
/// <param name="factors">What multiplies each vector.</param>
internal sealed class GpuEmbedding<TWeight>(
    GpuContext context, int columns, MemoryBuffer1D<TWeight, Stride1D.Dense> table, MemoryBuffer1D<float, Stride1D.Dense> factors)
    : GpuEmbedding((int)factors.Length, columns)
    where TWeight : unmanaged, IPacked4
{
    private readonly Task<Action<AcceleratorStream, KernelConfig, ArrayView<int>, ArrayView<TWeight>, ArrayView<float>, ArrayView<float>, RowArguments>> _kernel =
        context.Kernels.Get(
            RowKernels.Embed<TWeight>,
            accelerator => accelerator.LoadKernel<ArrayView<int>, ArrayView<TWeight>, ArrayView<float>, ArrayView<float>, RowArguments>(RowKernels.Embed));

    public override void Launch(LaunchQueue queue, ArrayView<int> ids, ArrayView<float> output, RowArguments sizes)
    {
        queue.Launch(_kernel, context.OneThreadForEach((long)sizes.Rows * ((sizes.Columns + 3) / 4)), ids, table.View, factors.View, output, sizes);
    }
}
