namespace Data2Vec.Batching;

/// <summary>What is wanted of a model for an input; inputs of which the same is wanted may share a batch.</summary>
/// <param name="Layer">The layer, as in <see cref="EmbeddingOptions.Layer"/>.</param>
/// <param name="Pooling">How its rows become one vector.</param>
/// <param name="IsLogits">Whether the CTC head's scores of each row are wanted instead.</param>
internal readonly record struct Output(int? Layer, Pooling Pooling, bool IsLogits = false);
