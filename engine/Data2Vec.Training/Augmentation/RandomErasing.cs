using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Augmentation;

/// <summary>
/// Replaces a rectangle of an image by noise (arXiv 1708.04896; timm's <c>RandomErasing</c> in the mode <c>pixel</c>). It works on normalized pixels: the
/// noise is standard normal.
/// </summary>
public sealed record RandomErasing
{
    private const int Tries = 10;

    /// <summary>The probability that an image loses a rectangle.</summary>
    public double Probability { get; init; } = 0.25;

    /// <summary>The smallest area of a rectangle, as a share of the image's.</summary>
    public double MinArea { get; init; } = 0.02;

    /// <summary>The largest area of a rectangle, as a share of the image's.</summary>
    public double MaxArea { get; init; } = 1 / 3.0;

    /// <summary>The smallest ratio of height to width. The largest is its inverse.</summary>
    public double MinAspect { get; init; } = 0.3;

    /// <summary>Draws a rectangle; null if there is none.</summary>
    /// <exception cref="ArgumentException">A property is out of range.</exception>
    public CropWindow? Draw(int width, int height, RandomSequence random)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (Probability is not (>= 0 and <= 1) || !(MinArea >= 0 && MinArea <= MaxArea && MaxArea <= 1) || MinAspect is not (> 0 and <= 1))
        {
            throw new ArgumentException($"A property of the erasing is out of range: {this}.");
        }

        if (random.NextDouble() >= Probability)
        {
            return null;
        }

        double area = (double)width * height;
        for (int i = 0; i < Tries; i++)
        {
            double target = area * random.NextDouble(MinArea, MaxArea);
            double aspect = Math.Exp(random.NextDouble(Math.Log(MinAspect), -Math.Log(MinAspect)));
            double h = Math.Round(Math.Sqrt(target * aspect)), w = Math.Round(Math.Sqrt(target / aspect));
            if (w < width && h < height)
            {
                int top = random.NextInt32(height - (int)h + 1);
                return new CropWindow(random.NextInt32(width - (int)w + 1), top, (int)w, (int)h);
            }
        }

        return null;
    }

    /// <summary>Erases a random rectangle.</summary>
    /// <param name="pixels">Normalized pixels <c>[channels, height, width]</c>.</param>
    /// <param name="width">The width of the image.</param>
    /// <param name="height">The height of the image.</param>
    /// <param name="random">The random numbers of the image.</param>
    /// <exception cref="ArgumentException">The pixels are not whole channels, or a property is out of range.</exception>
    public void Apply(Span<float> pixels, int width, int height, RandomSequence random)
    {
        int plane = PixelPlanes.Check(pixels.Length, width, height);
        if (Draw(width, height, random) is not { } window)
        {
            return;
        }

        for (int start = 0; start < pixels.Length; start += plane)
        {
            for (int y = window.Top; y < window.Top + window.Height; y++)
            {
                foreach (ref float value in pixels.Slice(start + (y * width) + window.Left, window.Width))
                {
                    value = (float)random.NextNormal();
                }
            }
        }
    }
}
