using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Transformer;

/// <summary>
/// A layer that normalizes after each residual (Vaswani et al. 2017; fairseq's <c>TransformerSentenceEncoderLayer</c> and data2vec 2.0's
/// <c>AltBlock</c> with <c>layer_norm_first</c> off).
/// </summary>
internal sealed class PostNormLayer(WeightReader weights, TransformerSizes sizes) : TransformerLayer(weights, sizes)
{
    public override void Forward(Inference run, Tensor x, Sequences sequences, AttentionBias bias)
    {
        long mark = run.Mark();
        Tensor middle = run.Allocate(x.Rows, x.Columns);
        long inner = run.Mark();
        run.LinearNorm(Attend(run, x, sequences, bias), AttentionOutput, AttentionNorm, middle, normed: middle, residual: x);
        run.Release(inner);
        run.LinearNorm(Expand(run, middle), FeedForwardOutput, FeedForwardNorm, x, normed: x, residual: middle);
        run.Release(mark);
    }
}
