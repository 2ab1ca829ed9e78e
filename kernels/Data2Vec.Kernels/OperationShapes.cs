using System.Runtime.CompilerServices;

namespace Data2Vec.Kernels;

/// <summary>
/// The requirements of operations on their tensors and weights, which are the same on every backend. A backend calls these methods first, so
/// that it never reads or writes outside a tensor.
/// </summary>
/// <remarks>Tensors that do not fit throw <see cref="ArgumentException"/>; weights, which come from files, throw <see cref="InvalidDataException"/>.</remarks>
public static class OperationShapes
{
    /// <summary>Requires a type of activations that an inference has: f32 or its own.</summary>
    public static void RequireActivations(ElementType type, ElementType own) =>
        Require(type is ElementType.F32 || type == own, $"Activations of this inference are {own} or f32, not {type}.");

    /// <summary>Requires equal shapes.</summary>
    public static void RequireSame(Tensor a, Tensor b) =>
        Require(a.Rows == b.Rows && a.Columns == b.Columns, $"Tensors of {Describe(a)} and {Describe(b)} do not have the same shape.");

    /// <summary>Checks the operands of <see cref="Inference.LayerNorm"/>.</summary>
    public static void RequireNorm(Tensor x, NormWeights norm, Tensor output, Tensor residual)
    {
        ArgumentNullException.ThrowIfNull(norm);
        RequireSame(x, output);
        RequireSameOrEmpty(x, residual);
        Require(x.Columns == norm.Size, $"A normalization of {norm.Size} features does not fit rows of {x.Columns}.");
    }

    /// <summary>Checks the operands of <see cref="Inference.ChannelMoments"/>.</summary>
    public static void RequireChannelMoments(Tensor x, Sequences sequences, Tensor moments)
    {
        Require(sequences.Rows == x.Rows, $"Sequences of {sequences.Rows} rows do not cover {x.Rows} rows.");
        Require(
            moments.Rows == sequences.Count && moments.Columns == 2L * x.Columns && moments.Type == ElementType.F32,
            $"Moments of {Describe(moments)} do not fit {sequences.Count} sequences of {x.Columns} channels.");
    }

    /// <summary>Checks the operands of <see cref="Inference.ChannelNorm"/>.</summary>
    public static void RequireChannelNorm(Tensor x, Sequences sequences, Tensor moments, NormWeights norm, Tensor output)
    {
        RequireNorm(x, norm, output, Tensor.None);
        RequireChannelMoments(x, sequences, moments);
    }

    /// <summary>Checks the operands of <see cref="Inference.Linear(Tensor, LinearWeights, Tensor, Activation, Tensor)"/>.</summary>
    public static void RequireLinear(Tensor x, LinearWeights weights, Tensor output, Tensor residual)
    {
        ArgumentNullException.ThrowIfNull(weights);
        Require(
            x.Columns == weights.Inputs && output.Columns == weights.Outputs && output.Rows == x.Rows,
            $"A linear layer from {weights.Inputs} to {weights.Outputs} features does not fit tensors of {Describe(x)} and {Describe(output)}.");
        RequireSameOrEmpty(output, residual);
        Require(x.Rows == 0 || (output.Data != x.Data && output.Data != residual.Data), $"The result of a linear layer must not overlap its inputs.");
    }

    /// <summary>Checks the operands of <see cref="TrainingInference.LinearBackward"/>.</summary>
    internal static void RequireLinearBackward(Tensor x, LinearWeights weights, Tensor sums, Activation activation, Tensor dy, Tensor dx)
    {
        RequireLinear(x, weights, dy, sums);
        Require(activation == Activation.None || !sums.IsEmpty, $"The gradient of {activation} needs the sums that it was applied to.");
        RequireSameOrEmpty(x, dx);
        Require(dx.IsEmpty || (dx.Data != dy.Data && dx.Data != sums.Data), $"The gradient of the inputs must not overlap that of the result.");
    }

    /// <summary>Checks the operands of <see cref="Inference.LinearNorm"/>.</summary>
    public static void RequireLinearNorm(Tensor x, LinearWeights weights, NormWeights norm, Tensor output, Tensor normed, Tensor residual)
    {
        RequireLinear(x, weights, output, residual);
        RequireNorm(output, norm, normed, Tensor.None);
    }

    /// <summary>Checks the operands of <see cref="Inference.Conv1d"/>.</summary>
    public static void RequireConv1d(Tensor x, Sequences inputs, Conv1dShape shape, Tensor output, Sequences outputs) => Require(
        x.Columns == shape.InputChannels && output.Columns == shape.OutputChannels && outputs.Rows == output.Rows && inputs.Rows == x.Rows,
        $"Tensors of {Describe(x)} and {Describe(output)} do not fit a convolution from {shape.InputChannels} to {shape.OutputChannels} channels.");

