using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Memes.Fusion;

/// <summary><c>y = x W^T + b</c>, forward and backward.</summary>
internal sealed class LinearLayer(int inputs, int outputs)
{
    public int Inputs => inputs;

    public int Outputs => outputs;

    /// <summary><c>[outputs, inputs]</c>.</summary>
    public float[] Weight { get; } = new float[checked(outputs * inputs)];

    public float[] Bias { get; } = new float[outputs];

    /// <summary>Draws uniform parameters of at most one over the square root of the inputs, as PyTorch's <c>Linear.reset_parameters</c> does.</summary>
    public void Initialize(Random random)
    {
        float bound = 1 / MathF.Sqrt(inputs);
        foreach (float[] parameters in (float[][])[Weight, Bias])
        {
            foreach (ref float parameter in parameters.AsSpan())
            {
                parameter = bound * (2 * random.NextSingle() - 1);
            }
        }
    }

    /// <param name="x"><c>[inputs]</c> for each example.</param>
    /// <param name="y">Receives <c>[examples, outputs]</c>.</param>
    public void Forward(ReadOnlySpan<ReadOnlyMemory<float>> x, Span<float> y)
    {
        // Each row of weights is read once for all examples.
        for (int output = 0; output < outputs; output++)
        {
            ReadOnlySpan<float> row = Row(Weight, output);
            for (int example = 0; example < x.Length; example++)
            {
                y[example * outputs + output] = TensorPrimitives.Dot(row, x[example].Span) + Bias[output];
            }
        }
    }

    /// <summary>The output after ReLU, <c>[examples, outputs]</c>.</summary>
    public float[] ForwardReLU(ReadOnlySpan<ReadOnlyMemory<float>> x)
    {
        var y = new float[x.Length * outputs];
        Forward(x, y);
        TensorPrimitives.Max(y, 0f, y);
        return y;
    }

    /// <param name="x">The input of <see cref="Forward"/>.</param>
    /// <param name="dy">The gradient of the outputs, <c>[examples, outputs]</c>.</param>
    /// <param name="gradient">Receives the gradient of the parameters.</param>
    /// <param name="dx">Receives the gradient of the inputs, <c>[examples, inputs]</c>; empty if it is not needed.</param>
    public void Backward(ReadOnlySpan<ReadOnlyMemory<float>> x, ReadOnlySpan<float> dy, LinearLayer gradient, Span<float> dx)
    {
        dx.Clear();
        for (int output = 0; output < outputs; output++)
        {
            Span<float> row = Row(gradient.Weight, output);
            row.Clear();
            float bias = 0;
            for (int example = 0; example < x.Length; example++)
            {
                float d = dy[example * outputs + output];
                bias += d;
                TensorPrimitives.MultiplyAdd(x[example].Span, d, row, row);
                if (!dx.IsEmpty)
                {
                    Span<float> of = dx.Slice(example * inputs, inputs);
                    TensorPrimitives.MultiplyAdd(Row(Weight, output), d, of, of);
                }
            }

            gradient.Bias[output] = bias;
        }
    }

    public LinearLayer Copy()
    {
        var copy = new LinearLayer(inputs, outputs);
        Weight.CopyTo(copy.Weight, 0);
        Bias.CopyTo(copy.Bias, 0);
        return copy;
    }

    private Span<float> Row(float[] weight, int output) => weight.AsSpan(output * inputs, inputs);
}
