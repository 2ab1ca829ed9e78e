namespace Data2Vec.Training.Losses;

/// <summary>
/// The cross-entropy of classes, in nats, summed over rows (<c>torch.nn.functional.cross_entropy</c>; criterion <c>sentence_prediction</c> of fairseq;
/// <c>SoftTargetCrossEntropy</c> and <c>LabelSmoothingCrossEntropy</c> of timm).
/// </summary>
public static class CrossEntropy
{
    /// <summary>Computes the loss of one label a row, and its gradient.</summary>
    /// <param name="logits">[rows, classes].</param>
    /// <param name="labels">The class of each row.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="smoothing">The share of the target that is spread evenly over all classes, the right one included.</param>
    /// <param name="gradient">Receives the gradient with respect to the logits, [rows, classes]. Empty: not computed.</param>
    /// <returns>The sum over rows.</returns>
    /// <exception cref="ArgumentException">The sizes do not fit, or a label is not a class.</exception>
    public static double Compute(ReadOnlySpan<float> logits, ReadOnlySpan<int> labels, int classes, double smoothing, Span<float> gradient)
    {
        if (smoothing is not (>= 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(smoothing), smoothing, "The smoothing must be at least 0 and below 1.");
        }

        Check(logits, classes, gradient);
        if ((long)labels.Length * classes != logits.Length)
        {
            throw new ArgumentException($"{labels.Length} labels do not fit logits of {logits.Length / classes} rows.", nameof(labels));
        }

        double sum = 0;
        double[] target = new double[classes];
        for (int row = 0; row < labels.Length; row++)
        {
            if ((uint)labels[row] >= (uint)classes)
            {
                throw new ArgumentException($"The label {labels[row]} of row {row} is none of the {classes} classes.", nameof(labels));
            }

            Array.Fill(target, smoothing / classes);
            target[labels[row]] += 1 - smoothing;
            sum += ComputeRow(logits.Slice(row * classes, classes), target, gradient.IsEmpty ? [] : gradient.Slice(row * classes, classes));
        }

        return sum;
    }

    /// <summary>Computes the loss of a distribution a row, as mixed images have, and its gradient.</summary>
    /// <param name="logits">[rows, classes].</param>
    /// <param name="targets">The probability of each class, [rows, classes].</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="gradient">Receives the gradient with respect to the logits, [rows, classes]. Empty: not computed.</param>
    /// <returns>The sum over rows.</returns>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    public static double Compute(ReadOnlySpan<float> logits, ReadOnlySpan<float> targets, int classes, Span<float> gradient)
    {
        Check(logits, classes, gradient);
        if (targets.Length != logits.Length)
        {
            throw new ArgumentException($"There are {logits.Length} logits, but {targets.Length} targets.", nameof(targets));
        }

        double sum = 0;
        double[] target = new double[classes];
        for (int start = 0; start < logits.Length; start += classes)
        {
            for (int i = 0; i < classes; i++)
            {
                target[i] = targets[start + i];
            }

            sum += ComputeRow(logits.Slice(start, classes), target, gradient.IsEmpty ? [] : gradient.Slice(start, classes));
        }

        return sum;
    }

    /// <summary>The loss -sum q log p. Its gradient is p sum(q) - q.</summary>
    private static double ComputeRow(ReadOnlySpan<float> logits, ReadOnlySpan<double> target, Span<float> gradient)
    {
        double logTotal = LogSumExp(logits);
        double loss = 0, weight = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            // A class that is impossible and not wanted adds nothing: 0 times infinity is not a number.
            loss -= target[i] == 0 ? 0 : target[i] * (logits[i] - logTotal);
            weight += target[i];
        }

        for (int i = 0; i < gradient.Length; i++)
        {
            gradient[i] = (float)((Math.Exp(logits[i] - logTotal) * weight) - target[i]);
        }

        return loss;
    }

    /// <summary>The logarithm of the sum of exponentials, without overflow. NaN if a value is infinite or NaN, or if all are minus infinity.</summary>
    internal static double LogSumExp(ReadOnlySpan<float> values)
    {
        double largest = double.NegativeInfinity;
        foreach (float value in values)
        {
            largest = Math.Max(largest, value);
        }

        if (!double.IsFinite(largest))
        {
            return double.NaN;
        }

        double sum = 0;
        foreach (float value in values)
        {
            sum += Math.Exp(value - largest);
        }

        return largest + Math.Log(sum);
    }

    private static void Check(ReadOnlySpan<float> logits, int classes, ReadOnlySpan<float> gradient)
    {
        Rows.Check(logits.Length, classes);
        if (!gradient.IsEmpty && gradient.Length != logits.Length)
        {
            throw new ArgumentException($"There are {logits.Length} logits, but a gradient of {gradient.Length}.", nameof(gradient));
        }
    }
}
