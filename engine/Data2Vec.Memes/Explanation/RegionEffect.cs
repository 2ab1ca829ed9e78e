namespace Data2Vec.Memes.Explanation;

/// <summary>What a region of the image does to the score of a meme.</summary>
/// <param name="Box">The region.</param>
/// <param name="Effect">By how much the score is higher than it would be with the image's mean colour in place of the region.</param>
public sealed record RegionEffect(Box Box, float Effect);
