namespace Data2Vec.Recognition.Decoding;

/// <summary>Searches the weights of a decoder with the fewest errors: at random, and in the end near the best ones. The same seed tries the same weights.</summary>
/// <param name="seed">Determines the weights.</param>
/// <param name="trials">The number of weights to try.</param>
public sealed class WeightSearch(int seed, int trials)
{
    /// <summary>The largest weight of the model. The smallest is 0.</summary>
    public const double MaxModelWeight = 5;

    /// <summary>The largest score of a word, and minus the smallest.</summary>
    public const double MaxWordScore = 5;

    // Half of the trials look everywhere; the radius of the others shrinks to a 20th.
    private const double FirstRadius = 0.25, LastRadius = 0.05;

    /// <summary>Tries weights.</summary>
    /// <param name="first">The weights to begin with.</param>
    /// <param name="measure">Measures weights: less is better.</param>
    /// <returns>All trials in order. The best is the first one of the least value.</returns>
    public IEnumerable<WeightTrial> Run((double ModelWeight, double WordScore) first, Func<double, double, double> measure)
    {
        ArgumentNullException.ThrowIfNull(measure);
        return Trials(first, measure);
    }

    private IEnumerable<WeightTrial> Trials((double ModelWeight, double WordScore) first, Func<double, double, double> measure)
    {
        ulong state = (ulong)(uint)seed;
        WeightTrial? best = null;
        for (int i = 0; i < trials; i++)
        {
            double x = Next(ref state), y = Next(ref state);
            (double model, double word) = first;
            if (i > 0 && (i <= trials / 2 || best is null))
            {
                (model, word) = (x * MaxModelWeight, ((2 * y) - 1) * MaxWordScore);
            }
            else if (i > 0)
            {
                double done = (i - (trials / 2.0)) / Math.Max(1, trials - (trials / 2.0));
                double radius = FirstRadius * Math.Pow(LastRadius / FirstRadius, done);
                model = Math.Clamp(best!.ModelWeight + (((2 * x) - 1) * radius * MaxModelWeight), 0, MaxModelWeight);
                word = Math.Clamp(best.WordScore + (((2 * y) - 1) * radius * 2 * MaxWordScore), -MaxWordScore, MaxWordScore);
            }

            // Weights that can be typed again.
            (model, word) = (Math.Round(model, 3), Math.Round(word, 3));
            var trial = new WeightTrial(model, word, measure(model, word));
            best = best is null || trial.Value < best.Value ? trial : best;
            yield return trial;
        }
    }

    // SplitMix64, whose numbers are the same in every version of .NET.
    private static double Next(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        ulong z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}

/// <summary>Weights that were tried.</summary>
/// <param name="ModelWeight">The weight of the language model.</param>
/// <param name="WordScore">The score of a word.</param>
/// <param name="Value">What was measured with them.</param>
public sealed record WeightTrial(double ModelWeight, double WordScore, double Value);
