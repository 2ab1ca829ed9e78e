namespace Data2Vec.Kernels.Cpu;

/// <content>Sums of tensors.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    public override void Add(Tensor source, Tensor destination)
    {
        OperationShapes.RequireSame(source, destination);
        RunRows(new AddRows<S, V>(source, destination), source.Rows);
    }
}

internal readonly unsafe struct AddRows<S, V>(Tensor source, Tensor destination) : IRowKernel
    where S : struct, ISimd<V>
    where V : unmanaged
{
    public void Run(int row) => RowKernels<S, V>.Add(destination.Row(row), source.Row(row), source.Columns);
}
