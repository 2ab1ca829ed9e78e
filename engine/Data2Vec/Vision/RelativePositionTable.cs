namespace Data2Vec.Vision;

/// <summary>
/// Resizes tables of relative position bias to another grid as BEiT does (Bao et al. 2022; <c>run_class_finetuning.py</c>). The known distances are
/// spread out geometrically from the centre until they reach the largest new distance, and a bicubic spline through them is sampled at the new ones.
/// </summary>
internal static class RelativePositionTable
{
    /// <summary>Rows for the class token, which do not depend on distance.</summary>
    private const int ClassRows = 3;

    /// <summary>The table for another grid.</summary>
    /// <param name="table"><c>[(2 * from - 1)^2 + 3, heads]</c>.</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="from">Patches per row of the grid that the table is for.</param>
    /// <param name="to">Patches per row of the new grid.</param>
    /// <returns><c>[(2 * to - 1)^2 + 3, heads]</c>.</returns>
    /// <exception cref="InvalidDataException">The table has too few distances.</exception>
    public static float[] Resize(ReadOnlySpan<float> table, int heads, int from, int to)
    {
        int known = 2 * from - 1, wanted = 2 * to - 1;
        if (known < CubicSpline.FewestPoints)
        {
            throw new InvalidDataException(
                $"the relative position bias of {from} x {from} patches has too few distances to interpolate; do not change the image size");
        }

        var spline = new CubicSpline(Places(from, to));
        double[] at = [.. Enumerable.Range(1 - to, wanted).Select(distance => (double)distance)];
        var resized = new float[(wanted * wanted + ClassRows) * heads];
        var across = new double[known][];
        double[] values = new double[known];
        for (int head = 0; head < heads; head++)
        {
            for (int y = 0; y < known; y++)
            {
                for (int x = 0; x < known; x++)
                {
                    values[x] = table[(y * known + x) * heads + head];
                }

                across[y] = spline.Interpolate(values, at);
            }

            for (int x = 0; x < wanted; x++)
            {
                for (int y = 0; y < known; y++)
                {
                    values[y] = across[y][x];
                }

                double[] down = spline.Interpolate(values, at);
                for (int y = 0; y < wanted; y++)
                {
                    resized[(y * wanted + x) * heads + head] = (float)down[y];
                }
            }
        }

        table[^(ClassRows * heads)..].CopyTo(resized.AsSpan(wanted * wanted * heads));
        return resized;
    }

    /// <summary>
    /// The positions of the known distances: steps of 1, q, q² … from the centre, whose sum is the largest new distance, or as close to it as a q
    /// between 1.01 and 1.5 allows.
    /// </summary>
    private static double[] Places(int from, int to)
    {
        double low = 1.01, high = 1.5, ratio = low;
        while (high - low > 1e-6)
        {
            ratio = (low + high) / 2;
            double reach = (1 - Math.Pow(ratio, from - 1)) / (1 - ratio);
            (low, high) = reach > to - 1 ? (low, ratio) : (ratio, high);
        }

        var places = new double[2 * from - 1];
        double place = 0, step = 1;
        for (int i = 1; i < from; i++)
        {
            place += step;
            step *= ratio;
            (places[from - 1 + i], places[from - 1 - i]) = (place, -place);
        }

        return places;
    }
}

/// <summary>
/// The cubic spline through given points without knots at the second and the penultimate point (de Boor 1978, "not-a-knot"). Beyond the
/// first and the last point it is constant, like FITPACK's evaluation.
/// </summary>
/// <param name="points">The positions of the points, ascending; at least four.</param>
internal sealed class CubicSpline(double[] points)
{
    public const int FewestPoints = 4;

    /// <summary>Evaluates the spline through values at the points.</summary>
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
