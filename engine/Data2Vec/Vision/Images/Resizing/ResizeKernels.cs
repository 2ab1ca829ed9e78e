namespace Data2Vec.Vision.Images;

/// <summary>How an image is resampled. Except for OpenCV's, the filters are antialiased: for downscaling they widen with the scale.</summary>
public enum Interpolation
{
    /// <summary>Cubic convolution with a = -0.5 (Keys, 1981) over 4 x 4 pixels.</summary>
    Bicubic,

    /// <summary>A triangle filter over 2 x 2 pixels.</summary>
    Bilinear,

    /// <summary>OpenCV's <c>INTER_CUBIC</c>: cubic convolution with a = -0.75 over 4 x 4 pixels at any scale, without antialiasing.</summary>
    OpenCvBicubic,
}

/// <summary>The size an image is resized to before it is cropped.</summary>
public enum ResizeMode
{
    /// <summary>Both sides get the same size; the aspect ratio is lost.</summary>
    Squash,

    /// <summary>The shorter side gets the size and the longer side keeps the aspect ratio (torchvision's <c>Resize</c> of an integer).</summary>
    ShorterSide,
}

/// <summary>
/// The filter weights of one axis: the range of source positions that contribute to each target position, and their weights. Positions and
/// rounding are those of Pillow's <c>Image.resize</c>, or of OpenCV's <c>resize</c> for <see cref="Interpolation.OpenCvBicubic"/>.
/// </summary>
internal sealed class ResizeKernels
{
    /// <summary>The fraction bits of Pillow's integer weights: 32, less 8 for the sample, less 2 for overshoot.</summary>
    public const int FractionBits = 22;

    /// <summary>The fraction bits of OpenCV's integer weights. Two axes together have <see cref="FractionBits"/>.</summary>
    private const int OpenCvFractionBits = FractionBits / 2;

    private const int OpenCvTaps = 4;

    private readonly int[] _starts, _counts, _weights, _firstTaps, _taps;
    private readonly int _stride, _sourceSize;

    /// <summary>Computes the weights of some target positions of an axis.</summary>
    public ResizeKernels(int sourceSize, int targetSize, CropSpan target, Interpolation interpolation)
    {
        double scale = (double)sourceSize / targetSize;
        bool isOpenCv = interpolation == Interpolation.OpenCvBicubic;
        double support = isOpenCv ? 2 : (interpolation == Interpolation.Bicubic ? 2 : 1) * Math.Max(scale, 1);
        _stride = (int)Math.Min(Math.Ceiling(support) * 2 + 1, sourceSize);
        _starts = new int[target.Count];
        _counts = new int[target.Count];
        _weights = new int[checked(target.Count * _stride)];
        _sourceSize = sourceSize;
        _firstTaps = new int[isOpenCv ? target.Count : 0];
        _taps = new int[_firstTaps.Length * OpenCvTaps];
        double[] exact = new double[_stride];
        for (int i = 0; i < target.Count; i++)
        {
            double center = (target.First + i + 0.5) * scale;
            Span<int> weights = _weights.AsSpan(i * _stride, _stride);
            (_starts[i], _counts[i]) = isOpenCv ? OpenCv(center, sourceSize, i, weights) : Pillow(center, sourceSize, support, interpolation, exact, weights);
        }

        FirstSource = _starts[0];
        SourceCount = _starts[^1] + _counts[^1] - FirstSource;
    }

    /// <summary>The first source position that contributes to any target position.</summary>
    public int FirstSource { get; }

    /// <summary>The number of source positions from the first to the last that contributes.</summary>
    public int SourceCount { get; }

    /// <summary>The first source position of a target position, counted from <see cref="FirstSource"/>.</summary>
    public int Start(int target) => _starts[target] - FirstSource;

    /// <summary>The weights of a target position, one for each source position from <see cref="Start"/> on.</summary>
    public ReadOnlySpan<int> Weights(int target) => _weights.AsSpan(target * _stride, _counts[target]);

    /// <summary>The weights of OpenCV's four taps. Unlike in <see cref="Weights"/>, taps that fall on the same source position stay apart.</summary>
    public ReadOnlySpan<int> Taps(int target) => _taps.AsSpan(target * OpenCvTaps, OpenCvTaps);

    /// <summary>The source position of a tap, counted from <see cref="FirstSource"/>.</summary>
    public int TapSource(int target, int tap) => Math.Clamp(_firstTaps[target] + tap, 0, _sourceSize - 1) - FirstSource;

    private static (int Start, int Count) Pillow(
        double center, int sourceSize, double support, Interpolation interpolation, Span<double> exact, Span<int> weights)
    {
        double filterScale = interpolation == Interpolation.Bicubic ? support / 2 : support;
        int start = Math.Max((int)(center - support + 0.5), 0);
        int count = Math.Min((int)(center + support + 0.5), sourceSize) - start;
        double sum = 0;
        for (int k = 0; k < count; k++)
        {
            double x = Math.Abs((start + k - center + 0.5) / filterScale);
            exact[k] = interpolation == Interpolation.Bicubic ? Cubic(x) : x < 1 ? 1 - x : 0;
            sum += exact[k];
        }

        for (int k = 0; k < count; k++)
        {
            weights[k] = (int)Math.Round(exact[k] / sum * (1 << FractionBits), MidpointRounding.AwayFromZero);
        }

        return (start, count);
    }

    /// <summary>Cubic convolution with a = -0.5.</summary>
    private static double Cubic(double x)
    {
        const double A = -0.5;
        return x < 1 ? ((A + 2) * x - (A + 3)) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
    }

    /// <summary>Four taps. Taps beyond an edge fall on the edge, so their weights are added to its weight.</summary>
    private (int Start, int Count) OpenCv(double center, int sourceSize, int target, Span<int> weights)
    {
        // OpenCV computes positions and weights in single precision too.
        float position = (float)(center - 0.5);
        int before = (int)MathF.Floor(position);
        float x = position - before;
        const float A = -0.75f;
        float first = ((A * (x + 1) - 5 * A) * (x + 1) + 8 * A) * (x + 1) - 4 * A;
        float second = ((A + 2) * x - (A + 3)) * x * x + 1;
        float third = ((A + 2) * (1 - x) - (A + 3)) * (1 - x) * (1 - x) + 1;
        ReadOnlySpan<float> exact = [first, second, third, 1 - first - second - third];
        int start = Math.Clamp(before - 1, 0, sourceSize - 1), end = start;
        _firstTaps[target] = before - 1;
        for (int tap = 0; tap < exact.Length; tap++)
        {
            end = Math.Clamp(before - 1 + tap, 0, sourceSize - 1);
            int weight = (int)MathF.Round(exact[tap] * (1 << OpenCvFractionBits));
            _taps[target * OpenCvTaps + tap] = weight;
            weights[end - start] += weight;
        }

        return (start, end - start + 1);
    }
}

/// <summary>The part of one axis that a centered crop keeps, with torchvision's rounding.</summary>
/// <param name="First">The first position kept.</param>
/// <param name="Count">The number of positions kept.</param>
/// <param name="Padding">The zeros before the first position.</param>
internal readonly record struct CropSpan(int First, int Count, int Padding = 0)
{
    /// <summary>Crops the middle <paramref name="cropSize"/> of <paramref name="size"/> positions.</summary>
    public static CropSpan Center(int size, int cropSize) => size < cropSize
        ? new(0, size, (cropSize - size) / 2)
        // Like Python's round, halves go to the even neighbor.
        : new((int)Math.Round((size - cropSize) / 2.0, MidpointRounding.ToEven), cropSize);
}
