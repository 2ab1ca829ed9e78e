namespace Data2Vec.Kernels.Cpu;

/// <content>The backward partners of one-dimensional convolutions.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    public override bool Learns(Conv1dWeights weights) => weights is CpuConv1d convolution && Learns([(convolution.Weight, convolution.Bias)]);

    public override void Conv1dBackward(
        Tensor x, Sequences inputs, Conv1dWeights weights, Tensor dy, Sequences outputs, Tensor dx, bool accumulate)
    {
        ArgumentNullException.ThrowIfNull(weights);
        OperationShapes.RequireConv1dBackward(x, inputs, weights.Shape, dy, outputs, dx);
        var convolution = (CpuConv1d)weights;
        long mark = Mark();
        if (Learns(weights))
        {
            LeftOperand left = Windows(x, inputs, outputs, convolution.Shape, WeightGradientJob<S, V>.LargestBlock);
            AddWeightGradients(left, convolution.Matrix, [(convolution.Weight, convolution.Bias)], null, dy);
        }

        if (!dx.IsEmpty)
        {
            InputGradient(inputs, convolution, dy, outputs, dx, accumulate);
        }

        Release(mark);
    }

    /// <summary>
    /// The gradient of the inputs. Counted with the padding, input row <c>q</c> is read by tap <c>t</c> of output row <c>(q - t) / stride</c>. So the input rows
    /// with one residue by the stride are a convolution of <paramref name="dy"/> without a stride, with the taps of this residue, the last one first.
    /// </summary>
    private void InputGradient(Sequences inputs, CpuConv1d convolution, Tensor dy, Sequences outputs, Tensor dx, bool accumulate)
    {
        Conv1dShape shape = convolution.Shape;
        PanelMatrix[] transposed = store.Transposed(convolution);

        // Zeros around dy stand for the outputs before the first and after the last one.
        int before = transposed[0].Taps - 1, after = before;
        for (int i = 0; i < inputs.Count; i++)
        {
            after = Math.Max(after, (shape.Padding + inputs.Length(i) - 1) / shape.Stride + 1 - outputs.Length(i));
        }

        Tensor padded = Pad(dy, outputs, before, after);
        int height = BlockHeight(Math.Max(1, dx.Rows / shape.Stride));
        RowBlock* blocks = AllocateBlocks((dx.Rows / shape.Stride + inputs.Count) / height + 2 * inputs.Count);
        for (int residue = 0; residue < shape.Stride; residue++)
        {
            PanelMatrix matrix = transposed[residue];
            int count = 0;
            for (int i = 0; i < inputs.Count; i++)
            {
                // The first row with this residue that is not padding, and the first output whose first tap reads a row not before it.
                int output = Math.Max(0, (shape.Padding - residue + shape.Stride - 1) / shape.Stride), row = residue + output * shape.Stride - shape.Padding;
                int rows = inputs.Length(i) <= row ? 0 : (inputs.Length(i) - 1 - row) / shape.Stride + 1, pieces = (rows + height - 1) / height;
                if (matrix.Taps == 0)
                {
                    for (int r = 0; r < rows && !accumulate; r++)
                    {
                        RowOf(dx, inputs.Start(i) + row + r * shape.Stride).Clear();
                    }

                    continue;
                }

                nint source = (nint)padded.Row(outputs.Start(i) + i * (before + after) + before + output - (matrix.Taps - 1));
                nint offset = (nint)(inputs.Start(i) + row) * dx.Stride;
                Cut(blocks + count, pieces, source, (nint)padded.Stride * sizeof(float), 0, rows, offset: offset);
                count += pieces;
            }

            if (count > 0)
            {
                var left = new LeftOperand
                {
                    Blocks = blocks,
                    BlockCount = count,
                    RowStride = padded.Stride,
                    TapStride = padded.Stride,
                    GroupStride = matrix.Depth,
                };
                Tensor rows = dx with { Stride = dx.Stride * shape.Stride };
                Multiply(left, JoinTaps(left, matrix), new Epilogue(Activation.None, Accumulate: accumulate), rows);
            }
        }
    }
}
