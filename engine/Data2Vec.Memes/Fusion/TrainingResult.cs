using Data2Vec.Memes.Evaluation;

namespace Data2Vec.Memes.Fusion;

/// <summary>What training gave.</summary>
/// <param name="Network">The network after the epoch of the best validation accuracy, the first of several.</param>
/// <param name="Calibration">How its scores become probabilities, fitted to the validation memes.</param>
/// <param name="BestEpoch">Which epoch that was, from 0.</param>
/// <param name="Epochs">How each epoch went.</param>
public sealed record TrainingResult(FusionNetwork Network, Calibration Calibration, int BestEpoch, IReadOnlyList<EpochResult> Epochs)
{
    /// <summary>The paper's "Max. accuracy": the best validation accuracy.</summary>
    public double MaximumAccuracy => Epochs[BestEpoch].ValidationAccuracy;

    /// <summary>The paper's "Smth. max. accuracy", see <see cref="Metrics.SmoothedMaximum"/>.</summary>
    public double SmoothedMaximumAccuracy => Metrics.SmoothedMaximum(Epochs.Select(epoch => epoch.ValidationAccuracy));
}
