namespace Data2Vec.Vision;

/// <summary>
/// The cubic spline through given points without knots at the second and the penultimate point (de Boor 1978, "not-a-knot"). Beyond the
/// first and the last point it is constant, like FITPACK's evaluation.
/// </summary>
/// <param name="points">The positions of the points, ascending; at least four.</param>
internal sealed class CubicSpline(double[] points)
{
    /// <summary>The fewest points of a cubic.</summary>
    public const int FewestPoints = 4;

    /// <summary>Evaluates the spline through values at the points.</summary>
    /// <param name="values">One value for each point.</param>
    /// <param name="at">The positions at which to evaluate.</param>
    /// <returns>One value for each of <paramref name="at"/>.</returns>
    public double[] Interpolate(ReadOnlySpan<double> values, ReadOnlySpan<double> at)
    {
        double[] slopes = Slopes(values);
        var result = new double[at.Length];
        for (int i = 0; i < result.Length; i++)
        {
            double position = Math.Clamp(at[i], points[0], points[^1]);
            int piece = Array.BinarySearch(points, position);
            piece = Math.Min(piece < 0 ? ~piece - 1 : piece, points.Length - 2);

            // Hermite interpolation between two points.
            double step = points[piece + 1] - points[piece], t = (position - points[piece]) / step, rest = 1 - t;
            result[i] = rest * rest * ((1 + 2 * t) * values[piece] + t * step * slopes[piece])
                + t * t * ((1 + 2 * rest) * values[piece + 1] - rest * step * slopes[piece + 1]);
        }

        return result;
    }

    /// <summary>
    /// The slope at each point. The slopes make the second derivative continuous, and the third derivative at the second point from either end.
    /// </summary>
    private double[] Slopes(ReadOnlySpan<double> values)
    {
        int count = points.Length, last = count - 1;
        double[] below = new double[count], diagonal = new double[count], above = new double[count], right = new double[count];
        for (int i = 1; i < last; i++)
        {
            double before = Step(i - 1), after = Step(i);
            (below[i], diagonal[i], above[i]) = (after, 2 * (before + after), before);
            right[i] = 3 * (after * Chord(values, i - 1) + before * Chord(values, i));
        }

        double first = Step(0), second = Step(1), both = first + second;
        (diagonal[0], above[0]) = (second, both);
        right[0] = ((first + 2 * both) * second * Chord(values, 0) + first * first * Chord(values, 1)) / both;
        (first, second) = (Step(last - 1), Step(last - 2));
        both = first + second;
        (diagonal[last], below[last]) = (second, both);
        right[last] = ((first + 2 * both) * second * Chord(values, last - 1) + first * first * Chord(values, last - 2)) / both;

        // The system is tridiagonal: forward elimination, then back substitution.
        for (int i = 1; i < count; i++)
        {
            double factor = below[i] / diagonal[i - 1];
            diagonal[i] -= factor * above[i - 1];
            right[i] -= factor * right[i - 1];
        }

        right[last] /= diagonal[last];
        for (int i = last - 1; i >= 0; i--)
        {
            right[i] = (right[i] - above[i] * right[i + 1]) / diagonal[i];
        }

        return right;
    }

    private double Step(int i) => points[i + 1] - points[i];

    private double Chord(ReadOnlySpan<double> values, int i) => (values[i + 1] - values[i]) / Step(i);
}
