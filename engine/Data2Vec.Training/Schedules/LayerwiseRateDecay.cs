namespace Data2Vec.Training.Schedules;

/// <summary>
/// Smaller learning rates for earlier layers, as BEiT fine-tunes (<c>beit/optim_factory.py</c>, <c>LayerDecayValueAssigner</c>; in fairseq
/// <c>examples/data2vec/models/data2vec_image_classification.py</c>).
/// </summary>
public static class LayerwiseRateDecay
{
    /// <summary>The factor of a learning rate: the decay to the power of the number of layers above.</summary>
    /// <param name="decay">The factor from one layer to the one below, for example 0.65.</param>
    /// <param name="layers">The number of layers of the encoder.</param>
    /// <param name="depth">
    /// 0 for the embeddings and the class token, i + 1 for layer i, <paramref name="layers"/> + 1 for everything above the layers and for a relative
    /// position table that all layers share.
    /// </param>
    public static double Scale(double decay, int layers, int depth)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(depth);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(depth, layers + 1);
        return Math.Pow(decay, layers + 1 - depth);
    }
}
