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
        int columns = matrix.Groups * matrix.Depth;
        Tensor words = ToWords(x, matrix.Type, columns, out _, matrix.NumbersPerSum);
        LeftOperand left = Windows(words, inputs, outputs, shape, BlockHeight(output.Rows)) with { GroupStride = matrix.Depth, ScalePlace = columns };

        // A task with whole rows of the result normalizes them in the cache. With few rows there are too few such tasks.
        NormValues? fused = norm is not null && left.BlockCount >= TasksPerThread * team.Threads ? ((CpuNorm)norm).Values : null;
        bool normsLater = norm is not null && fused is null;
        Multiply(left, JoinTaps(left, matrix), new Epilogue(normsLater ? Activation.None : activation, Norm: fused), output);
        Release(mark);
        if (normsLater)
        {
            LayerNorm(output, norm!, output, Tensor.None, activation);
        }
    }

    /// <summary>The rows that each output of a convolution reads as the left side of a product, in blocks of up to a height.</summary>
    /// <param name="x">The inputs, in words of the format of the weights.</param>
    /// <param name="inputs">The sequences of <paramref name="x"/>.</param>
    /// <param name="outputs">The sequences of the outputs.</param>
    /// <param name="shape">The sizes of the convolution.</param>
    /// <param name="height">The most outputs of a block.</param>
    private LeftOperand Windows(Tensor x, Sequences inputs, Sequences outputs, Conv1dShape shape, int height)
    {
        Tensor padded = Pad(x, inputs, shape.Padding, shape.Padding);
        int count = 0;
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

        return new LeftOperand
        {
            Blocks = blocks,
            BlockCount = count,
            RowStride = rowStride,
            TapStride = padded.Stride,
            GroupStride = padded.Columns / shape.Groups,
        };
    }

    /// <summary>Makes the taps of weights one, if the rows that they read follow each other.</summary>
    private static PanelMatrix JoinTaps(LeftOperand left, PanelMatrix matrix) =>
        left.TapStride == matrix.Depth ? matrix with { Depth = matrix.Depth * matrix.Taps, Taps = 1 } : matrix;

    /// <summary>Puts rows of zeros around each sequence.</summary>
    private Tensor Pad(Tensor x, Sequences sequences, int before, int after)
    {
        if (before + after == 0)
        {
            return x;
        }

        Tensor padded = Allocate(x.Rows + (before + after) * sequences.Count, x.Columns);
        int row = 0;
        for (int i = 0; i < sequences.Count; i++)
        {
            Clear(padded, ref row, before);
            Copy(x.SliceRows(sequences.Start(i), sequences.Length(i)), padded.SliceRows(row, sequences.Length(i)));
            row += sequences.Length(i);
            Clear(padded, ref row, after);
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
