using System.Collections;

namespace Data2Vec.Converters.Layouts;

/// <summary>The tensors of a model file, as it is written down.</summary>
internal sealed class TensorTable : IReadOnlyList<TensorSpec>
{
    private readonly List<TensorSpec> _specs = [];

    public int Count => _specs.Count;

    public TensorSpec this[int index] => _specs[index];

    public void Add(TensorSpec spec) => _specs.Add(spec);

    /// <summary>A matrix <c>[outputs, inputs]</c> and a bias <c>[outputs]</c>.</summary>
    public void AddLinear(string name, int inputs, int outputs, bool biasIsOptional = false)
    {
        Add(new($"{name}.weight", [outputs, inputs]));
        Add(new($"{name}.bias", [outputs]) { IsOptional = biasIsOptional });
    }

    /// <summary>Gain and bias of a normalization.</summary>
    public void AddNorm(string name, int size)
    {
        Add(new($"{name}.weight", [size]));
        Add(new($"{name}.bias", [size]));
    }

    /// <summary>Vectors <c>[rows, columns]</c> that are looked up.</summary>
    public void AddTable(string name, int rows, int columns) =>
        Add(new($"{name}.weight", [rows, columns]) { Use = TensorUse.Table });

    /// <summary>The parts that all transformer layers have.</summary>
    /// <param name="name">The layer's name.</param>
    /// <param name="hidden">Features of a hidden state.</param>
    /// <param name="feedForward">Features inside the feed-forward block.</param>
    /// <param name="keyBiasIsOptional">Whether keys may be without bias.</param>
    public void AddLayer(string name, int hidden, int feedForward, bool keyBiasIsOptional = false)
    {
        AddLinear($"{name}.attention.query", hidden, hidden);
        AddLinear($"{name}.attention.key", hidden, hidden, keyBiasIsOptional);
        AddLinear($"{name}.attention.value", hidden, hidden);
        AddLinear($"{name}.attention.output", hidden, hidden);
        AddNorm($"{name}.attention_norm", hidden);
        AddLinear($"{name}.feed_forward.intermediate", hidden, feedForward);
        AddLinear($"{name}.feed_forward.output", feedForward, hidden);
        AddNorm($"{name}.feed_forward_norm", hidden);
    }

    public IEnumerator<TensorSpec> GetEnumerator() => _specs.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
