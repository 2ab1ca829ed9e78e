namespace Data2Vec.Kernels.Cpu;

/// <content>Maximum pooling.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    public override void MaxPool2d(Tensor x, int height, int width, int size, int stride, Tensor output)
    {
        OperationShapes.RequireMaxPool2d(x, height, width, size, stride, output);
        if (output.Rows > 0)
        {
            team.Run(new MaxPoolJob<S, V>(x, height, width, size, stride, output), output.Rows / ((width - size) / stride + 1));
        }
    }
}

/// <summary>Maximum pooling, a line of the result a task.</summary>
internal readonly unsafe struct MaxPoolJob<S, V>(Tensor x, int height, int width, int size, int stride, Tensor output) : IJob
    where S : struct, ISimd<V>
    where V : unmanaged
{
    public void Run(int task)
    {
        int lines = (height - size) / stride + 1, pixels = (width - size) / stride + 1;
        (int image, int line) = Math.DivRem(task, lines);
        for (int pixel = 0; pixel < pixels; pixel++)
        {
            float* y = output.Row(task * pixels + pixel);
            int corner = (image * height + line * stride) * width + pixel * stride;
            new ReadOnlySpan<float>(x.Row(corner), x.Columns).CopyTo(new Span<float>(y, x.Columns));
            for (int i = 1; i < size * size; i++)
            {
                RowKernels<S, V>.Max(y, x.Row(corner + i / size * width + i % size), x.Columns);
            }
        }
    }
}
