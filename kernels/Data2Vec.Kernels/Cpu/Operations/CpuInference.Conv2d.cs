namespace Data2Vec.Kernels.Cpu;

/// <content>Two-dimensional convolutions. The pixels of a line lie side by side, so a line of a window is one run of numbers: a tap of a product.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    public override void Conv2d(Tensor x, int height, int width, Conv2dWeights weights, Activation activation, Tensor output)
    {
        Conv2dShape shape = weights.Shape;
        OperationShapes.RequireConv2d(x, height, width, shape, output);
        if (output.Rows == 0)
        {
            return;
        }

        PanelMatrix matrix = ((CpuConv2d)weights).Matrix;
        if (WinogradWeights.Suits(shape))
        {
            ConvolveWinograd(x, height, width, shape.Padding, matrix, activation, output);
            return;
        }

        long mark = Mark();
        Tensor words = ToWords(x, matrix.Type, matrix.Depth, out _);
        int images = x.Rows / (height * width);
        Tensor padded = Allocate(images * (height + 2 * shape.Padding), (width + 2 * shape.Padding) * matrix.Depth);
        team.Run(new PadImagesJob(words, height, width, shape.Padding, padded), padded.Rows);
        nint imageStride = (nint)(height + 2 * shape.Padding) * padded.Stride, lineStride = (nint)shape.Stride * padded.Stride;
        nint rowStride = (nint)shape.Stride * matrix.Depth;
        int lines = shape.OutputLength(height), rows = shape.OutputLength(width);
        if (lines * rows == 1)
        {
            // Images of one pixel become the pixels of one line, so that they share each read of the weights.
            (images, rows, rowStride) = (1, images, imageStride);
        }

        int wanted = LargeBlockHeight(output.Rows);
        int piecesOfLine = (rows + wanted - 1) / wanted, linesAtOnce = Math.Clamp(wanted / rows, 1, lines);
        int piecesOfImage = (lines + linesAtOnce - 1) / linesAtOnce, count = checked(images * piecesOfImage * piecesOfLine);
        RowBlock* blocks = AllocateBlocks(count);
        int filled = 0;
        for (int image = 0; image < images; image++)
        {
            int line = 0;
            for (int left = piecesOfImage; left > 0; left--)
            {
                int together = (lines - line + left - 1) / left;
                nint source = padded.Data + (image * imageStride + line * lineStride) * sizeof(float);
                Cut(blocks + filled, piecesOfLine, source, rowStride * sizeof(float), (image * lines + line) * rows, rows, together);
                filled += piecesOfLine;
                line += together;
            }
        }

        Multiply(
            new LeftOperand { Blocks = blocks, BlockCount = count, RowStride = rowStride, LineStride = lineStride, TapStride = padded.Stride },
            matrix with { Taps = shape.Kernel, Depth = shape.Kernel * matrix.Depth },
            new Epilogue(activation),
            output);
        Release(mark);
    }
}

/// <summary>Puts zeros around images. A row of the result is a line of an image, its pixels side by side; each is a task.</summary>
internal readonly unsafe struct PadImagesJob(Tensor x, int height, int width, int padding, Tensor padded) : IJob
{
    public void Run(int task)
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
        int first = (image * height + line) * width;
        for (int pixel = 0; pixel < width; pixel++)
        {
            new ReadOnlySpan<float>(x.Row(first + pixel), depth).CopyTo(to[((padding + pixel) * depth)..]);
        }
    }
}
