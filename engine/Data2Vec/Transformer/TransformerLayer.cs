using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Transformer;

/// <summary>A transformer layer: attention, then a feed-forward block; the kinds differ in where they normalize.</summary>
/// <param name="weights">The layer's.</param>
/// <param name="sizes">The transformer's.</param>
internal abstract class TransformerLayer(WeightReader weights, TransformerSizes sizes)
{
    private readonly float _scale = 1f / MathF.Sqrt(sizes.Hidden / sizes.Heads);
    private readonly LinearWeights _queryKeyValue = weights.In("attention").Linear(["query", "key", "value"], sizes.Hidden, sizes.Hidden);
    private readonly LinearWeights _intermediate = weights.Linear("feed_forward.intermediate", sizes.Hidden, sizes.FeedForward);

    /// <summary>What follows <see cref="Attend"/>; a residual is added to what it makes.</summary>
    protected LinearWeights AttentionOutput { get; } = weights.Linear("attention.output", sizes.Hidden, sizes.Hidden, scale: "attention_scale");

    /// <summary>What follows <see cref="Expand"/>; a residual is added to what it makes.</summary>
    protected LinearWeights FeedForwardOutput { get; } = weights.Linear("feed_forward.output", sizes.FeedForward, sizes.Hidden, scale: "feed_forward_scale");

    /// <summary>The normalization that belongs to attention.</summary>
    protected NormWeights AttentionNorm { get; } = weights.Norm("attention_norm", sizes.Hidden, sizes.Epsilon);

    /// <summary>The normalization that belongs to the feed-forward block.</summary>
    protected NormWeights FeedForwardNorm { get; } = weights.Norm("feed_forward_norm", sizes.Hidden, sizes.Epsilon);

    /// <summary>Replaces the hidden states <c>[rows, hidden]</c> by the layer's output.</summary>
    public abstract void Forward(Inference run, Tensor x, Sequences sequences, AttentionBias bias);

    /// <summary>What the heads make of hidden states, one after another <c>[rows, hidden]</c>.</summary>
    protected Tensor Attend(Inference run, Tensor x, Sequences sequences, AttentionBias bias)
    {
        int hidden = x.Columns;
        Tensor qkv = run.Linear(x, _queryKeyValue), attended = run.Allocate(x.Rows, hidden);
        run.Attention(
            qkv.SliceColumns(0, hidden), qkv.SliceColumns(hidden, hidden), qkv.SliceColumns(2 * hidden, hidden),
            sequences, sizes.Heads, _scale, bias, attended);
        return attended;
    }

    /// <summary>What the first half of the feed-forward block makes of hidden states, <c>[rows, feed-forward size]</c>.</summary>
    protected Tensor Expand(Inference run, Tensor x) => run.Linear(x, _intermediate, Activation.Gelu);
}
