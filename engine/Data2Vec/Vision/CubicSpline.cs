namespace Data2Vec.Vision;

/// <summary>
/// The cubic spline through given points that has no knot at the second point and the last but one (de Boor 1978, "not-a-knot").
/// Beyond the first and the last point it stays at their values, as FITPACK's evaluation does.
/// </summary>
/// <param name="places">Where the points are, ascending; at least four.</param>
internal sealed class CubicSpline(double[] places)
{
    /// <summary>The fewest points that make a cubic.</summary>
    public const int FewestPoints = 4;

    /// <summary>The curve through values at the places, read elsewhere.</summary>
    /// <param name="values">One for each place.</param>
    /// <param name="at">Where the curve is wanted.</param>
    /// <returns>One number for each of <paramref name="at"/>.</returns>
    public double[] Interpolate(ReadOnlySpan<double> values, ReadOnlySpan<double> at)
    {
        double[] slopes = Slopes(values);
        var result = new double[at.Length];
        for (int i = 0; i < result.Length; i++)
        {
            double place = Math.Clamp(at[i], places[0], places[^1]);
            int piece = Array.BinarySearch(places, place);
            piece = Math.Min(piece < 0 ? ~piece - 1 : piece, places.Length - 2);

            // Hermite's cubic between two points.
            double step = places[piece + 1] - places[piece], t = (place - places[piece]) / step, rest = 1 - t;
            result[i] = rest * rest * ((1 + 2 * t) * values[piece] + t * step * slopes[piece])
                + t * t * ((1 + 2 * rest) * values[piece + 1] - rest * step * slopes[piece + 1]);
        }

        return result;
    }

    /// <summary>The curve's slope at each place: what makes the second derivative continuous, and the third one at the second place from either end.</summary>
    private double[] Slopes(ReadOnlySpan<double> values)
    {
        int count = places.Length, last = count - 1;
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

        // The system is tridiagonal: elimination downwards, substitution upwards.
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

    private double Step(int i) => places[i + 1] - places[i];

    private double Chord(ReadOnlySpan<double> values, int i) => (values[i + 1] - values[i]) / Step(i);
}
