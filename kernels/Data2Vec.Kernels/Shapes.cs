namespace Data2Vec.Kernels;

/// <summary>What operations demand of their tensors and of their weights, on every backend.</summary>
internal static class Shapes
{
    public static void RequireActivations(ElementType type, ElementType own) =>
        Require(type is ElementType.F32 || type == own, $"Activations of this inference are in {own} or in f32, not in {type}.");

    public static void RequireSame(Tensor a, Tensor b) =>
        Require(a.Rows == b.Rows && a.Columns == b.Columns, "The shapes of two tensors do not match.");

    public static void RequireNorm(Tensor x, NormWeights norm, Tensor output, Tensor residual)
    {
        RequireSame(x, output);
        RequireSame(x, residual.IsEmpty ? x : residual);
        Require(x.Columns == norm.Size, "The normalization is of another size than the rows.");
    }

    public static void RequireLinear(Tensor x, LinearWeights weights, Tensor output, Tensor residual)
    {
        Require(x.Columns == weights.Inputs && output.Columns == weights.Outputs && output.Rows == x.Rows, "The shapes of a linear layer do not match.");
        RequireSame(output, residual.IsEmpty ? output : residual);
        Require(x.Rows == 0 || (output.Data != x.Data && output.Data != residual.Data), "A linear layer's result cannot replace what it is made of.");
    }

    public static void RequireLinearNorm(Tensor x, LinearWeights weights, NormWeights norm, Tensor output, Tensor normed, Tensor residual)
    {
        RequireLinear(x, weights, output, residual);
        RequireNorm(output, norm, normed, default);
    }

    public static void RequireConv1d(Tensor x, Sequences inputs, Conv1dShape shape, Tensor output, Sequences outputs) => Require(
        x.Columns == shape.InputChannels && output.Columns == shape.OutputChannels && outputs.Rows == output.Rows && inputs.Rows == x.Rows,
        "The shapes of a convolution do not match.");

    public static void RequireConv2d(Tensor x, int height, int width, Conv2dShape shape, Tensor output) => Require(
        x.Columns == shape.InputChannels && output.Columns == shape.OutputChannels
        && output.Rows == Images(x, height, width) * (long)shape.OutputLength(height) * shape.OutputLength(width),
        "The shapes of a convolution do not match.");

    public static void RequireMaxPool2d(Tensor x, int height, int width, int size, int stride, Tensor output)
    {
        var shape = new Conv2dShape(x.Columns, x.Columns, size, stride);
        Require(size > 0 && stride > 0, "Windows have a size and a distance of at least one pixel.");
        RequireConv2d(x, height, width, shape, output);
    }

    private static int Images(Tensor x, int height, int width)
    {
        Require(height > 0 && width > 0 && x.Rows % ((long)height * width) == 0, "The rows are not whole images.");
        return x.Rows / (height * width);
    }

    public static void RequireAttention(
        Tensor query, Tensor key, Tensor value, Sequences sequences, int heads, int largestHead, Tensor output)
    {
        Require(query.Columns % heads == 0 && query.Columns / heads <= largestHead, $"Heads must divide the features, into at most {largestHead} each.");
        RequireSame(query, key);
        RequireSame(query, value);
        RequireSame(query, output);
        Require(sequences.Rows == query.Rows, "The sequences do not cover the rows.");
    }

    public static void RequireEmbedding(ReadOnlySpan<int> ids, EmbeddingWeights table, Tensor output)
    {
        Require(ids.Length == output.Rows && table.Columns == output.Columns, "The shapes of an embedding do not match.");
        foreach (int id in ids)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)id, (uint)table.Rows, nameof(ids));
        }
    }

    /// <summary>The inputs and outputs of a linear layer of several parts.</summary>
    public static (int Inputs, int Outputs) OfLinear(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, WeightData? scale)
    {
        int inputs = parts[0].Weight.RowSize, outputs = 0;
        foreach ((WeightData weight, WeightData? bias) in parts)
        {
            if (weight.Shape.Count != 2 || weight.RowSize != inputs)
            {
                throw new InvalidDataException("The weights of a linear layer must be matrices with the same number of inputs.");
            }

            RequireVector(bias, weight.Rows);
            outputs = checked(outputs + weight.Rows);
        }

        RequireVector(scale, outputs);
        return (inputs, outputs);
    }

    public static void RequireConvolution(WeightData weight, WeightData? bias, Conv1dShape shape)
    {
        if (weight.Shape is not [int outputs, int inputs, int kernel]
            || outputs != shape.OutputChannels || inputs != shape.InputChannels / shape.Groups || kernel != shape.Kernel)
        {
            throw new InvalidDataException("The weights of a convolution are of another shape than its configuration says.");
        }

        RequireVector(bias, outputs);
    }

    public static void RequireConvolution(WeightData weight, WeightData? bias, Conv2dShape shape)
    {
        if (weight.Shape is not [int outputs, int inputs, int height, int width]
            || outputs != shape.OutputChannels || inputs != shape.InputChannels || height != shape.Kernel || width != shape.Kernel)
        {
            throw new InvalidDataException("The weights of a convolution are of another shape than its configuration says.");
        }

        RequireVector(bias, outputs);
    }

    public static void RequireVector(WeightData? vector, int size)
    {
        if (vector is not null && (vector.Shape.Count != 1 || vector.Rows != size))
        {
            throw new InvalidDataException($"A vector of {size} numbers was expected, not one of [{string.Join(", ", vector.Shape)}].");
        }
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new ArgumentException(message);
        }
    }
}
