using Data2Vec.Kernels;

namespace Data2Vec.Backend.Tests;

/// <summary>
/// A backend with plain loops, in public API only: the reference for the author of a new backend. Weights become arrays of floats, activations
/// are f32 tensors in a <see cref="HostArena"/>.
/// </summary>
internal sealed class ScalarBackend : Kernels.Backend
{
    public override string Name => "scalar";

    public override string Description => "plain loops";

    public override WeightStore CreateStore() => new ScalarStore();
}

internal sealed unsafe class ScalarStore : WeightStore
{
    private readonly HostArena _constants = new();

    public override int PreferredBatchRows => 256;

    public override int PreferredConvolutionRows => 256;

    public override LinearWeights Linear(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, WeightData? scale)
    {
        (int inputs, int outputs) = OperationShapes.RequireLinearWeights(parts, scale);
        var weights = new List<float>();
        var biases = new List<float>();
        foreach ((WeightData weight, WeightData? bias) in parts)
        {
            weights.AddRange(weight.ToArray());
            biases.AddRange(bias?.ToArray() ?? new float[weight.Rows]);
        }

        return new ScalarLinear(inputs, outputs, [.. weights], [.. biases], scale?.ToArray() ?? [.. Enumerable.Repeat(1f, outputs)]);
    }

    public override Conv1dWeights Conv1d(WeightData weight, WeightData? bias, Conv1dShape shape)
    {
        OperationShapes.RequireConvolutionWeights(weight, bias, shape);
        return new ScalarConv1d(shape, weight.ToArray(), bias?.ToArray() ?? new float[shape.OutputChannels]);
    }

    public override Conv2dWeights Conv2d(WeightData weight, WeightData? bias, Conv2dShape shape)
    {
        OperationShapes.RequireConvolutionWeights(weight, bias, shape);
        return new ScalarConv2d(shape, weight.ToArray(), bias?.ToArray() ?? new float[shape.OutputChannels]);
    }

    public override NormWeights Norm(WeightData? weight, WeightData? bias, int size, float epsilon)
    {
        OperationShapes.RequireVector(weight, size);
        OperationShapes.RequireVector(bias, size);
        return new ScalarNorm(size, epsilon, weight?.ToArray() ?? [.. Enumerable.Repeat(1f, size)], bias?.ToArray() ?? new float[size]);
    }

    public override EmbeddingWeights Embedding(WeightData table) => new ScalarEmbedding(table);

    public override Tensor Constant(ReadOnlySpan<float> values, int rows, int columns)
    {
        var tensor = new Tensor(_constants.Allocate((long)values.Length * sizeof(float)), rows, columns, columns);
        values.CopyTo(new Span<float>(tensor.Row(0), values.Length));
        return tensor;
    }

    public override Inference Begin() => new ScalarInference();

    protected override void Dispose(bool disposing) => _constants.Dispose();
}

internal sealed class ScalarLinear(int inputs, int outputs, float[] weights, float[] bias, float[] scale) : LinearWeights(inputs, outputs)
{
    public float[] Weights => weights;

    public float[] Bias => bias;

    public float[] Scale => scale;
}

internal sealed class ScalarConv1d(Conv1dShape shape, float[] weights, float[] bias) : Conv1dWeights(shape)
{
    public float[] Weights => weights;

    public float[] Bias => bias;
}

internal sealed class ScalarConv2d(Conv2dShape shape, float[] weights, float[] bias) : Conv2dWeights(shape)
{
    public float[] Weights => weights;

    public float[] Bias => bias;
}

internal sealed class ScalarNorm(int size, float epsilon, float[] gain, float[] bias) : NormWeights(size, epsilon)
{
    public float[] Gain => gain;

    public float[] Bias => bias;
}

internal sealed class ScalarEmbedding(WeightData table) : EmbeddingWeights(table.Rows, table.RowSize)
{
    public WeightData Table => table;
}
