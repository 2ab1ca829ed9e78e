using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Transformer;

/// <summary>
/// A transformer layer that normalizes before attention and feed-forward block and may scale what they add (Bao et al. 2022, Touvron
/// et al. 2021; fairseq's <c>Block</c> of <c>data2vec_vision</c>).
/// </summary>
internal sealed class PreNormLayer
{
    private readonly int _heads;
    private readonly float _scale;
    private readonly NormWeights _attentionNorm;
    private readonly LinearWeights _queryKeyValue;
    private readonly LinearWeights _attentionOutput;
    private readonly NormWeights _feedForwardNorm;
    private readonly LinearWeights _intermediate;
    private readonly LinearWeights _output;

    public PreNormLayer(WeightReader weights, int hidden, int heads, int feedForward, float epsilon)
    {
        _heads = heads;
        _scale = 1f / MathF.Sqrt(hidden / heads);
        _attentionNorm = weights.Norm("attention_norm", hidden, epsilon);
        _queryKeyValue = weights.In("attention").Linear(["query", "key", "value"], hidden, hidden);
        _attentionOutput = weights.Linear("attention.output", hidden, hidden, scale: "attention_scale");
        _feedForwardNorm = weights.Norm("feed_forward_norm", hidden, epsilon);
        _intermediate = weights.Linear("feed_forward.intermediate", hidden, feedForward);
        _output = weights.Linear("feed_forward.output", feedForward, hidden, scale: "feed_forward_scale");
    }

    /// <summary>Replaces the hidden states <c>[rows, hidden]</c> by the layer's output.</summary>
    public void Forward(Inference run, Tensor x, Sequences sequences, AttentionBias bias = default)
    {
        long outer = run.Mark();
        int hidden = x.Columns;
        Tensor normed = run.Allocate(x.Rows, hidden);
        Tensor middle = run.Allocate(x.Rows, hidden);
        long mark = run.Mark();
        run.LayerNorm(x, _attentionNorm, normed);
        Tensor qkv = run.Linear(normed, _queryKeyValue);
        Tensor attended = run.Allocate(x.Rows, hidden);
        run.Attention(
            qkv.SliceColumns(0, hidden), qkv.SliceColumns(hidden, hidden), qkv.SliceColumns(2 * hidden, hidden),
            sequences, _heads, _scale, bias, attended);
        run.Linear(attended, _attentionOutput, middle, residual: x);
        run.Release(mark);

        run.LayerNorm(middle, _feedForwardNorm, normed);
        Tensor inner = run.Linear(normed, _intermediate, Activation.Gelu);
        run.Linear(inner, _output, x, residual: middle);
        run.Release(outer);
    }
}
