namespace Data2Vec.Converters;

/// <summary>How far a conversion is.</summary>
/// <param name="Tensor">The tensor that was just written, by its name in the model file.</param>
/// <param name="Done">How many tensors are written.</param>
/// <param name="Total">How many there are.</param>
public readonly record struct ConversionProgress(string Tensor, int Done, int Total);
