namespace Data2Vec.Memes.Explanation;

/// <summary>What a word does to the score of a meme.</summary>
/// <param name="Text">The word.</param>
/// <param name="Box">Where it was read in the image; null where the text was given.</param>
/// <param name="Effect">By how much the score is higher than it would be for the text without the word.</param>
public sealed record WordEffect(string Text, Box? Box, float Effect);
