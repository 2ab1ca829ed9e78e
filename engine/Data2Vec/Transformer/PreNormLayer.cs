namespace Data2Vec.Transformer;

/// <summary>
/// A layer that normalizes before attention and feed-forward block and may scale what they add (Bao et al. 2022, Touvron et al. 2021; fairseq's
/// <c>Block</c> of <c>data2vec_vision</c>).
/// </summary>
/// <param name="parameters">The layer's parameters.</param>
/// <param name="config">The transformer's structure.</param>
/// <param name="number">The layer's number, from 0.</param>
/// <param name="isScaled">Whether there may be scales.</param>
/// <param name="biases">Which projections of attention have a bias; null if that of the keys is optional.</param>
internal sealed class PreNormLayer(
    ParameterScope parameters, TransformerConfig config, int number, bool isScaled = true, AttentionBiases? biases = null)
    : TransformerLayer(parameters, config, new LayerForm(number + 1, isScaled, biases))
{
    public override Tensor Forward(Inference run, Tensor x, Sequences sequences, AttentionBias bias, Observer? observer, int number)
    {
        long mark = run.Mark();
        Tensor normed = run.Allocate(x.Rows, x.Columns);
        Tensor middle = run.Allocate(x.Rows, x.Columns);
        long inner = run.Mark();
        run.LayerNorm(x, AttentionNorm, normed);
        Tensor attended = Attend(run, normed, sequences, bias);
        normed = run.Reuse(normed);
        run.LinearNorm(attended, AttentionOutput, FeedForwardNorm, middle, normed, residual: x);
        run.Release(inner);
        Tensor output = run.Reuse(x);
        run.Linear(Expand(run, normed), FeedForwardOutput, output, residual: middle);
        run.Release(mark);
        return output;
    }
}
