namespace Data2Vec.Memes.Explanation;

/// <summary>What made the score of a meme what it is.</summary>
/// <param name="Score">The score.</param>
/// <param name="Words">The effect of each word of the text; none where the model judges the image alone.</param>
/// <param name="Regions">The effect of each region of the image; none where the model judges the text alone.</param>
public sealed record MemeExplanation(MemeScore Score, IReadOnlyList<WordEffect> Words, IReadOnlyList<RegionEffect> Regions);
