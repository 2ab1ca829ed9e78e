namespace Data2Vec.Memes.Fusion;

/// <summary>Memes whose answer is known.</summary>
/// <param name="Features">For each the vectors of image and text one behind the other.</param>
/// <param name="Labels">For each whether it is one of those looked for.</param>
public sealed record Examples(IReadOnlyList<ReadOnlyMemory<float>> Features, IReadOnlyList<bool> Labels);
