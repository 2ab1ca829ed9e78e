using System.Text.Json.Serialization;
using Data2Vec.Memes.Evaluation;

namespace Data2Vec.Memes.Fusion;

/// <summary>The result of training.</summary>
/// <param name="Network">The network after the epoch with the best validation accuracy, the first of equals.</param>
/// <param name="Calibration">The calibration, fitted to the validation memes.</param>
/// <param name="BestEpoch">The index of that epoch in <paramref name="Epochs"/>.</param>
/// <param name="Epochs">The result of each epoch.</param>
public sealed record TrainingResult(FusionNetwork Network, Calibration Calibration, int BestEpoch, IReadOnlyList<EpochResult> Epochs)
{
    /// <summary>The best validation accuracy, the paper's "Max. accuracy".</summary>
    public double MaximumAccuracy => Epochs[BestEpoch].ValidationAccuracy;

    /// <summary>The paper's "Smth. max. accuracy", see <see cref="Metrics.SmoothedMaximum"/>.</summary>
    public double SmoothedMaximumAccuracy => Metrics.SmoothedMaximum(Epochs.Select(epoch => epoch.ValidationAccuracy));
}

/// <summary>The result of an epoch.</summary>
/// <param name="Epoch">The number of the epoch, from 1.</param>
/// <param name="TrainingLoss">The mean squared error over the epoch's steps, with dropout.</param>
/// <param name="TrainingAccuracy">The share of memes classified correctly in these steps.</param>
/// <param name="ValidationLoss">The mean squared error on the validation memes after the epoch.</param>
/// <param name="ValidationAccuracy">The share of validation memes classified correctly after the epoch.</param>
public readonly record struct EpochResult(int Epoch, double TrainingLoss, double TrainingAccuracy, double ValidationLoss, double ValidationAccuracy);

/// <summary>Labelled memes.</summary>
/// <param name="features">The image's vector followed by the text's, for each meme.</param>
/// <param name="labels">Whether each meme is positive.</param>
public sealed class Examples(IReadOnlyList<ReadOnlyMemory<float>> features, IReadOnlyList<bool> labels)
{
    /// <summary>The image's vector followed by the text's, for each meme.</summary>
    public IReadOnlyList<ReadOnlyMemory<float>> Features => features;

    /// <summary>Whether each meme is positive.</summary>
    public IReadOnlyList<bool> Labels => labels;
}

/// <summary>
/// Converts scores to probabilities (Platt, "Probabilistic Outputs for Support Vector Machines", 1999):
/// <c>1 / (1 + exp(-(Slope score + Intercept)))</c>.
/// </summary>
/// <param name="Slope">The increase of the log-odds per unit of score.</param>
/// <param name="Intercept">The log-odds at a score of 0.</param>
[method: JsonConstructor]
public readonly record struct Calibration(double Slope, double Intercept)
{
    /// <summary>The probability that a meme with this score is positive, from 0 to 1.</summary>
    public double Probability(double score) => 1 / (1 + Math.Exp(-(Slope * score + Intercept)));
}
