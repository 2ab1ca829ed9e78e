namespace Data2Vec.Transformer;

/// <summary>
/// A layer that normalizes after each residual (Vaswani et al. 2017; fairseq's <c>TransformerSentenceEncoderLayer</c>, and data2vec 2.0's
/// <c>AltBlock</c> without <c>layer_norm_first</c>).
/// </summary>
internal sealed class PostNormLayer(ParameterScope parameters, TransformerConfig config) : TransformerLayer(parameters, config, new LayerForm(0, false, AttentionBiases.All))
{
    public override Tensor Forward(Inference run, Tensor x, Sequences sequences, AttentionBias bias, Observer? observer, int number)
    {
        long mark = run.Mark();
        Tensor middle = run.Allocate(x.Rows, x.Columns);
        long inner = run.Mark();
        run.LinearNorm(Attend(run, x, sequences, bias), AttentionOutput, AttentionNorm, middle, normed: middle, residual: x);
        run.Release(inner);
        Tensor output = run.Reuse(x);
        Tensor expanded = Expand(run, middle);
        if (observer is { SeesFeedForward: true })
        {
            // The norm's input alone, which the fused operation does not have.
            Tensor added = run.Linear(expanded, FeedForwardOutput);
            observer.FeedForward(number, added);
            run.LayerNorm(added, FeedForwardNorm, output, residual: middle);
        }
        else
        {
            run.LinearNorm(expanded, FeedForwardOutput, FeedForwardNorm, output, normed: output, residual: middle);
        }

        run.Release(mark);
        return output;
    }
}