    /// <summary>Checks the operands of <see cref="TrainingInference.Conv1dBackward"/>.</summary>
    internal static void RequireConv1dBackward(Tensor x, Sequences inputs, Conv1dShape shape, Tensor dy, Sequences outputs, Tensor dx)
    {
        RequireConv1d(x, inputs, shape, dy, outputs);
        for (int i = 0; i < inputs.Count; i++)
        {
            Require(
                i < outputs.Count && outputs.Length(i) == shape.OutputLength(inputs.Length(i)),
                $"The convolution of a sequence of {inputs.Length(i)} rows has {shape.OutputLength(inputs.Length(i))}.");
        }

        RequireSameOrEmpty(x, dx);
        Require(dx.IsEmpty || dx.Data != dy.Data, $"The gradient of the inputs must not overlap that of the result.");
    }

    /// <summary>Checks the operands of <see cref="Inference.Conv2d"/>.</summary>
    public static void RequireConv2d(Tensor x, int height, int width, Conv2dShape shape, Tensor output)
    {
        Require(height > 0 && width > 0 && x.Rows % ((long)height * width) == 0, $"{x.Rows} rows are not whole images of {height} x {width} pixels.");
        Require(
            x.Columns == shape.InputChannels && output.Columns == shape.OutputChannels
            && output.Rows == x.Rows / (height * width) * (long)shape.OutputLength(height) * shape.OutputLength(width),
            $"Tensors of {Describe(x)} and {Describe(output)} do not fit a convolution from {shape.InputChannels} to {shape.OutputChannels} channels.");
    }

    /// <summary>Checks the operands of <see cref="Inference.MaxPool2d"/>.</summary>
    public static void RequireMaxPool2d(Tensor x, int height, int width, int size, int stride, Tensor output)
    {
        Require(size > 0 && stride > 0, $"The size and the stride of a pooling window are at least one pixel.");
        RequireConv2d(x, height, width, new Conv2dShape(x.Columns, x.Columns, size, stride), output);
    }

    /// <summary>Checks the operands of <see cref="Inference.Attention"/>.</summary>
    public static void RequireAttention(Tensor query, Tensor key, Tensor value, Sequences sequences, int heads, int largestHead, Tensor output)
    {
        Require(
            query.Columns % heads == 0 && query.Columns / heads <= largestHead,
            $"{query.Columns} features do not split into {heads} heads of at most {largestHead} features.");
        RequireSame(query, key);
        RequireSame(query, value);
        RequireSame(query, output);
        Require(sequences.Rows == query.Rows, $"Sequences of {sequences.Rows} rows do not cover {query.Rows} rows.");
    }

    /// <summary>Checks the bias of <see cref="Inference.Attention"/>.</summary>
    public static void RequireAttentionBias(Tensor query, int heads, AttentionBias bias)
    {
        int kinds = (bias.Table.IsEmpty ? 0 : 1) + (bias.Slopes.IsEmpty ? 0 : 1) + (bias.Distances.IsEmpty ? 0 : 1);
        Require(kinds <= 1, $"Attention has one kind of bias at a time.");
        Require(
            bias.Distances.IsEmpty || (bias.Distances.Rows == heads && bias.Distances.Columns % 2 == 1 && bias.Distances.Type == ElementType.F32),
            $"A bias of {bias.Distances.Type} {Describe(bias.Distances)} by distance does not fit {heads} heads.");
        Require(
            bias.Gates.IsEmpty
            || (!bias.Distances.IsEmpty && bias.Gates.Rows == query.Rows && bias.Gates.Columns == heads && bias.Gates.Type == ElementType.F32),
            $"Gates of {bias.Gates.Type} {Describe(bias.Gates)} do not fit a bias by distance of {heads} heads and {query.Rows} rows.");
    }

    /// <summary>Checks the operands of <see cref="Inference.AttentionGates"/>.</summary>
    public static void RequireAttentionGates(Tensor x, Tensor weights, Tensor scales, Tensor output)
    {
        Require(
            scales.Rows == 1 && scales.Columns > 0 && x.Columns % scales.Columns == 0 && weights.Rows == 2 && weights.Columns == x.Columns / scales.Columns + 1,
            $"Gates of {Describe(weights)} and {Describe(scales)} do not fit rows of {x.Columns} features.");
        Require(
            output.Rows == x.Rows && output.Columns == scales.Columns && output.Data != x.Data,
            $"A result of {Describe(output)} does not fit {x.Rows} rows and {scales.Columns} heads, or overlaps the rows.");
        Require(
            weights.Type == ElementType.F32 && scales.Type == ElementType.F32 && output.Type == ElementType.F32, $"Gates and their weights are in f32.");
    }

