namespace Data2Vec.Converters.Fairseq;

/// <summary>Where a tensor of a model file comes from.</summary>
/// <param name="Name">The name in the model file.</param>
/// <param name="Source">The name in the checkpoint.</param>
/// <param name="Shape">The shape, the same in both.</param>
/// <param name="Groups">The groups of a grouped convolution; 1 otherwise.</param>
internal sealed record TensorMapping(string Name, string Source, int[] Shape, int Groups = 1);
