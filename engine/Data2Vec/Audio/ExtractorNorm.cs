namespace Data2Vec.Audio;

/// <summary>What the convolutions of a feature extractor are followed by.</summary>
public enum ExtractorNorm
{
    /// <summary>After each convolution, a normalization of each row over its channels (fairseq's <c>layer_norm</c>).</summary>
    Layer,

    /// <summary>
    /// After the first convolution alone, a normalization of each channel over the whole recording (fairseq's <c>default</c>, a group norm of one channel a
    /// group). What a frame becomes then depends on the recording, or on the window of it, that goes through the model.
    /// </summary>
    Group,
}
