using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec;

/// <summary>Inputs in the encoder's form. A long text becomes several parts, whose results are averaged.</summary>
/// <param name="Parts">The parts of all inputs, one input after another.</param>
/// <param name="Weights">For each input the weights of its parts; null if each input is one part.</param>
internal readonly record struct PreparedInputs<T>(IReadOnlyList<ReadOnlyMemory<T>> Parts, double[][]? Weights = null)
{
    /// <summary>Combines the results of parts into the results of inputs.</summary>
    public float[][] Combine(float[][] ofParts)
    {
        if (Weights is null)
        {
            return ofParts;
        }

        var ofInputs = new float[Weights.Length][];
        int next = 0;
        for (int i = 0; i < ofInputs.Length; i++)
        {
            if (Weights[i].Length == 1)
            {
                ofInputs[i] = ofParts[next++];
                continue;
            }

            float[] mean = ofInputs[i] = new float[ofParts[next].Length];
            foreach (double weight in Weights[i])
            {
                TensorPrimitives.MultiplyAdd(ofParts[next++], (float)weight, mean, mean);
            }
        }

        return ofInputs;
    }
}
