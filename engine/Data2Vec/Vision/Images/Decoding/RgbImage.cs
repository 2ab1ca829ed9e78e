namespace Data2Vec.Vision.Images;

/// <summary>An image of 8-bit red, green and blue samples as stored in its file, without color management.</summary>
public sealed class RgbImage
{
    /// <summary>Wraps pixels without copying them.</summary>
    /// <param name="width">The width in pixels, at least 1.</param>
    /// <param name="height">The height in pixels, at least 1.</param>
    /// <param name="pixels">Samples <c>[height, width, 3]</c>, row-major.</param>
    /// <exception cref="ArgumentException">The number of samples is not <c>height * width * 3</c>.</exception>
    public RgbImage(int width, int height, byte[] pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentNullException.ThrowIfNull(pixels);
        if (pixels.Length % 3 != 0 || Math.BigMul(width, height) != pixels.Length / 3)
        {
            throw new ArgumentException($"{pixels.Length} samples do not make an image of {width} x {height} with 3 channels.", nameof(pixels));
        }

        (Width, Height, Pixels) = (width, height, pixels);
    }

    /// <summary>The width in pixels.</summary>
    public int Width { get; }

    /// <summary>The height in pixels.</summary>
    public int Height { get; }

    /// <summary>Samples <c>[height, width, 3]</c>, row-major.</summary>
    public byte[] Pixels { get; }
}
