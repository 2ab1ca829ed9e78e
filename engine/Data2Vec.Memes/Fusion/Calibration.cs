using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.ModelFile;

namespace Data2Vec.Memes.Fusion;

/// <summary>
/// Converts scores to probabilities (Platt, "Probabilistic Outputs for Support Vector Machines", 1999):
/// <c>1 / (1 + exp(-(Slope score + Intercept)))</c>.
/// </summary>
/// <param name="Slope">The increase of the log-odds per unit of score.</param>
/// <param name="Intercept">The log-odds at a score of 0.</param>
public readonly record struct Calibration(double Slope, double Intercept)
{
    /// <summary>The probability that a meme with this score is positive, from 0 to 1.</summary>
    public double Probability(double score) => 1 / (1 + Math.Exp(-(Slope * score + Intercept)));

    /// <summary>Reads a calibration; null if the property is missing.</summary>
    internal static Calibration? FromJson(JsonElement classifier)
    {
        if (!classifier.TryGetProperty("calibration", out _))
        {
            return null;
        }

        JsonElement json = ConfigReader.Property(classifier, "calibration", JsonValueKind.Object);
        return new Calibration(Number(json, "slope"), Number(json, "intercept"));
    }

    internal JsonObject ToJson() => new() { ["slope"] = Slope, ["intercept"] = Intercept };

    private static double Number(JsonElement json, string name) =>
        ConfigReader.Property(json, name, JsonValueKind.Number).TryGetDouble(out double value) && double.IsFinite(value)
            ? value
            : throw new InvalidDataException($"'{name}' in the configuration is not a finite number");
}
