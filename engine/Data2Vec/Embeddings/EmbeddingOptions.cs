using Data2Vec.Text;

namespace Data2Vec;

/// <summary>Which vectors a model gives for an input.</summary>
public sealed record EmbeddingOptions
{
    /// <summary>
    /// The layer whose output is taken: 0 is what enters the first layer; null is the encoder's output, which is the last layer's, or
    /// what a normalization after it makes of that where a model has one (vision).
    /// </summary>
    public int? Layer { get; init; }

    /// <summary>How the layer's rows become one vector.</summary>
    public Pooling Pooling { get; init; } = Pooling.Mean;

    /// <summary>Whether each vector is brought to length 1.</summary>
    public bool Normalize { get; init; }

    /// <summary>
    /// What is done with texts of more tokens than the model takes; with <see cref="LongTextPolicy.Chunk"/> the vectors of the windows
    /// are averaged, each by its share of the tokens.
    /// </summary>
    public LongTextPolicy LongTexts { get; init; } = LongTextPolicy.Chunk;

    /// <summary>
    /// The most tokens of a text, with the special ones around it, at least 3, where that is less than the model takes; null for what the model
    /// takes.
    /// </summary>
    public int? MaxTokens { get; init; }
}
