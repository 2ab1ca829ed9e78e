using Data2Vec.Kernels;

namespace Data2Vec.Transformer;

/// <summary>What a layer's attention adds to its scores for the places of query and key.</summary>
internal abstract class PositionBias
{
    /// <summary>Puts it where attention finds it.</summary>
    public abstract AttentionBias Upload(Inference run);
}
