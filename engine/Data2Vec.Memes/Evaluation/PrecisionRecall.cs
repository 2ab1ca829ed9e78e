namespace Data2Vec.Memes.Evaluation;

/// <summary>A point of the precision-recall curve.</summary>
/// <param name="Threshold">The score from which on a meme counts as one of those looked for.</param>
/// <param name="Precision">Of the memes from the threshold on, the share that is.</param>
/// <param name="Recall">Of all that are, the share from the threshold on.</param>
public readonly record struct PrecisionRecall(double Threshold, double Precision, double Recall);
