namespace Data2Vec.Kernels.Cpu;

/// <content>Dropout of features.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    public override void Drop(Tensor x, Dropout dropout)
    {
        OperationShapes.RequireDropout(dropout);
        if (!dropout.IsNone)
        {
            RunRows(new DropKernel(x, dropout.Rows, DropoutMask<S, V>.OfFeatures(dropout)), x.Rows);
        }
    }

    private readonly struct DropKernel(Tensor x, RowPlace* places, DropoutMask<S, V> mask) : IRowKernel
    {
        public void Run(int row) => mask.Apply(places[row], 0, x.Row(row), x.Columns);
    }
}
