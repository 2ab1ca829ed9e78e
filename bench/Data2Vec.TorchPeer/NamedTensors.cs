using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Data2Vec.TorchPeer;

/// <summary>The parameters of a network by their names in a model file, and the layers that use them.</summary>
internal sealed class NamedTensors : Dictionary<string, TorchSharp.Modules.Parameter>
{
    private const double Epsilon = 1e-5;

    private readonly Dictionary<string, TorchSharp.Modules.Embedding> _embeddings = [];

    /// <summary>Adds a parameter.</summary>
    /// <param name="name">The name.</param>
    /// <param name="values">The values.</param>
    /// <param name="learns">Whether it has a gradient.</param>
    public void Add(string name, Tensor values, bool learns)
    {
        if (name is "token_embedding.weight" or "position_embedding.weight")
        {
            TorchSharp.Modules.Embedding embedding = Embedding_from_pretrained(values, freeze: !learns);
            _embeddings.Add(name, embedding);
            Add(name, embedding.weight!);
            return;
        }

        Add(name, new TorchSharp.Modules.Parameter(values, learns));
    }

    /// <summary>As <c>nn.Linear</c>.</summary>
    public Tensor Linear(Tensor x, string name) => functional.linear(x, this[$"{name}.weight"], this[$"{name}.bias"]);

    /// <summary>As <c>nn.LayerNorm</c>.</summary>
    public Tensor Norm(Tensor x, string name) => functional.layer_norm(x, [x.shape[^1]], this[$"{name}.weight"], this[$"{name}.bias"], Epsilon);

    /// <summary>As <c>nn.LayerNorm</c> without gain and bias.</summary>
    public static Tensor PlainNorm(Tensor x) => functional.layer_norm(x, [x.shape[^1]], eps: Epsilon);

    /// <summary>As <c>nn.Embedding</c>.</summary>
    public Tensor Embedding(Tensor ids, string name) => _embeddings[$"{name}.weight"].call(ids);
}
