namespace Data2Vec.Memes.Explanation;

/// <summary>The contributions of words and regions to the score of a meme.</summary>
/// <param name="Score">The score.</param>
/// <param name="Words">The effect of each word of the text; empty for a model without a text encoder.</param>
/// <param name="Regions">The effect of each region of the image; empty for a model without an image encoder.</param>
public sealed record MemeExplanation(MemeScore Score, IReadOnlyList<WordEffect> Words, IReadOnlyList<RegionEffect> Regions);

/// <summary>The effect of a word on the score of a meme.</summary>
/// <param name="Text">The word.</param>
/// <param name="Box">The word's place in the image; null if the text was given.</param>
/// <param name="Effect">The score minus the score without the word.</param>
public sealed record WordEffect(string Text, Box? Box, float Effect);

/// <summary>The effect of an image region on the score of a meme.</summary>
/// <param name="Box">The region.</param>
/// <param name="Effect">The score minus the score with the region covered.</param>
public sealed record RegionEffect(Box Box, float Effect);
