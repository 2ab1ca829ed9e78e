namespace Data2Vec.Kernels;

/// <summary>What attention adds to the scores before the softmax.</summary>
/// <param name="Table">
/// A number for every pair of rows, <c>[heads * length, length]</c>, for batches whose sequences all have this length:
/// relative position bias (Bao et al. 2022).
/// </param>
/// <param name="Slopes">
/// One number for each head, subtracted for every row between query and key, <c>[1, heads]</c>: ALiBi (Press et al. 2022).
/// </param>
public readonly record struct AttentionBias(Tensor Table = default, Tensor Slopes = default);
