namespace Data2Vec.Batching;

/// <summary>What is computed for an input. Inputs with equal outputs may share a batch.</summary>
/// <param name="Layer">The layer, as in <see cref="EmbeddingOptions.Layer"/>.</param>
/// <param name="Pooling">How its rows become one vector.</param>
internal readonly record struct Output(int? Layer, Pooling Pooling)
{
    /// <summary>The scores of the model's head.</summary>
    public static Output Scores => new(null, Pooling.None) { IsScores = true };

    /// <summary>Whether the head's scores are computed instead of vectors.</summary>
    public bool IsScores { get; private init; }

    /// <summary>Whether the vectors of all layers are computed, one after another.</summary>
    public bool AllLayers { get; init; }
}
