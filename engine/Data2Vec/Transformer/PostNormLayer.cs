using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Transformer;

/// <summary>
/// A transformer layer that normalizes after each residual (Vaswani et al. 2017; fairseq's
/// <c>TransformerSentenceEncoderLayer</c> with <c>layer_norm_first</c> off).
/// </summary>
internal sealed class PostNormLayer
{
    private readonly int _heads;
    private readonly float _scale;
    private readonly LinearWeights _queryKeyValue;
    private readonly LinearWeights _attentionOutput;
    private readonly NormWeights _attentionNorm;
    private readonly LinearWeights _intermediate;
    private readonly LinearWeights _output;
    private readonly NormWeights _feedForwardNorm;

    public PostNormLayer(WeightReader weights, int hidden, int heads, int feedForward, float epsilon)
    {
        _heads = heads;
        _scale = 1f / MathF.Sqrt(hidden / heads);
        _queryKeyValue = weights.In("attention").Linear(["query", "key", "value"], hidden, hidden);
        _attentionOutput = weights.Linear("attention.output", hidden, hidden);
        _attentionNorm = weights.Norm("attention_norm", hidden, epsilon);
        _intermediate = weights.Linear("feed_forward.intermediate", hidden, feedForward);
        _output = weights.Linear("feed_forward.output", feedForward, hidden);
        _feedForwardNorm = weights.Norm("feed_forward_norm", hidden, epsilon);
    }

    /// <summary>Replaces the hidden states <c>[rows, hidden]</c> by the layer's output.</summary>
    public void Forward(Inference run, Tensor x, Sequences sequences, AttentionBias bias = default)
    {
        long mark = run.Mark();
        int hidden = x.Columns;
        Tensor qkv = run.Linear(x, _queryKeyValue);
        Tensor attended = run.Allocate(x.Rows, hidden);
        run.Attention(
            qkv.SliceColumns(0, hidden), qkv.SliceColumns(hidden, hidden), qkv.SliceColumns(2 * hidden, hidden),
            sequences, _heads, _scale, bias, attended);
        run.LayerNorm(run.Linear(attended, _attentionOutput, residual: x), _attentionNorm, x);
        run.Release(mark);

        Tensor inner = run.Linear(x, _intermediate, Activation.Gelu);
        run.LayerNorm(run.Linear(inner, _output, residual: x), _feedForwardNorm, x);
        run.Release(mark);
    }
}
