namespace Data2Vec.Kernels.Cpu;

/// <summary>Work on rows, some rows a task.</summary>
internal static class RowJob
{
    /// <summary>Rows of one task: enough to be worth handing over, few enough to go around.</summary>
    public const int Rows = 16;

    public static int Tasks(int rows) => (rows + Rows - 1) / Rows;
}

/// <summary><see cref="Inference.LayerNorm"/>.</summary>
internal unsafe struct NormJob<S, V>(Tensor x, Tensor residual, NormValues norm, Activation activation, Tensor output) : IJob
    where S : struct, ISimd<V>
    where V : unmanaged
{
    public readonly void Run(int task)
    {
        int end = Math.Min((task + 1) * RowJob.Rows, x.Rows);
        for (int row = task * RowJob.Rows; row < end; row++)
        {
            RowKernels<S, V>.Normalize(
                x.Row(row), residual.IsEmpty ? null : residual.Row(row), norm, activation, output.Row(row));
        }
    }
}

/// <summary><see cref="Inference.Add"/>.</summary>
internal unsafe struct AddJob<S, V>(Tensor x, Tensor other) : IJob
    where S : struct, ISimd<V>
    where V : unmanaged
{
    public readonly void Run(int task)
    {
        int end = Math.Min((task + 1) * RowJob.Rows, x.Rows);
        for (int row = task * RowJob.Rows; row < end; row++)
        {
            RowKernels<S, V>.Add(x.Row(row), other.Row(row), x.Columns);
        }
    }
}
