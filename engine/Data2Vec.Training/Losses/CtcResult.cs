namespace Data2Vec.Training.Losses;

/// <summary>The CTC losses of a batch.</summary>
/// <param name="Losses">The loss of each item in nats. Impossible ones: see <see cref="CtcLoss.ZeroInfinity"/>.</param>
/// <param name="Impossible">
/// The indices of items whose target does not fit into their frames. It is nearly always a wrong transcript or a cut recording.
/// </param>
public sealed record CtcResult(IReadOnlyList<double> Losses, IReadOnlyList<int> Impossible)
{
    /// <summary>The sum of the losses. Impossible items count in the number by which it is divided.</summary>
    public double Sum { get; } = Losses.Sum();
}
