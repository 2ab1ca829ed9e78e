namespace Data2Vec.Transformer;

/// <summary>A transformer layer: attention, then a feed-forward block. The kinds differ in where they normalize.</summary>
internal abstract class TransformerLayer
{
    private const float MatrixDeviation = 0.02f;

    private readonly int _heads;
    private readonly float _scale;
    private readonly LinearWeights _queryKeyValue;
    private readonly LinearWeights _intermediate;
    private readonly AttentionGates? _gates;

    /// <param name="parameters">The layer's parameters.</param>
    /// <param name="config">The transformer's structure.</param>
    /// <param name="form">What the layer has.</param>
    protected TransformerLayer(ParameterScope parameters, TransformerConfig config, LayerForm form)
    {
        int hidden = config.HiddenSize, feedForward = config.FeedForwardSize;
        _heads = config.Heads;
        _scale = 1f / MathF.Sqrt(hidden / _heads);
        InitialValue outputs = InitialValue.Normal(form.Depth > 0 ? MatrixDeviation / MathF.Sqrt(2 * form.Depth) : MatrixDeviation);

        ParameterScope attention = parameters.In("attention");
        _queryKeyValue = parameters.Linear(
            [Projection("query", hasBias: true), Projection("key", hasBias: form.Biases is not AttentionBiases.QueryValue), Projection("value", hasBias: true)]);
        _gates = config.DistanceBuckets is { IsGated: true } ? new AttentionGates(attention, hidden, _heads) : null;
        var attentionOutput = attention.Affine("output", hidden, hidden, outputs);
        AttentionNorm = parameters.Norm("attention_norm", hidden, config.Epsilon);
        _intermediate = parameters.Linear("feed_forward.intermediate", hidden, feedForward);
        var feedForwardOutput = parameters.Affine("feed_forward.output", feedForward, hidden, outputs);
        FeedForwardNorm = parameters.Norm("feed_forward_norm", hidden, config.Epsilon);

        // Layer scale (Touvron et al. 2021) multiplies what a block adds to the residual.
        const float InitialScale = 1e-4f;
        AttentionOutput = parameters.Linear([attentionOutput], form.IsScaled ? parameters.Scale("attention_scale", hidden, InitialScale) : null);
        FeedForwardOutput = parameters.Linear([feedForwardOutput], form.IsScaled ? parameters.Scale("feed_forward_scale", hidden, InitialScale) : null);

        AttentionOutput.Dropout = FeedForwardOutput.Dropout = DropoutSite.Branch;
        _intermediate.Dropout = DropoutSite.Activation;

        (WeightData Weight, WeightData? Bias) Projection(string name, bool hasBias) => attention.Affine(
            name, hidden, hidden, biasIsOptional: name == "key" && form.Biases is null, hasBias: hasBias && form.Biases is not AttentionBiases.None);
    }

    /// <summary>Follows <see cref="Attend"/>; its result is added to the residual.</summary>
    protected LinearWeights AttentionOutput { get; }

    /// <summary>Follows <see cref="Expand"/>; its result is added to the residual.</summary>
    protected LinearWeights FeedForwardOutput { get; }

    /// <summary>The normalization of the attention block.</summary>
    protected NormWeights AttentionNorm { get; }

    /// <summary>The normalization of the feed-forward block.</summary>
    protected NormWeights FeedForwardNorm { get; }

    /// <summary>Computes the layer's output from hidden states, both <c>[rows, hidden]</c>. The memory of <paramref name="x"/> may be reused.</summary>
    /// <param name="run">The inference.</param>
    /// <param name="x">The hidden states.</param>
    /// <param name="sequences">The rows of each input.</param>
    /// <param name="bias">The attention bias.</param>
    /// <param name="observer">Sees what the feed-forward block adds.</param>
    /// <param name="number">The layer's number, from 0.</param>
    public abstract Tensor Forward(Inference run, Tensor x, Sequences sequences, AttentionBias bias, Observer? observer, int number);

    /// <summary>The outputs of all attention heads side by side, <c>[rows, hidden]</c>.</summary>
    protected Tensor Attend(Inference run, Tensor x, Sequences sequences, AttentionBias bias)
    {
        int hidden = x.Columns;
        bias = _gates is null ? bias : bias with { Gates = _gates.Of(run, x) };
        Tensor qkv = run.Linear(x, _queryKeyValue), attended = run.Allocate(x.Rows, hidden);
        run.Attention(
            qkv.SliceColumns(0, hidden), qkv.SliceColumns(hidden, hidden), qkv.SliceColumns(2 * hidden, hidden),
            sequences, _heads, _scale, bias, attended);
        return attended;
    }

    /// <summary>The first half of the feed-forward block, <c>[rows, feed-forward size]</c>.</summary>
    protected Tensor Expand(Inference run, Tensor x) => run.Linear(x, _intermediate, Activation.Gelu);
}
