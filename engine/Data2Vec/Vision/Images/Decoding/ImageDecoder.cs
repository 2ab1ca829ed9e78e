namespace Data2Vec.Vision.Images;

/// <summary>Decodes image files that <see cref="ImageFile"/> does not decode itself, such as HEIC and AVIF. An instance is thread-safe.</summary>
public abstract class ImageDecoder
{
    /// <summary>Whether the decoder takes a file.</summary>
    /// <param name="start">The start of the file: about its first kilobyte, or all of a shorter file.</param>
    public abstract bool CanDecode(ReadOnlySpan<byte> start);

    /// <summary>Decodes the content of a file to an upright image. Transparent pixels are blended over white.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or larger than the limits allow.</exception>
    public abstract RgbImage Decode(ReadOnlySpan<byte> file, ImageLimits limits);
}
