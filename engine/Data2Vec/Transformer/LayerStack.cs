using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Transformer;

/// <summary>The layers of a transformer, one after another.</summary>
internal sealed class LayerStack
{
    /// <summary>What all layers have, or none.</summary>
    private static readonly string[] s_optional =
    [
        "attention.query.bias", "attention.key.bias", "attention.value.bias", "attention_scale", "feed_forward_scale", "relative_position_bias.weight",
    ];

    private readonly TransformerLayer[] _layers;
    private readonly AttentionBias[] _biases;

    /// <param name="weights">The model's.</param>
    /// <param name="sizes">The transformer's.</param>
    /// <param name="create">Makes a layer.</param>
    /// <param name="biases">What each layer's attention adds to its scores for the places of query and key.</param>
    public LayerStack(
        WeightReader weights, TransformerSizes sizes, Func<WeightReader, TransformerSizes, TransformerLayer> create, Func<int, AttentionBias>? biases = null)
    {
        WeightReader encoder = weights.In("encoder");
        _layers = [.. Enumerable.Range(0, sizes.Layers).Select(i => create(encoder.In(i), sizes))];
        foreach (string name in s_optional)
        {
            if (Enumerable.Range(0, sizes.Layers).Count(i => encoder.In(i).Has(name)) is var count && count != 0 && count != sizes.Layers)
            {
                throw new InvalidDataException($"'{name}' is there for {count} of {sizes.Layers} layers");
            }
        }

        _biases = [.. Enumerable.Range(0, sizes.Layers).Select(i => biases?.Invoke(i) ?? default)];
    }

    /// <summary>Replaces what enters the first layer by a layer's output.</summary>
    /// <param name="run">Where it runs.</param>
    /// <param name="x">Hidden states <c>[rows, hidden]</c>.</param>
    /// <param name="sequences">The rows of each input.</param>
    /// <param name="layer">The last layer to run, 0 for none; null for all.</param>
    /// <param name="observe">Sees <c>layer.0</c>, which enters the first layer, and what each layer makes.</param>
    /// <param name="cancellation">Looked at before each layer.</param>
    public void Forward(Inference run, Tensor x, Sequences sequences, int? layer, Observer? observe, CancellationToken cancellation)
    {
        observe?.Invoke("layer.0", x);
        for (int i = 0; i < (layer ?? _layers.Length); i++)
        {
            cancellation.ThrowIfCancellationRequested();
            _layers[i].Forward(run, x, sequences, _biases[i]);
            observe?.Invoke($"layer.{i + 1}", x);
        }
    }
}
