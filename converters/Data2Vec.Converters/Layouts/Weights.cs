using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.Layouts;

/// <summary>The named tensors of a checkpoint.</summary>
internal abstract class Weights
{
    /// <summary>All names, also those under which something else than a tensor stands.</summary>
    public abstract IEnumerable<string> Names { get; }

    /// <summary>The tensor of a name, or null where there is none.</summary>
    /// <exception cref="InvalidDataException">Something else has the name.</exception>
    public abstract CheckpointTensor? Find(string name);

    /// <summary>Whether anything has a name.</summary>
    public abstract bool Contains(string name);

    /// <summary>The size of a dimension of a tensor; null where there is no such tensor.</summary>
    /// <exception cref="InvalidDataException">It has not this many dimensions, or is too large.</exception>
    public int? Size(string tensor, int dimensions, int dimension, int most)
    {
        if (Find(tensor) is not { } found)
        {
            return null;
        }

        IReadOnlyList<long> shape = found.Shape;
        return shape.Count == dimensions && shape[dimension] >= 1 && shape[dimension] <= most
            ? (int)shape[dimension]
            : throw new InvalidDataException($"{PickleText.Quote(tensor)} has the shape [{string.Join(", ", shape)}], which no model has");
    }

    /// <summary>The same of a tensor that must be there.</summary>
    public int RequireSize(string tensor, int dimensions, int dimension, int most) =>
        Size(tensor, dimensions, dimension, most) ?? throw new InvalidDataException($"{tensor} is missing");
}
