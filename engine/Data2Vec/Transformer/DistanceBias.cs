namespace Data2Vec.Transformer;

/// <summary>The bias of attention by the bucket of the distance (<c>compute_bias</c> of WavLM, <c>compute_position_bias</c> of MPNet), which all layers share.</summary>
internal static class DistanceBias
{
    /// <summary>Declares <c>encoder.relative_position_bias.weight</c>, and computes the bias, without gates.</summary>
    public static AttentionBias Create(ParameterScope parameters, DistanceBuckets buckets, int heads)
    {
        WeightData table = parameters.In("encoder").Constant(
            new Parameter("relative_position_bias.weight", [buckets.Count, heads], ParameterRole.Constant) { Initial = InitialValue.Zero })!;
        return new AttentionBias(Distances: parameters.Activations(heads, 2 * buckets.Farthest + 1, () => Expand(table.ToArray(), buckets, heads)));
    }

    /// <summary>Expands a table with one value per bucket to one value per distance, <c>[heads, 2 * distance + 1]</c>.</summary>
    private static float[] Expand(ReadOnlySpan<float> table, DistanceBuckets buckets, int heads)
    {
        int distances = 2 * buckets.Farthest + 1;
        var bias = new float[checked(heads * distances)];
        for (int i = 0; i < distances; i++)
        {
            int bucket = buckets.Bucket(i - buckets.Farthest);
            for (int head = 0; head < heads; head++)
            {
                bias[head * distances + i] = table[bucket * heads + head];
            }
        }

        return bias;
    }
}
