namespace Data2Vec.Memes.Fusion;

/// <summary>How an epoch of training went.</summary>
/// <param name="TrainingLoss">The mean squared error over the epoch's steps, with dropout.</param>
/// <param name="TrainingAccuracy">The share of memes judged rightly in these steps.</param>
/// <param name="ValidationLoss">The mean squared error on the validation memes after it.</param>
/// <param name="ValidationAccuracy">The share of validation memes judged rightly after it.</param>
public readonly record struct EpochResult(double TrainingLoss, double TrainingAccuracy, double ValidationLoss, double ValidationAccuracy);
