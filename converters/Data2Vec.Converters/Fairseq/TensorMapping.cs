namespace Data2Vec.Converters.Fairseq;

/// <summary>Where a tensor of a model file comes from.</summary>
/// <param name="Name">The name in the model file.</param>
/// <param name="Source">The name in the checkpoint.</param>
/// <param name="Shape">The shape in the model file.</param>
/// <param name="Groups">The groups of a grouped convolution; 1 otherwise.</param>
internal sealed record TensorMapping(string Name, string Source, int[] Shape, int Groups = 1)
{
    /// <summary>The shape in the checkpoint, where it is another.</summary>
    public int[] SourceShape { get; init; } = Shape;

    /// <summary>The element of the checkpoint's tensor that is the first here, where only a part is taken.</summary>
    public long Start { get; init; }

    /// <summary>What the tensor is used for.</summary>
    public TensorUse Use { get; init; } = Shape.Length < 2 ? TensorUse.Values : TensorUse.Weights;
}
