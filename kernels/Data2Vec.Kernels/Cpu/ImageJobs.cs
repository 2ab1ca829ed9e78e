namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// Images with zeros around them, a line of an image in each row, its pixels side by side; a line of the result a task.
/// </summary>
internal unsafe struct PadImagesJob(Tensor x, int height, int width, int padding, Tensor padded) : IJob
{
    public readonly void Run(int task)
    {
        (int image, int line) = Math.DivRem(task, height + 2 * padding);
        int depth = padded.Columns / (width + 2 * padding);
        var to = new Span<float>(padded.Row(task), padded.Columns);
        line -= padding;
        if (line < 0 || line >= height)
        {
            to.Clear();
            return;
        }

        to[..(padding * depth)].Clear();
        to[^(padding * depth)..].Clear();
        float* pixel = padded.Row(task) + (nint)padding * depth;
        int first = (image * height + line) * width;
        for (int row = first; row < first + width; row++, pixel += depth)
        {
            new ReadOnlySpan<float>(x.Row(row), depth).CopyTo(new Span<float>(pixel, depth));
        }
    }
}

/// <summary><see cref="Inference.MaxPool2d"/>; a line of the result a task.</summary>
internal unsafe struct MaxPoolJob<S, V>(Tensor x, int height, int width, int size, int stride, Tensor output) : IJob
    where S : struct, ISimd<V>
    where V : unmanaged
{
    public readonly void Run(int task)
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
