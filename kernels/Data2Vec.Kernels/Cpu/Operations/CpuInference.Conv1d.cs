namespace Data2Vec.Kernels.Cpu;

/// <content>One-dimensional convolutions. The rows that an output reads are the taps of a product.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    public override void Conv1d(
        Tensor x, Sequences inputs, Conv1dWeights weights, NormWeights? norm, Activation activation, Tensor output, Sequences outputs)
    {
        Conv1dShape shape = weights.Shape;
        OperationShapes.RequireConv1d(x, inputs, shape, output, outputs);
        if (output.Rows == 0)
        {
            return;
        }

        long mark = Mark();
        PanelMatrix matrix = ((CpuConv1d)weights).Matrix;
        Tensor padded = Pad(ToWords(x, matrix.Type, matrix.Groups * matrix.Depth, out _), inputs, shape.Padding);
        int height = BlockHeight(output.Rows), count = 0;
        for (int i = 0; i < outputs.Count; i++)
        {
            count += (outputs.Length(i) + height - 1) / height;
        }

        RowBlock* blocks = AllocateBlocks(count);
        int filled = 0;
        nint rowStride = (nint)shape.Stride * padded.Stride;
        for (int i = 0; i < outputs.Count; i++)
        {
            int pieces = (outputs.Length(i) + height - 1) / height;
            nint source = (nint)padded.Row(inputs.Start(i) + 2 * shape.Padding * i);
            Cut(blocks + filled, pieces, source, rowStride * sizeof(float), outputs.Start(i), outputs.Length(i));
            filled += pieces;
        }

        var left = new LeftOperand { Blocks = blocks, BlockCount = count, RowStride = rowStride, TapStride = padded.Stride, GroupStride = matrix.Depth };
        if (padded.Stride == matrix.Depth)
        {
            // Rows are contiguous, so all taps form one run.
            matrix = matrix with { Depth = matrix.Depth * matrix.Taps, Taps = 1 };
        }

        // A task with whole rows of the result normalizes them in the cache. With few rows there are too few such tasks.
        NormValues? fused = norm is not null && count >= TasksPerThread * team.Threads ? ((CpuNorm)norm).Values : null;
        bool normsLater = norm is not null && fused is null;
        Multiply(left, matrix, new Epilogue(normsLater ? Activation.None : activation, Norm: fused), output);
        Release(mark);
        if (normsLater)
        {
            LayerNorm(output, norm!, output, Tensor.None, activation);
        }
    }

    /// <summary>Puts rows of zeros around each sequence.</summary>
    private Tensor Pad(Tensor x, Sequences sequences, int padding)
    {
        if (padding == 0)
        {
            return x;
        }

        Tensor padded = Allocate(x.Rows + 2 * padding * sequences.Count, x.Columns);
        int row = 0;
        for (int i = 0; i < sequences.Count; i++)
        {
            Clear(padded, ref row, padding);
            Copy(x.SliceRows(sequences.Start(i), sequences.Length(i)), padded.SliceRows(row, sequences.Length(i)));
            row += sequences.Length(i);
            Clear(padded, ref row, padding);
        }

        return padded;
    }

    private static void Clear(Tensor x, ref int row, int count)
    {
        for (int end = row + count; row < end; row++)
        {
            RowOf(x, row).Clear();
        }
    }
}
