using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Memes.Fusion;

/// <summary><c>y = x W^T + b</c>.</summary>
/// <param name="weight"><c>[outputs, inputs]</c>.</param>
/// <param name="bias"><c>[outputs]</c>.</param>
internal sealed class LinearLayer(float[] weight, float[] bias)
{
    public int Inputs => weight.Length / bias.Length;

    public int Outputs => bias.Length;

    public float[] Weight => weight;

    public float[] Bias => bias;

    /// <param name="x"><c>[inputs]</c> for each example.</param>
    /// <param name="y">Receives <c>[examples, outputs]</c>.</param>
    public void Forward(ReadOnlySpan<ReadOnlyMemory<float>> x, Span<float> y)
    {
        // Each row of weights is read once for all examples.
        for (int output = 0; output < Outputs; output++)
        {
            ReadOnlySpan<float> row = weight.AsSpan(output * Inputs, Inputs);
            for (int example = 0; example < x.Length; example++)
            {
                y[example * Outputs + output] = TensorPrimitives.Dot(row, x[example].Span) + bias[output];
            }
        }
    }
}
