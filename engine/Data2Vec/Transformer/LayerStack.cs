namespace Data2Vec.Transformer;

/// <summary>The layers of a transformer, one after another.</summary>
/// <param name="parameters">The model's parameters; layer <c>i</c> is <c>encoder.i</c>.</param>
/// <param name="count">The number of layers.</param>
/// <param name="create">Creates the layer of a scope and a number.</param>
internal sealed class LayerStack(ParameterScope parameters, int count, Func<ParameterScope, int, TransformerLayer> create)
{
    private readonly TransformerLayer[] _layers = [.. Enumerable.Range(0, count).Select(i => create(parameters.In("encoder").In(i), i))];

    /// <summary>Runs hidden states through the layers.</summary>
    /// <param name="run">The inference.</param>
    /// <param name="x">Hidden states <c>[rows, hidden]</c>. Their memory may be reused.</param>
    /// <param name="sequences">The rows of each input.</param>
    /// <param name="biases">Each layer's attention bias; empty for none.</param>
    /// <param name="layer">The last layer to run, 0 for none; null for all.</param>
    /// <param name="observer">Sees every layer.</param>
    /// <param name="cancellation">Checked before each layer.</param>
    public Tensor Forward(
        Inference run, Tensor x, Sequences sequences, ReadOnlySpan<AttentionBias> biases, int? layer, Observer? observer, CancellationToken cancellation)
    {
        observer?.Layer(0, x);
        for (int number = 0; number < (layer ?? _layers.Length); number++)
        {
            int i = number;
            cancellation.ThrowIfCancellationRequested();
            TransformerLayer current = _layers[i];
            AttentionBias bias = biases.IsEmpty ? default : biases[i];
            x = run.Segment(new ModelPart(ModelPartKind.Layer, i), x, input => current.Forward(run, input, sequences, bias, observer, i));
            observer?.Layer(i + 1, x);
        }

        return x;
    }
}
