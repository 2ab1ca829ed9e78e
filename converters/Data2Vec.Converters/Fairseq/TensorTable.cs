using System.Collections;

namespace Data2Vec.Converters.Fairseq;

/// <summary>The tensors of a model under both their names, as it is written down.</summary>
internal sealed class TensorTable : IReadOnlyList<TensorMapping>
{
    private readonly List<TensorMapping> _mappings = [];

    public int Count => _mappings.Count;

    public TensorMapping this[int index] => _mappings[index];

    public void Add(TensorMapping mapping) => _mappings.Add(mapping);

    /// <summary>A matrix <c>[outputs, inputs]</c> and a bias <c>[outputs]</c>.</summary>
    public void AddLinear(string name, string source, int inputs, int outputs)
    {
        Add(new($"{name}.weight", $"{source}.weight", [outputs, inputs]));
        Add(new($"{name}.bias", $"{source}.bias", [outputs]));
    }

    /// <summary>Gain and bias of a normalization.</summary>
    public void AddNorm(string name, string source, int size)
    {
        Add(new($"{name}.weight", $"{source}.weight", [size]));
        Add(new($"{name}.bias", $"{source}.bias", [size]));
    }

    /// <summary>Vectors <c>[rows, columns]</c> that are looked up.</summary>
    public void AddTable(string name, string source, int rows, int columns) =>
        Add(new($"{name}.weight", $"{source}.weight", [rows, columns]) { Use = TensorUse.Table });

    /// <summary>A layer that normalizes after each residual (fairseq's <c>TransformerSentenceEncoderLayer</c>).</summary>
    public void AddPostNormLayer(string name, string source, int hidden, int feedForward)
    {
        AddLinear($"{name}.attention.query", $"{source}.self_attn.q_proj", hidden, hidden);
        AddLinear($"{name}.attention.key", $"{source}.self_attn.k_proj", hidden, hidden);
        AddLinear($"{name}.attention.value", $"{source}.self_attn.v_proj", hidden, hidden);
        AddLinear($"{name}.attention.output", $"{source}.self_attn.out_proj", hidden, hidden);
        AddNorm($"{name}.attention_norm", $"{source}.self_attn_layer_norm", hidden);
        AddLinear($"{name}.feed_forward.intermediate", $"{source}.fc1", hidden, feedForward);
        AddLinear($"{name}.feed_forward.output", $"{source}.fc2", feedForward, hidden);
        AddNorm($"{name}.feed_forward_norm", $"{source}.final_layer_norm", hidden);
    }

    public IEnumerator<TensorMapping> GetEnumerator() => _mappings.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
