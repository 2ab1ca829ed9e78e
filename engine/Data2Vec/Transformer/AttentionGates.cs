namespace Data2Vec.Transformer;

/// <summary>
/// The gates that multiply a layer's bias by distance (Chi et al. 2022, Chen et al. 2022): a linear layer of eight outputs on the features of each head, whose
/// first and last four are summed, and a scale for each head.
/// </summary>
internal sealed class AttentionGates
{
    private const int Outputs = 8, Functions = 2;

    private readonly int _heads;
    private readonly Tensor _weights, _scales;

    /// <param name="parameters">The parameters of attention.</param>
    /// <param name="hidden">Features of a row.</param>
    /// <param name="heads">The number of heads.</param>
    public AttentionGates(ParameterScope parameters, int hidden, int heads)
    {
        _heads = heads;
        int size = hidden / heads;
        WeightData weight = parameters.Constant(new Parameter("gate.weight", [Outputs, size], ParameterRole.Constant) { Initial = InitialValue.Uniform(size) })!;
        WeightData bias = parameters.Constant(new Parameter("gate.bias", [Outputs], ParameterRole.Bias) { Initial = InitialValue.Zero })!;
        WeightData scale = parameters.Constant(new Parameter("gate_scale", [heads], ParameterRole.Constant) { Initial = InitialValue.One })!;
        _weights = parameters.Activations(Functions, size + 1, () => Sum(weight.ToArray(), bias.ToArray(), size));
        _scales = parameters.Activations(1, heads, scale.ToArray);
    }

    /// <summary>The gates of rows that attention is to be applied to, <c>[rows, heads]</c>.</summary>
    public Tensor Of(Inference run, Tensor x)
    {
        Tensor gates = run.Allocate(x.Rows, _heads, ElementType.F32);
        run.AttentionGates(x, _weights, _scales, gates);
        return gates;
    }

    // The sum of linear functions is the function of their sum.
    private static float[] Sum(float[] weight, float[] bias, int size)
    {
        var sums = new double[Functions * (size + 1)];
        for (int output = 0; output < Outputs; output++)
        {
            int first = output / (Outputs / Functions) * (size + 1);
            for (int i = 0; i < size; i++)
            {
                sums[first + i] += weight[output * size + i];
            }

            sums[first + size] += bias[output];
        }

        return [.. sums.Select(sum => (float)sum)];
    }
}