    /// <summary>Checks what attention that can be played backward has beside the operands of <see cref="Inference.Attention"/>.</summary>
    internal static void RequireTrainingAttention(Tensor query, Sequences sequences, int heads, AttentionBias bias, Dropout dropout, Tensor logSums)
    {
        Require(
            logSums.Rows == query.Rows && logSums.Columns == heads,
            $"Sums of {Describe(logSums)} do not fit {heads} heads and {query.Rows} rows.");
        Require(
            bias.Slopes.IsEmpty || (bias.Slopes.Rows == 1 && bias.Slopes.Columns == heads),
            $"Slopes of {Describe(bias.Slopes)} do not fit {heads} heads.");
        RequireDropout(dropout);
        if (!bias.Distances.IsEmpty)
        {
            throw new NotSupportedException("Attention with a bias by distance has no backward partner.");
        }

        for (int i = 0; i < sequences.Count; i++)
        {
            int start = sequences.Start(i), length = sequences.Length(i);
            Require(
                bias.Table.IsEmpty || (bias.Table.Columns == length && bias.Table.Rows == (long)heads * length),
                $"A table of {Describe(bias.Table)} does not fit {heads} heads and a sequence of {length} rows.");
            for (int row = 1; !dropout.IsNone && row < length; row++)
            {
                Require(
                    dropout.Place(start + row) == dropout.Place(start) with { Row = dropout.Place(start).Row + row },
                    $"A sequence of attention with dropout must be neighbouring rows of one item.");
            }
        }
    }

    /// <summary>Checks the gradients of attention.</summary>
    internal static void RequireAttentionGradients(Tensor query, Tensor dOutput, Tensor dQuery, Tensor dKey, Tensor dValue, AttentionBias bias, AttentionBias dBias)
    {
        RequireSame(query, dOutput);
        RequireSame(query, dQuery);
        RequireSame(query, dKey);
        RequireSame(query, dValue);
        RequireSameOrEmpty(bias.Table, dBias.Table);
        RequireSameOrEmpty(bias.Slopes, dBias.Slopes);
    }

    /// <summary>Checks a rate of dropout.</summary>
    internal static void RequireDropout(Dropout dropout) => Require(
        dropout.Rate is >= 0 and < 1, $"A rate of dropout is at least 0 and less than 1, not {dropout.Rate}.");

    /// <summary>Checks the operands of <see cref="Inference.Embed"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The table does not have an id.</exception>
    public static void RequireEmbedding(ReadOnlySpan<int> ids, EmbeddingWeights table, Tensor output, Tensor residual = default)
    {
        ArgumentNullException.ThrowIfNull(table);
        RequireSameOrEmpty(output, residual);
        Require(
            ids.Length == output.Rows && table.Columns == output.Columns,
            $"{ids.Length} vectors of {table.Columns} features do not fit a tensor of {Describe(output)}.");
        foreach (int id in ids)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)id, (uint)table.Rows, nameof(ids));
        }
    }

    /// <summary>Checks the parts of a linear layer, and returns its inputs and outputs.</summary>
    public static (int Inputs, int Outputs) RequireLinearWeights(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, WeightData? scale)
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

    /// <summary>Checks the weights of a one-dimensional convolution.</summary>
    public static void RequireConvolutionWeights(WeightData weight, WeightData? bias, Conv1dShape shape) =>
        RequireConvolutionWeights(weight, bias, shape.OutputChannels, shape.InputChannels / shape.Groups, shape.Kernel);

    /// <summary>Checks the weights of a two-dimensional convolution.</summary>
    public static void RequireConvolutionWeights(WeightData weight, WeightData? bias, Conv2dShape shape) =>
        RequireConvolutionWeights(weight, bias, shape.OutputChannels, shape.InputChannels, shape.Kernel, shape.Kernel);

    /// <summary>Requires a vector of a size, or none.</summary>
    public static void RequireVector(WeightData? vector, int size)
    {
        if (vector is not null && (vector.Shape.Count != 1 || vector.Rows != size))
        {
            throw new InvalidDataException($"A vector of {size} numbers was expected, not a tensor of [{string.Join(", ", vector.Shape)}].");
        }
    }

    private static void RequireConvolutionWeights(WeightData weight, WeightData? bias, params ReadOnlySpan<int> shape)
    {
        ArgumentNullException.ThrowIfNull(weight);
        if (!shape.SequenceEqual([.. weight.Shape]))
        {
            throw new InvalidDataException(
                $"The weights of a convolution have the shape [{string.Join(", ", weight.Shape)}], not [{string.Join(", ", shape.ToArray())}].");
        }

        RequireVector(bias, shape[0]);
    }

    private static void RequireSameOrEmpty(Tensor x, Tensor optional)
    {
        if (!optional.IsEmpty)
        {
            RequireSame(x, optional);
        }
    }

    private static string Describe(Tensor x) => $"[{x.Rows}, {x.Columns}]";

    private static void Require(bool condition, [InterpolatedStringHandlerArgument(nameof(condition))] ref RequirementMessage message)
    {
        if (!condition)
        {
            throw new ArgumentException(message.ToString());
        }
    }

    /// <summary>A message that is only composed if the requirement is not met.</summary>
    [InterpolatedStringHandler]
    private ref struct RequirementMessage
    {
        private DefaultInterpolatedStringHandler _text;

        public RequirementMessage(int literalLength, int formattedCount, bool condition, out bool isNeeded)
        {
            isNeeded = !condition;
            _text = isNeeded ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
        }

        public void AppendLiteral(string value) => _text.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public override string ToString() => _text.ToStringAndClear();
    }
}
