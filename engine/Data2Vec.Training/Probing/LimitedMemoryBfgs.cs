using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Training.Probing;

/// <summary>
/// Minimizes a strictly convex function with the limited-memory method of Broyden, Fletcher, Goldfarb and Shanno (Nocedal and Wright: "Numerical
/// optimization", 2006, algorithm 7.5), with backtracking. It needs no learning rate.
/// </summary>
internal sealed class LimitedMemoryBfgs
{
    private const int MaxTrials = 30;
    private const double SufficientDecrease = 1e-4;

    /// <summary>Differences of values below this share of the value are rounding. Then the slopes decide (Hager and Zhang 2005, "approximate Wolfe").</summary>
    private const double Rounding = 1e-7;

    /// <summary>Steps that change neither the value nor the least norm of the gradient, before the minimum counts as reached.</summary>
    private const int MaxIdleSteps = 5;

    /// <summary>Computes the value at a point, and writes the gradient there.</summary>
    public delegate double Function(ReadOnlySpan<double> point, Span<double> gradient);

    /// <summary>The pairs of steps and changes of gradients that stand for the curvature.</summary>
    public int History { get; init; } = 10;

    /// <summary>The most steps.</summary>
    public required int MaxIterations { get; init; }

    /// <summary>Called after each step with its number and the value.</summary>
    public Action<int, double>? Stepped { get; init; }

    /// <summary>Minimizes.</summary>
    /// <param name="point">The start, which becomes the minimum.</param>
    /// <param name="function">The function.</param>
    /// <param name="gradientNorm">The norm of the gradient at which the minimum is reached.</param>
    /// <param name="cancellation">Checked before each evaluation.</param>
    /// <returns>The steps, and whether the minimum was reached. It also is where rounding lets no step decrease the value.</returns>
    public (int Steps, bool Converged) Minimize(double[] point, Function function, double gradientNorm, CancellationToken cancellation)
    {
        var pairs = new List<(double[] Step, double[] Change, double Product)>();
        double[] gradient = new double[point.Length], direction = new double[point.Length];
        double[] trial = new double[point.Length], trialGradient = new double[point.Length];
        cancellation.ThrowIfCancellationRequested();
        double value = function(point, gradient), leastNorm = double.PositiveInfinity;
        int idle = 0;
        for (int steps = 0; steps < MaxIterations; steps++)
        {
            double norm = TensorPrimitives.Norm<double>(gradient);
            if (norm <= gradientNorm)
            {
                return (steps, true);
            }

            Direct(pairs, gradient, direction);
            double slope = TensorPrimitives.Dot<double>(gradient, direction);
            double length = pairs.Count == 0 ? Math.Min(1, 1 / norm) : 1;
            double next = double.NaN;
            int trials = 0;
            for (; trials < MaxTrials; trials++)
            {
                TensorPrimitives.MultiplyAdd(direction, length, point, trial);
                RoundToSingle(trial);
                cancellation.ThrowIfCancellationRequested();
                next = function(trial, trialGradient);
                if (next <= value + (SufficientDecrease * length * slope)
                    || (next <= value + (Rounding * Math.Abs(value)) && TensorPrimitives.Dot<double>(trialGradient, direction) <= -0.8 * slope))
                {
                    break;
                }

                // The minimum of the parabola through the value, the slope and the new value, within bounds.
                double curved = -slope * length * length / (2 * (next - value - (slope * length)));
                length = double.IsFinite(curved) ? Math.Clamp(curved, 0.1 * length, 0.5 * length) : 0.1 * length;
            }

            if (trials == MaxTrials)
            {
                return (steps, true);
            }

            idle = value - next < Rounding * Math.Abs(value) && norm >= leastNorm ? idle + 1 : 0;
            leastNorm = Math.Min(norm, leastNorm);
            if (idle == MaxIdleSteps)
            {
                return (steps, true);
            }

            Remember(pairs, point, gradient, trial, trialGradient);
            trial.CopyTo(point, 0);
            trialGradient.CopyTo(gradient, 0);
            value = next;
            Stepped?.Invoke(steps + 1, value);
        }

        return (MaxIterations, false);
    }

    /// <summary>The function computes in single precision. At a point that it can represent, its value and its gradient belong together.</summary>
    private static void RoundToSingle(double[] point)
    {
        for (int i = 0; i < point.Length; i++)
        {
            point[i] = (float)point[i];
        }
    }

    /// <summary>The negative gradient times an estimate of the inverse curvature.</summary>
    private static void Direct(List<(double[] Step, double[] Change, double Product)> pairs, double[] gradient, double[] direction)
    {
        TensorPrimitives.Negate<double>(gradient, direction);
        double[] factors = new double[pairs.Count];
        for (int i = pairs.Count - 1; i >= 0; i--)
        {
            factors[i] = TensorPrimitives.Dot<double>(pairs[i].Step, direction) / pairs[i].Product;
            TensorPrimitives.MultiplyAdd(pairs[i].Change, -factors[i], direction, direction);
        }

        if (pairs.Count > 0)
        {
            double scale = pairs[^1].Product / TensorPrimitives.Dot<double>(pairs[^1].Change, pairs[^1].Change);
            TensorPrimitives.Multiply(direction, scale, direction);
        }

        for (int i = 0; i < pairs.Count; i++)
        {
            double factor = factors[i] - (TensorPrimitives.Dot<double>(pairs[i].Change, direction) / pairs[i].Product);
            TensorPrimitives.MultiplyAdd(pairs[i].Step, factor, direction, direction);
        }
    }

    private void Remember(
        List<(double[] Step, double[] Change, double Product)> pairs, double[] point, double[] gradient, double[] trial, double[] trialGradient)
    {
        (double[] step, double[] change) = pairs.Count == History ? (pairs[0].Step, pairs[0].Change) : (new double[point.Length], new double[point.Length]);
        if (pairs.Count == History)
        {
            pairs.RemoveAt(0);
        }

        TensorPrimitives.Subtract(trial, point, step);
        TensorPrimitives.Subtract(trialGradient, gradient, change);
        double product = TensorPrimitives.Dot<double>(step, change);
        if (product > 1e-12 * TensorPrimitives.Dot<double>(change, change))
        {
            pairs.Add((step, change, product));
        }
    }
}
