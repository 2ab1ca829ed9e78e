namespace Data2Vec.Transformer;

/// <summary>
/// A layer that normalizes after each residual (Vaswani et al. 2017; fairseq's <c>TransformerSentenceEncoderLayer</c>, and data2vec 2.0's
/// <c>AltBlock</c> without <c>layer_norm_first</c>).
/// </summary>
internal sealed class PostNormLayer(ParameterScope parameters, TransformerConfig config) : TransformerLayer(parameters, config, depth: 0)
{
    public override Tensor Forward(Inference run, Tensor x, Sequences sequences, AttentionBias bias)
    {
        long mark = run.Mark();
        Tensor middle = run.Allocate(x.Rows, x.Columns);
        long inner = run.Mark();
        run.LinearNorm(Attend(run, x, sequences, bias), AttentionOutput, AttentionNorm, middle, normed: middle, residual: x);
        run.Release(inner);
        Tensor output = run.Reuse(x);
        run.LinearNorm(Expand(run, middle), FeedForwardOutput, FeedForwardNorm, output, normed: output, residual: middle);
        run.Release(mark);
        return output;
    }
}
