using Data2Vec.Converters.Layouts;

namespace Data2Vec.Converters.Safetensors;

/// <summary>The tensors of safetensors files.</summary>
internal sealed class SafetensorsWeights(SafetensorsSet set) : Weights
{
    public override IEnumerable<string> Names => set.Tensors.Keys;

    public override CheckpointTensor? Find(string name) => set.Tensors.GetValueOrDefault(name);

    public override bool Contains(string name) => set.Tensors.ContainsKey(name);
}
