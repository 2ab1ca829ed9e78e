namespace Data2Vec.Vision.Images;

/// <summary>What an image file may ask for; anything beyond is refused before a pixel is decoded.</summary>
/// <param name="MaxPixels">Width times height. Decoding takes up to 7 bytes a pixel, a progressive JPEG up to 13.</param>
/// <param name="MaxSide">The longer of width and height.</param>
/// <param name="MaxFileBytes">The size of the file itself.</param>
public sealed record ImageLimits(long MaxPixels = 100_000_000, int MaxSide = 65_500, long MaxFileBytes = 512L << 20)
{
    /// <summary>100 megapixels, sides of 65,500, files of 512 MiB.</summary>
    public static ImageLimits Default { get; } = new();
}
