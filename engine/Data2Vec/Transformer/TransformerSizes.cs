namespace Data2Vec.Transformer;

/// <summary>The sizes of a transformer.</summary>
/// <param name="Hidden">Features of a hidden state.</param>
/// <param name="Layers">Transformer layers.</param>
/// <param name="Heads">Attention heads.</param>
/// <param name="FeedForward">Features inside a feed-forward block.</param>
/// <param name="Epsilon">What the normalizations add to the variance.</param>
internal readonly record struct TransformerSizes(int Hidden, int Layers, int Heads, int FeedForward, float Epsilon);
