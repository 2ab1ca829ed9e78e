namespace Data2Vec.Converters.Layouts;

/// <summary>A tensor that a model file holds.</summary>
/// <param name="Name">The name in the model file.</param>
/// <param name="Shape">The shape in the model file.</param>
/// <param name="Groups">The groups of a grouped convolution; 1 otherwise.</param>
internal sealed record TensorSpec(string Name, int[] Shape, int Groups = 1)
{
    /// <summary>The shape in PyTorch's modules, where it is another.</summary>
    public int[] SourceShape { get; init; } = Shape;

    /// <summary>What the tensor is used for.</summary>
    public TensorUse Use { get; init; } = Shape.Length < 2 ? TensorUse.Values : TensorUse.Weights;

    /// <summary>Whether models may be without it.</summary>
    public bool IsOptional { get; init; }
}
