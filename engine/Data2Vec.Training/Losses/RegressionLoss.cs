namespace Data2Vec.Training.Losses;

/// <summary>
/// The loss of data2vec: smooth L1, or squared error, summed over rows and features (<c>examples/data2vec/models/data2vec_audio.py</c>,
/// <c>data2vec_text.py</c> and <c>data2vec_vision.py</c> of fairseq; <c>torch.nn.functional.smooth_l1_loss</c>).
/// </summary>
/// <remarks>
/// Losses and gradients are sums. Divide them once by the number of masked rows of all micro-batches and ranks together. A loss that is a mean
/// over features, as in BEiT's code, has a <see cref="Scale"/> of 1 / features.
/// </remarks>
public sealed record RegressionLoss
{
    /// <summary>
    /// Where smooth L1 changes from a parabola to a line (fairseq: <c>loss_beta</c>). For |d| below it the loss is d^2 / (2 beta), else |d| - beta / 2.
    /// 0 is the squared error d^2, as in fairseq.
    /// </summary>
    public double Beta { get; init; }

    /// <summary>The factor of the sum (<c>loss_scale</c>). Default: 1 / sqrt(features).</summary>
    public double? Scale { get; init; }

    /// <summary>Squared error, not halved, without a factor: fairseq's criterion for regression (<c>sentence_prediction</c>).</summary>
    public static RegressionLoss SquaredError { get; } = new() { Scale = 1 };

    /// <summary>Computes the loss and its gradient.</summary>
    /// <param name="prediction">[rows, features].</param>
    /// <param name="target">[rows, features]. It gets no gradient.</param>
    /// <param name="features">The number of features.</param>
    /// <param name="gradient">Receives the gradient with respect to the prediction, [rows, features]. Empty: not computed.</param>
    /// <returns>The sum over rows and features, times the scale. 0 if there are no rows.</returns>
    /// <exception cref="ArgumentException">The sizes do not fit, or beta is negative.</exception>
    public double Compute(ReadOnlySpan<float> prediction, ReadOnlySpan<float> target, int features, Span<float> gradient)
    {
        if (!(Beta >= 0))
        {
            throw new ArgumentException($"Beta must not be negative, but is {Beta}.");
        }

        Rows.Check(prediction.Length, features);
        if (target.Length != prediction.Length || (!gradient.IsEmpty && gradient.Length != prediction.Length))
        {
            throw new ArgumentException($"The prediction has {prediction.Length} elements, but the target {target.Length} and the gradient {gradient.Length}.");
        }

        double scale = Scale ?? 1 / Math.Sqrt(features);
        float beta = (float)Beta;
        double sum = 0;
        for (int i = 0; i < prediction.Length; i++)
        {
            float difference = prediction[i] - target[i];
            float size = MathF.Abs(difference);
            float slope;
            if (beta == 0)
            {
                sum += difference * difference;
                slope = 2 * difference;
            }
            else if (size < beta)
            {
                sum += 0.5f * difference * difference / beta;
                slope = difference / beta;
            }
            else
            {
                // Not MathF.Sign, which throws on NaN.
                sum += size - (0.5f * beta);
                slope = difference / size;
            }

            if (!gradient.IsEmpty)
            {
                gradient[i] = (float)(slope * scale);
            }
        }

        return sum * scale;
    }
}
