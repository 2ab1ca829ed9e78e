namespace Data2Vec.Converters;

/// <summary>What a conversion made.</summary>
/// <param name="Architecture">The architecture that the model file names.</param>
/// <param name="Description">What the checkpoint was recognised as, in words.</param>
/// <param name="Parameters">The number of weights in the model file.</param>
/// <param name="Bytes">The length of the model file.</param>
public sealed record ConversionResult(string Architecture, string Description, long Parameters, long Bytes);
