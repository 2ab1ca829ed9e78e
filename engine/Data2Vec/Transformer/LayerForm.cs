namespace Data2Vec.Transformer;

/// <summary>What a layer has beside its matrices and normalizations.</summary>
/// <param name="Depth">The layer's number plus 1, by which initial values shrink; 0 where they do not.</param>
/// <param name="IsScaled">Whether the layer may scale what it adds to the residual.</param>
/// <param name="Biases">Which projections of attention have a bias; null if that of the keys is optional.</param>
internal readonly record struct LayerForm(int Depth, bool IsScaled, AttentionBiases? Biases);
