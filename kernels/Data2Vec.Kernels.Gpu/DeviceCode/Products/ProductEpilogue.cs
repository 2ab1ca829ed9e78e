namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>The epilogue of a product, <c>activation(sum * factor + bias) * scale + residual</c>, and the partial sums of split products (split-K).</summary>
internal static class ProductEpilogue
{
    /// <summary>Applies the epilogue to four rows and columns of sums and stores the result.</summary>
    public static void Apply(
        ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output, MatrixArguments arguments, Float4x4 sums, int row, int group, int column)
    {
        int count = arguments.Columns - column, index = group * arguments.Columns + column, aligned = arguments.Columns % 4 == 0 ? RowLayout.Aligned4 : 0;
        Float4 factor = Float4.Load(vectors, index, count, aligned);
        Float4 bias = Float4.Load(vectors, index + arguments.VectorStride, count, aligned);
        Float4 scale = Float4.Load(vectors, index + 2 * arguments.VectorStride, count, aligned);
        for (int i = 0; i < 4; i++)
        {
            if (row + i < arguments.Rows)
            {
                Apply(residual, output, arguments, sums.Row(i), factor, bias, scale, row + i, index, count);
            }
        }
    }

    private static void Apply(
        ArrayView<float> residual, ArrayView<float> output, MatrixArguments arguments, Float4 sums, Float4 factor, Float4 bias, Float4 scale,
        int row, int index, int count)
    {
        Float4 values = Float4.Activate(sums * factor + bias, arguments.Activation) * scale;
        if (arguments.HasResidual != 0)
        {
            values += Float4.LoadAs(residual, row * arguments.ResidualStride + index, count, arguments.ResidualLayout);
        }

        Float4.StoreAs(output, row * arguments.OutputStride + index, count, arguments.OutputLayout, values);
    }

    /// <summary>The index of a partial sum in <c>[splits, rows, columns]</c>, columns with padding.</summary>
    public static int PartialSumIndex(MatrixArguments arguments, int split, int row, int column) =>
        (split * arguments.Rows + row) * arguments.Float4Columns * 4 + column;

    /// <summary>Adds the partial sums of a product of one group and applies the epilogue; one thread for four numbers.</summary>
    public static void FinishSplitK(
        ArrayView<float> partialSums, ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output, MatrixArguments arguments)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX, row = i / arguments.Float4Columns;
        int column = i % arguments.Float4Columns * 4, count = arguments.Columns - column;
        if (row < arguments.Rows && count > 0)
        {
            Float4 sum = default;
            int split = 0;
            for (int k = 0; k < arguments.Depth; k += arguments.SplitDepth)
            {
                sum += partialSums.Cast<Float4>()[PartialSumIndex(arguments, split, row, column) / 4];
                split++;
            }

            int aligned = arguments.Columns % 4 == 0 ? RowLayout.Aligned4 : 0;
            Float4 factor = Float4.Load(vectors, column, count, aligned);
            Float4 bias = Float4.Load(vectors, column + arguments.VectorStride, count, aligned);
            Float4 scale = Float4.Load(vectors, column + 2 * arguments.VectorStride, count, aligned);
            Apply(residual, output, arguments, sum, factor, bias, scale, row, column, count);
        }
    }
}
