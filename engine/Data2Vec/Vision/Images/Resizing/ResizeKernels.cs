namespace Data2Vec.Vision.Images;

/// <summary>
/// The filter weights of one axis: for each target position, which source positions count and how much.
/// Positions and rounding are those of Pillow's <c>Image.resize</c>.
/// </summary>
internal sealed class ResizeKernels
{
    /// <summary>Weights are integers with this many bits behind the point: 32, less 8 of a sample, less 2 for overshoot.</summary>
    public const int FractionBits = 22;

    private readonly int[] _starts;
    private readonly int[] _counts;
    private readonly int[] _weights;
    private readonly int _stride;

    /// <summary>Prepares the weights for the target positions <paramref name="first"/> to <c>first + count - 1</c>.</summary>
    public ResizeKernels(int sourceSize, int targetSize, int first, int count, Interpolation interpolation)
    {
        double scale = (double)sourceSize / targetSize;
        double filterScale = Math.Max(scale, 1);
        double support = (interpolation == Interpolation.Bicubic ? 2 : 1) * filterScale;
        _stride = (int)Math.Min(Math.Ceiling(support) * 2 + 1, sourceSize);
        _starts = new int[count];
        _counts = new int[count];
        _weights = new int[checked(count * _stride)];
        double[] exact = new double[_stride];
        for (int i = 0; i < count; i++)
        {
            double centre = (first + i + 0.5) * scale;
            int start = Math.Max((int)(centre - support + 0.5), 0);
            int end = Math.Min((int)(centre + support + 0.5), sourceSize);
            Span<double> weights = exact.AsSpan(0, end - start);
            double sum = 0;
            for (int k = 0; k < weights.Length; k++)
            {
                weights[k] = Filter(interpolation, (start + k - centre + 0.5) / filterScale);
                sum += weights[k];
            }

            for (int k = 0; k < weights.Length; k++)
            {
                _weights[i * _stride + k] = (int)Math.Round(weights[k] / sum * (1 << FractionBits), MidpointRounding.AwayFromZero);
            }

            _starts[i] = start;
            _counts[i] = weights.Length;
        }

        FirstSource = _starts[0];
        SourceCount = _starts[^1] + _counts[^1] - FirstSource;
    }

    /// <summary>The first source position that any target position looks at.</summary>
    public int FirstSource { get; }

    /// <summary>How many source positions are looked at in all.</summary>
    public int SourceCount { get; }

    /// <summary>Where a target position's source positions begin.</summary>
    public int Start(int target) => _starts[target];

    /// <summary>The weights of a target position, one for each source position from <see cref="Start"/> on.</summary>
    public ReadOnlySpan<int> Weights(int target) => _weights.AsSpan(target * _stride, _counts[target]);

    private static double Filter(Interpolation interpolation, double x)
    {
        x = Math.Abs(x);
        if (interpolation == Interpolation.Bilinear)
        {
            return x < 1 ? 1 - x : 0;
        }

        const double A = -0.5;
        if (x < 1)
        {
            return ((A + 2) * x - (A + 3)) * x * x + 1;
        }

        return x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
    }
}
