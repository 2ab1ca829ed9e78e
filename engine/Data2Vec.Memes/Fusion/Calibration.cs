using System.Text.Json.Serialization;

namespace Data2Vec.Memes.Fusion;

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
