namespace Data2Vec.Kernels.Cpu;

/// <content>Layer normalization.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    public override void LayerNorm(Tensor x, NormWeights norm, Tensor output, Tensor residual, Activation activation)
    {
        OperationShapes.RequireNorm(x, norm, output, residual);
        RunRows(new NormRows<S, V>(x, residual, ((CpuNorm)norm).Values, activation, output), x.Rows);
    }
}

internal readonly unsafe struct NormRows<S, V>(Tensor x, Tensor residual, NormValues norm, Activation activation, Tensor output) : IRowKernel
    where S : struct, ISimd<V>
    where V : unmanaged
{
    public void Run(int row) =>
        RowKernels<S, V>.Normalize(x.Row(row), residual.IsEmpty ? null : residual.Row(row), norm, activation, output.Row(row));
}
