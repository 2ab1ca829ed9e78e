using Data2Vec.Kernels;

namespace Data2Vec.Converters;

/// <summary>What a conversion is to do beyond what the checkpoint says.</summary>
public sealed record ConversionOptions
{
    /// <summary>
    /// fairseq's dictionary file (<c>dict.ltr.txt</c>: a label and its count on each line) for a model with a CTC head, or
    /// null to use the dictionary in the checkpoint.
    /// </summary>
    public string? DictionaryPath { get; init; }

    /// <summary>The number format of the weights; biases and normalizations are always f32.</summary>
    public ElementType Type { get; init; } = ElementType.F32;

    /// <summary>Whether to take the transformer's weights from the EMA teacher of pre-training instead of the student.</summary>
    public bool Teacher { get; init; }
}
