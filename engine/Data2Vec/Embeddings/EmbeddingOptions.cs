namespace Data2Vec;

/// <summary>Which vectors a model gives for an input.</summary>
public sealed record EmbeddingOptions
{
    /// <summary>The layer whose output is taken: 0 is what enters the first layer; null is the last layer.</summary>
    public int? Layer { get; init; }

    /// <summary>How the layer's rows become one vector.</summary>
    public Pooling Pooling { get; init; } = Pooling.Mean;

    /// <summary>Whether each vector is brought to length 1.</summary>
    public bool Normalize { get; init; }
}
