using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Transformer;

/// <summary>
/// Attention with linear biases (Press et al. 2022), as data2vec 2.0 has it (fairseq's <c>get_alibi</c>): a slope for each head, times
/// a learned scale.
/// </summary>
internal static class Alibi
{
    private const string Scale = "alibi_scale";

    /// <summary>The bias of each layer.</summary>
    /// <param name="encoder">
    /// Has <c>alibi_scale</c>, <c>[1 or layers, 1 or heads]</c>; below 0 it counts as 0.
    /// </param>
    /// <param name="sizes">The transformer's.</param>
    public static Func<int, AttentionBias> Read(WeightReader encoder, TransformerSizes sizes)
    {
        IReadOnlyList<int> shape = encoder.Shape(Scale);
        if (shape is not [var layers, var heads] || (layers != 1 && layers != sizes.Layers) || (heads != 1 && heads != sizes.Heads))
        {
            throw new InvalidDataException($"tensor 'encoder.{Scale}' has the shape [{string.Join(", ", shape)}], but the configuration says [1 or {sizes.Layers}, 1 or {sizes.Heads}]");
        }

        float[] scales = encoder.Values(Scale, layers, heads);
        AttentionBias[] biases = [.. scales.Chunk(heads).Select(ofLayer => new AttentionBias(Slopes: encoder.Constant(
            [.. Slopes(sizes.Heads).Select((slope, head) => slope * MathF.Max(ofLayer[heads == 1 ? 0 : head], 0))], 1, sizes.Heads)))];
        return layer => biases[layers == 1 ? 0 : layer];
    }

    /// <summary>
    /// <c>2^(-8 / n), 2^(-16 / n) …</c> where there are <c>n</c> heads, a power of two; otherwise those of the power below, then every
    /// second one of the power above.
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
