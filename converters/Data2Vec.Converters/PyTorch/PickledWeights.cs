using Data2Vec.Converters.Layouts;

namespace Data2Vec.Converters.PyTorch;

/// <summary>A <c>state_dict</c> in a pickle.</summary>
internal sealed class PickledWeights(PickleDictionary entries) : Weights
{
    public override IEnumerable<string> Names => entries.Keys.Select(
        key => key as string ?? throw new InvalidDataException("a name among the weights is not a string"));

    public override CheckpointTensor? Find(string name) =>
        entries.TryGetValue(name, out object? value) ? PyTorchTensor.Require(value, name) : null;

    public override bool Contains(string name) => entries.ContainsKey(name);

    /// <summary>The weights under a name, or null where there are none.</summary>
    public PickledWeights? Group(string name) =>
        entries.TryGet(name, out PickleDictionary? group) && group is not null ? new PickledWeights(group) : null;
}
