namespace Data2Vec.Vision;

/// <summary>Computes position vectors for a grid of patches from those of another grid, as PyTorch's <c>interpolate</c> does.</summary>
internal static class PositionVectors
{
    /// <summary>What DINO adds to the new size, so that rounding does not lose a patch. The scale has it too.</summary>
    private const double Offset = 0.1;

    /// <summary>The factor of cubic convolution without and with antialiasing.</summary>
    private const double Plain = -0.75, Antialias = -0.5;

    /// <summary>The vectors of a grid, row by row, from those of another.</summary>
    /// <param name="vectors"><c>[from.Height * from.Width, hidden]</c>.</param>
    /// <param name="hidden">Features of a vector.</param>
    /// <param name="from">The grid of the vectors.</param>
    /// <param name="to">The new grid.</param>
    /// <param name="interpolation">How they are interpolated; needed only if the grids differ.</param>
    /// <returns><c>[to.Height * to.Width, hidden]</c>.</returns>
    public static float[] Resize(
        ReadOnlySpan<float> vectors, int hidden, (int Height, int Width) from, (int Height, int Width) to, PositionInterpolation? interpolation)
    {
        if (from == to)
        {
            return vectors.ToArray();
        }

        Taps[] across = TapsOf(from.Width, to.Width, interpolation!.Value), down = TapsOf(from.Height, to.Height, interpolation.Value);
        var narrowed = new double[from.Height * to.Width * hidden];
        for (int y = 0; y < from.Height; y++)
        {
            for (int x = 0; x < to.Width; x++)
            {
                Span<double> sum = narrowed.AsSpan((y * to.Width + x) * hidden, hidden);
                foreach ((int source, double weight) in across[x].Weights)
                {
                    ReadOnlySpan<float> vector = vectors.Slice((y * from.Width + source) * hidden, hidden);
                    for (int i = 0; i < hidden; i++)
                    {
                        sum[i] += weight * vector[i];
                    }
                }
            }
        }

        var resized = new float[to.Height * to.Width * hidden];
        double[] total = new double[to.Width * hidden];
        for (int y = 0; y < to.Height; y++)
        {
            Array.Clear(total);
            foreach ((int source, double weight) in down[y].Weights)
            {
                ReadOnlySpan<double> row = narrowed.AsSpan(source * total.Length, total.Length);
                for (int i = 0; i < total.Length; i++)
                {
                    total[i] += weight * row[i];
                }
            }

            for (int i = 0; i < total.Length; i++)
            {
                resized[y * total.Length + i] = (float)total[i];
            }
        }

        return resized;
    }

    /// <summary>The source positions of each target position of an axis, and their weights.</summary>
    private static Taps[] TapsOf(int from, int to, PositionInterpolation interpolation)
    {
        double scale = interpolation switch
        {
            PositionInterpolation.BicubicOffset => from / (to + Offset),
            PositionInterpolation.BicubicAligned => to > 1 ? (from - 1) / (double)(to - 1) : 0,
            _ => from / (double)to,
        };
        return [.. Enumerable.Range(0, to).Select(i => interpolation switch
        {
            PositionInterpolation.BicubicAntialias => Widened((i + 0.5) * scale, Math.Max(scale, 1), from),
            PositionInterpolation.BicubicAligned => Four(i * scale, from),
            _ => Four((i + 0.5) * scale - 0.5, from),
        })];
    }

    /// <summary>Four positions; those beyond an edge fall on it.</summary>
    private static Taps Four(double position, int from)
    {
        int before = (int)Math.Floor(position);
        return new Taps([.. Enumerable.Range(before - 1, 4).Select(source => (Math.Clamp(source, 0, from - 1), Cubic(Math.Abs(position - source), Plain)))]);
    }

    /// <summary>All positions under the filter, which is as wide as the scale; those beyond an edge do not count.</summary>
    private static Taps Widened(double center, double width, int from)
    {
        int first = Math.Max((int)(center - 2 * width + 0.5), 0), end = Math.Min((int)(center + 2 * width + 0.5), from);
        (int Source, double Weight)[] weights =
            [.. Enumerable.Range(first, end - first).Select(source => (source, Cubic(Math.Abs((source - center + 0.5) / width), Antialias)))];
        double sum = weights.Sum(tap => tap.Weight);
        return new Taps([.. weights.Select(tap => (tap.Source, tap.Weight / sum))]);
    }

    /// <summary>Cubic convolution (Keys 1981).</summary>
    private static double Cubic(double x, double a) => x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;

    private readonly record struct Taps((int Source, double Weight)[] Weights);
}
