using Data2Vec.Memes.Ocr;

namespace Data2Vec.Memes;

/// <summary>What is said of a meme.</summary>
/// <param name="Score">Near 1 for those looked for, near 0 for others, and not confined to that.</param>
/// <param name="Probability">The score as a probability; null where the model has no calibration.</param>
/// <param name="Text">The text, given or read; empty where the model judges the image alone.</param>
/// <param name="Words">The words that were read in the image; none where the text was given.</param>
public sealed record MemeScore(float Score, double? Probability, string Text, IReadOnlyList<RecognizedWord> Words)
{
    /// <summary>Whether it counts as one of those looked for: the score is 0.5 or more.</summary>
    public bool IsFlagged => Score >= Evaluation.Metrics.Threshold;
}
