using Data2Vec.Audio;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec;

/// <summary>Inputs in the encoder's form. A long text or recording becomes several parts, whose results are averaged or joined.</summary>
/// <param name="Parts">The parts of all inputs, one input after another.</param>
/// <param name="Weights">For each input the weights of its parts; null if each input is one part.</param>
/// <param name="Windows">For each input the windows that its parts are; null if the rows of parts cannot be joined.</param>
internal readonly record struct PreparedInputs<T>(
    IReadOnlyList<ReadOnlyMemory<T>> Parts, double[][]? Weights = null, IReadOnlyList<RecordingWindow>[]? Windows = null)
{
    /// <summary>Rows at the start of each part that are not pooled: those of a prompt that stays out of the vector.</summary>
    public int SkippedRows { get; init; }

    /// <summary>Joins the rows of parts into the rows of inputs.</summary>
    /// <param name="ofParts">The rows of each part.</param>
    /// <param name="layers">The number of layers, whose rows follow on one another.</param>
    public float[][] Join(float[][] ofParts, int layers = 1)
    {
        if (Windows is null)
        {
            return Combine(ofParts);
        }

        var ofInputs = new float[Windows.Length][];
        int next = 0;
        for (int i = 0; i < ofInputs.Length; i++)
        {
            ofInputs[i] = Windows[i].Count == 1 ? ofParts[next] : Join(Windows[i], ofParts.AsSpan(next, Windows[i].Count), layers);
            next += Windows[i].Count;
        }

        return ofInputs;
    }

    private static float[] Join(IReadOnlyList<RecordingWindow> windows, ReadOnlySpan<float[]> rows, int layers)
    {
        int columns = rows[0].Length / layers / windows[0].Rows;
        var joined = new float[checked(layers * windows.Sum(window => window.Count) * columns)];
        Span<float> rest = joined;
        for (int layer = 0; layer < layers; layer++)
        {
            for (int i = 0; i < windows.Count; i++)
            {
                int length = rows[i].Length / layers;
                ReadOnlySpan<float> kept = windows[i].Kept(rows[i].AsSpan(layer * length, length));
                kept.CopyTo(rest);
                rest = rest[kept.Length..];
            }
        }

        return joined;
    }

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
