namespace Data2Vec.Transformer;

/// <summary>
/// Attention with linear biases (Press et al. 2022) as in data2vec 2.0 (fairseq's <c>get_alibi</c>): one slope per head, times a learned scale.
/// </summary>
internal static class Alibi
{
    /// <summary>Declares <c>encoder.alibi_scale</c> and computes each layer's bias. Scales below 0 count as 0.</summary>
    public static AttentionBias[] Create(ParameterScope parameters, TransformerConfig config)
    {
        int heads = config.Heads;
        WeightData scales = parameters.In("encoder").Constant(new Parameter("alibi_scale", [config.Layers, heads], ParameterRole.Constant)
        {
            MayBroadcast = true,
            Initial = InitialValue.One,
        })!;
        float[] slopes = Slopes(heads);
        AttentionBias[] biases = [.. Enumerable.Range(0, scales.Rows).Select(layer => new AttentionBias(
            Slopes: parameters.Activations(1, heads, () => Scaled(layer), new DerivedBackward([scales], (gradient, _, ofScales) =>
            {
                float[] all = scales.ToArray();
                for (int head = 0; head < heads; head++)
                {
                    ofScales[Place(layer, head)] += all[Place(layer, head)] > 0 ? slopes[head] * gradient[head] : 0;
                }
            }))))];
        return biases.Length == 1 ? [.. Enumerable.Repeat(biases[0], config.Layers)] : biases;

        int Place(int layer, int head) => layer * scales.RowSize + (scales.RowSize == 1 ? 0 : head);

        float[] Scaled(int layer)
        {
            float[] all = scales.ToArray();
            return [.. slopes.Select((slope, head) => slope * MathF.Max(all[Place(layer, head)], 0))];
        }
    }

    /// <summary>
    /// <c>2^(-8 / n), 2^(-16 / n) …</c> for <c>n</c> heads if <c>n</c> is a power of two; otherwise the slopes of the power below, then every
    /// second slope of the power above.
    /// </summary>
    internal static float[] Slopes(int heads)
    {
        int power = 1 << (int)Math.Log2(heads);
        return
        [
            .. Enumerable.Range(1, power).Select(i => (float)Math.Pow(2, -8.0 * i / power)),
            .. Enumerable.Range(0, heads - power).Select(i => (float)Math.Pow(2, -8.0 * (2 * i + 1) / (2 * power))),
        ];
    }
}
