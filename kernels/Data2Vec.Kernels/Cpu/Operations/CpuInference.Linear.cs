namespace Data2Vec.Kernels.Cpu;

/// <content>Linear layers.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    public override void Linear(Tensor x, LinearWeights weights, Tensor output, Activation activation, Tensor residual)
    {
        OperationShapes.RequireLinear(x, weights, output, residual);
        if (x.Rows == 0)
        {
            return;
        }

        long mark = Mark();
        PanelMatrix matrix = ((CpuLinear)weights).Matrix;
        Tensor words = ToWords(x, matrix.Type, matrix.Depth, out ByteRow* byteRows, matrix.NumbersPerSum);
        int height = LargeBlockHeight(x.Rows), count = (x.Rows + height - 1) / height;
        RowBlock* blocks = AllocateBlocks(count);
        Cut(blocks, count, words.Data, (nint)words.Stride * sizeof(float), 0, x.Rows);
        var left = new LeftOperand { Blocks = blocks, BlockCount = count, RowStride = words.Stride, ByteRows = byteRows, ScalePlace = matrix.Depth };
        Multiply(left, matrix, new Epilogue(activation, residual), output);
        Release(mark);
    }
}
