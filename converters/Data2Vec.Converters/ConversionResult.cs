namespace Data2Vec.Converters;

/// <summary>The result of a conversion.</summary>
/// <param name="Architecture">The architecture that the model file names.</param>
/// <param name="Description">What the checkpoint was recognised as, in words.</param>
/// <param name="Parameters">The number of weights in the model file.</param>
/// <param name="Bytes">The length of the model file.</param>
public sealed record ConversionResult(string Architecture, string Description, long Parameters, long Bytes)
{
    /// <summary>What of the checkpoint is not used, or is missing, and what that means; a sentence each.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>The progress of a conversion.</summary>
/// <param name="Tensor">The tensor that was just written, by its name in the model file.</param>
/// <param name="Done">How many tensors are written.</param>
/// <param name="Total">How many there are.</param>
public readonly record struct ConversionProgress(string Tensor, int Done, int Total);
