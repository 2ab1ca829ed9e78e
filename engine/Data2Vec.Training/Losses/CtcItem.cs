namespace Data2Vec.Training.Losses;

/// <summary>The CTC loss of one recording.</summary>
/// <param name="Start">The first logit.</param>
/// <param name="Frames">The number of rows.</param>
/// <param name="Labels">The number of labels.</param>
/// <param name="Blank">The blank.</param>
/// <param name="Target">The labels, without blanks.</param>
internal sealed record CtcItem(int Start, int Frames, int Labels, int Blank, ReadOnlyMemory<int> Target)
{
    /// <summary>The number of logits.</summary>
    public int Length => Frames * Labels;

    /// <summary>The states: the labels with a blank before, between and after them.</summary>
    private int States => (2 * Target.Length) + 1;

    /// <summary>Returns the loss and writes its gradient. An impossible target has an infinite loss and a gradient of 0.</summary>
    public double Compute(ReadOnlySpan<float> logits, Span<float> gradient)
    {
        gradient.Clear();
        if (Frames < CtcLoss.RequiredFrames(Target.Span))
        {
            return double.PositiveInfinity;
        }

        if (Frames == 0)
        {
            return 0;
        }

        int states = States;
        int[] labels = new int[states];
        bool[] skips = new bool[states];
        for (int s = 0; s < states; s++)
        {
            labels[s] = s % 2 == 0 ? Blank : Target.Span[s / 2];
            skips[s] = s % 2 == 1 && s > 1 && labels[s] != labels[s - 2];
        }

        double[] logTotals = new double[Frames];
        for (int t = 0; t < Frames; t++)
        {
            logTotals[t] = CrossEntropy.LogSumExp(logits.Slice(t * Labels, Labels));
        }

        double[][] forward = Forward(logits, labels, skips, logTotals);
        double[] last = forward[^1];
        double logProbability = states == 1 ? last[0] : LogAdd(last[states - 1], last[states - 2]);
        if (double.IsNegativeInfinity(logProbability))
        {
            return double.PositiveInfinity;
        }

        if (!gradient.IsEmpty)
        {
            Backward(logits, labels, skips, logTotals, forward, logProbability, gradient);
        }

        return -logProbability;
    }

    /// <summary>The states that a frame can be in: those that the first frame reaches, and that reach the last.</summary>
    private (int First, int End) Reachable(int t) => (Math.Max(0, States - (2 * (Frames - t))), Math.Min(States, (2 * t) + 2));

    /// <summary>The logarithms of the probabilities of all prefixes that end in a state at a frame.</summary>
    private double[][] Forward(ReadOnlySpan<float> logits, int[] labels, bool[] skips, double[] logTotals)
    {
        double[][] forward = new double[Frames][];
        for (int t = 0; t < Frames; t++)
        {
            double[] current = forward[t] = new double[labels.Length];
            Array.Fill(current, double.NegativeInfinity);
            ReadOnlySpan<float> row = logits.Slice(t * Labels, Labels);
            (int first, int end) = Reachable(t);
            for (int s = first; s < end; s++)
            {
                double before = 0;
                if (t > 0)
                {
                    double[] previous = forward[t - 1];
                    before = LogAdd(previous[s], s > 0 ? previous[s - 1] : double.NegativeInfinity, skips[s] ? previous[s - 2] : double.NegativeInfinity);
                }

                current[s] = before + (row[labels[s]] - logTotals[t]);
            }
        }

        return forward;
    }

    /// <summary>Runs from the last frame to the first. The gradient of a row is its softmax minus the probability of each label given the target.</summary>
    private void Backward(
        ReadOnlySpan<float> logits, int[] labels, bool[] skips, double[] logTotals, double[][] forward, double logProbability, Span<float> gradient)
    {
        int states = labels.Length;

        // The probability of all suffixes from a frame on, without the frame's own emission and with it.
        double[] after = new double[states];
        double[] emitted = new double[states];
        double[] occupied = new double[Labels];
        Array.Fill(emitted, double.NegativeInfinity);
        for (int t = Frames - 1; t >= 0; t--)
        {
            (int first, int end) = Reachable(t);
            for (int s = first; s < end; s++)
            {
                after[s] = t == Frames - 1
                    ? 0
                    : LogAdd(
                        emitted[s],
                        s + 1 < states ? emitted[s + 1] : double.NegativeInfinity,
                        s + 2 < states && skips[s + 2] ? emitted[s + 2] : double.NegativeInfinity);
            }

            ReadOnlySpan<float> row = logits.Slice(t * Labels, Labels);
            Array.Clear(occupied);
            Array.Fill(emitted, double.NegativeInfinity);
            for (int s = first; s < end; s++)
            {
                occupied[labels[s]] += Math.Exp(forward[t][s] + after[s] - logProbability);
                emitted[s] = after[s] + (row[labels[s]] - logTotals[t]);
            }

            Span<float> rowGradient = gradient.Slice(t * Labels, Labels);
            for (int k = 0; k < Labels; k++)
            {
                rowGradient[k] = (float)(Math.Exp(row[k] - logTotals[t]) - occupied[k]);
            }
        }
    }

    private static double LogAdd(double a, double b, double c) => LogAdd(LogAdd(a, b), c);

    /// <summary>The logarithm of exp(a) + exp(b).</summary>
    private static double LogAdd(double a, double b)
    {
        double largest = Math.Max(a, b);
        double difference = Math.Min(a, b) - largest;

        // Below -40 the smaller one is lost in rounding. Both infinite: the difference is not a number, and neither compares.
        return difference > -40 ? largest + Math.Log(1 + Math.Exp(difference)) : largest;
    }
}
