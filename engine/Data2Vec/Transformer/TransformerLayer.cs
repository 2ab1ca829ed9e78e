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
    private readonly LinearWeights _attentionOutput = weights.Linear("attention.output", sizes.Hidden, sizes.Hidden, scale: "attention_scale");
    private readonly LinearWeights _intermediate = weights.Linear("feed_forward.intermediate", sizes.Hidden, sizes.FeedForward);
    private readonly LinearWeights _output = weights.Linear("feed_forward.output", sizes.FeedForward, sizes.Hidden, scale: "feed_forward_scale");

    /// <summary>The normalization that belongs to attention.</summary>
    protected NormWeights AttentionNorm { get; } = weights.Norm("attention_norm", sizes.Hidden, sizes.Epsilon);

    /// <summary>The normalization that belongs to the feed-forward block.</summary>
    protected NormWeights FeedForwardNorm { get; } = weights.Norm("feed_forward_norm", sizes.Hidden, sizes.Epsilon);

    /// <summary>Replaces the hidden states <c>[rows, hidden]</c> by the layer's output.</summary>
    public abstract void Forward(Inference run, Tensor x, Sequences sequences, AttentionBias bias);

    /// <summary><c>output = residual + attention(x)</c>.</summary>
    protected void Attend(Inference run, Tensor x, Tensor residual, Tensor output, Sequences sequences, AttentionBias bias)
    {
        long mark = run.Mark();
        int hidden = x.Columns;
        Tensor qkv = run.Linear(x, _queryKeyValue);
        Tensor attended = run.Allocate(x.Rows, hidden);
        run.Attention(
            qkv.SliceColumns(0, hidden), qkv.SliceColumns(hidden, hidden), qkv.SliceColumns(2 * hidden, hidden),
            sequences, sizes.Heads, _scale, bias, attended);
        run.Linear(attended, _attentionOutput, output, residual: residual);
        run.Release(mark);
    }

    /// <summary><c>output = residual + feedForward(x)</c>.</summary>
    protected void FeedForward(Inference run, Tensor x, Tensor residual, Tensor output)
    {
        long mark = run.Mark();
        run.Linear(run.Linear(x, _intermediate, Activation.Gelu), _output, output, residual: residual);
        run.Release(mark);
    }
}
