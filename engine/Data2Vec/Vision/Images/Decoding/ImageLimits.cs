namespace Data2Vec.Vision.Images;

/// <summary>Limits for image files. A file beyond a limit is rejected before its pixels are decoded.</summary>
/// <param name="MaxPixels">The most pixels. Decoding takes up to 7 bytes per pixel, and 12 for a progressive JPEG.</param>
/// <param name="MaxSide">The longest side in pixels.</param>
/// <param name="MaxFileBytes">The largest file in bytes.</param>
public sealed record ImageLimits(long MaxPixels = 150_000_000, int MaxSide = 65_500, long MaxFileBytes = 512L << 20)
{
    /// <summary>150 megapixels, sides of 65,500 pixels, files of 512 MiB.</summary>
    public static ImageLimits Default { get; } = new();

    /// <summary>The most pixels whose red, green and blue samples fit in one array, regardless of the limits.</summary>
    private static long LargestImage => Array.MaxLength / 4;

    /// <summary>Checks the size that a file's header declares. An <see cref="ImageDecoder"/> does so before it decodes pixels.</summary>
    /// <param name="format">The format's name for the message.</param>
    /// <param name="width">The width in pixels.</param>
    /// <param name="height">The height in pixels.</param>
    /// <exception cref="InvalidDataException">The size is 0, or exceeds a limit.</exception>
    public void Check(string format, long width, long height)
    {
        if (width < 1 || height < 1)
        {
            throw new InvalidDataException($"the {format} header declares {width} x {height} pixels");
        }

        if (Math.Max(width, height) > MaxSide)
        {
            throw SizeLimits.Error(
                $"{width} x {height} pixels exceed the limit of {MaxSide} per side ({nameof(ImageLimits)}.{nameof(MaxSide)}); scale the image down, or raise the limit");
        }

        if (width * height > LargestImage)
        {
            throw SizeLimits.Error($"{width} x {height} pixels are more than the {LargestImage} that fit in memory; scale the image down");
        }

        if (width * height > MaxPixels)
        {
            throw SizeLimits.Error(
                $"{width} x {height} pixels exceed the limit of {MaxPixels} pixels ({nameof(ImageLimits)}.{nameof(MaxPixels)}); scale the image down, or raise the limit");
        }
    }

    internal void Check(ImageFormat format, long width, long height) => Check(format.Name(), width, height);

    /// <summary>Checks the size of a file.</summary>
    /// <exception cref="InvalidDataException">It exceeds the limit.</exception>
    internal void CheckFileSize(long bytes)
    {
        if (bytes > Math.Min(MaxFileBytes, Array.MaxLength))
        {
            throw SizeLimits.Error(
                $"the file is larger than the limit of {Math.Min(MaxFileBytes, Array.MaxLength)} bytes ({nameof(ImageLimits)}.{nameof(MaxFileBytes)})");
        }
    }
}
