namespace Data2Vec.Memes.Evaluation;

/// <summary>Fits a <see cref="Calibration"/> to labelled scores by Newton's method (Lin, Lin and Weng, 2007).</summary>
public static class PlattScaling
{
    private const int MostSteps = 100;
    private const double Ridge = 1e-12, SmallestStep = 1e-10;

    /// <summary>Fits the maximum-likelihood calibration with Platt's smoothed targets, so that no probability is exactly 0 or 1.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="labels">Whether each meme is positive.</param>
    /// <exception cref="ArgumentException">There are no scores, or the number of labels differs.</exception>
    public static Calibration Fit(IReadOnlyList<float> scores, IReadOnlyList<bool> labels)
    {
        Metrics.Check(scores, labels);
        int positive = labels.Count(label => label), negative = labels.Count - positive;
        double[] targets = [.. labels.Select(label => label ? (positive + 1.0) / (positive + 2) : 1.0 / (negative + 2))];
        double slope = 0, intercept = Math.Log((positive + 1.0) / (negative + 1));
        for (int step = 0; step < MostSteps; step++)
        {
            (double bySlope, double byIntercept, double slopes, double mixed, double intercepts) = (0, 0, Ridge, 0, Ridge);
            for (int i = 0; i < targets.Length; i++)
            {
                double p = new Calibration(slope, intercept).Probability(scores[i]), error = p - targets[i], weight = p * (1 - p);
                bySlope += error * scores[i];
                byIntercept += error;
                slopes += weight * scores[i] * scores[i];
                mixed += weight * scores[i];
                intercepts += weight;
            }

            double determinant = slopes * intercepts - mixed * mixed;
            double slopeStep = -(intercepts * bySlope - mixed * byIntercept) / determinant;
            double interceptStep = -(slopes * byIntercept - mixed * bySlope) / determinant;
            double before = Loss(slope, intercept), share = 1, expected = bySlope * slopeStep + byIntercept * interceptStep;
            while (share >= SmallestStep && !(Loss(slope + share * slopeStep, intercept + share * interceptStep) <= before + 1e-4 * share * expected))
            {
                share /= 2;
            }

            if (share < SmallestStep)
            {
                break;
            }

            slope += share * slopeStep;
            intercept += share * interceptStep;
        }

        return new Calibration(slope, intercept);

        // The negative log-likelihood, in a form that does not overflow.
        double Loss(double slope, double intercept) => scores.Zip(targets).Sum(pair =>
        {
            double x = slope * pair.First + intercept;
            return Math.Max(x, 0) - x * pair.Second + Math.Log(1 + Math.Exp(-Math.Abs(x)));
        });
    }
}
