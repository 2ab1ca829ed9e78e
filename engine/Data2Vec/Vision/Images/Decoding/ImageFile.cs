namespace Data2Vec.Vision.Images;

/// <summary>
/// Decodes JPEG, PNG, WebP, GIF, BMP, TIFF, TGA and Netpbm (PBM, PGM, PPM) files to 8-bit RGB. An <see cref="ImageDecoder"/> adds formats.
/// </summary>
/// <remarks>
/// Samples are those of the file. Color profiles and gamma are ignored, CMYK is converted by the plain formula, and 16-bit samples keep
/// their upper 8 bits. The EXIF orientation is applied. Transparent pixels, and pixels that a frame does not cover, become white.
/// Of an animation, the first frame is decoded, and of a file with several images the first.
/// </remarks>
public static class ImageFile
{
    /// <summary>Whether a file is an image, supported or not, judging by about its first kilobyte.</summary>
    public static bool IsImage(ReadOnlySpan<byte> start) => ImageFormatDetector.IsImage(start);

    /// <summary>Decodes a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limits">The largest image, or null for the default.</param>
    /// <param name="decoder">Decodes further formats.</param>
    /// <exception cref="InvalidDataException">The file is damaged, of another format, or larger than the limits allow.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RgbImage Load(string path, ImageLimits? limits = null, ImageDecoder? decoder = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = File.OpenRead(path);
        return FileErrors.Named(path, () => Load(stream, limits, decoder));
    }

    /// <summary>Decodes the rest of a stream, which need not be seekable.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="limits">The largest image, or null for the default.</param>
    /// <param name="decoder">Decodes further formats.</param>
    /// <exception cref="InvalidDataException">The file is damaged, of another format, or larger than the limits allow.</exception>
    public static RgbImage Load(Stream stream, ImageLimits? limits = null, ImageDecoder? decoder = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        limits ??= ImageLimits.Default;
        using MemoryStream file = new();
        Span<byte> buffer = stackalloc byte[16 * 1024];
        for (int count; (count = stream.Read(buffer)) > 0; file.Write(buffer[..count]))
        {
            limits.CheckFileSize(file.Length + count);
        }

        return DecodeContent(file.GetBuffer().AsMemory(0, (int)file.Length), limits, decoder);
    }

    /// <summary>Decodes the content of a file.</summary>
    /// <param name="file">The content.</param>
    /// <param name="limits">The largest image, or null for the default.</param>
    /// <param name="decoder">Decodes further formats.</param>
    /// <exception cref="InvalidDataException">The file is damaged, of another format, or larger than the limits allow.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> file, ImageLimits? limits = null, ImageDecoder? decoder = null)
    {
        limits ??= ImageLimits.Default;
        limits.CheckFileSize(file.Length);
        return DecodeContent(file.ToArray(), limits, decoder);
    }

    private static RgbImage DecodeContent(ReadOnlyMemory<byte> file, ImageLimits limits, ImageDecoder? decoder)
    {
        if (decoder is not null && !ImageFormatDetector.IsSupported(file.Span) && decoder.CanDecode(file.Span))
        {
            return decoder.Decode(file.Span, limits);
        }

        return ImageFormatDetector.Detect(file.Span) switch
        {
            ImageFormat.Jpeg => JpegDecoder.Decode(file.Span, limits),
            ImageFormat.Png => PngDecoder.Decode(file, limits),
            ImageFormat.WebP => WebPDecoder.Decode(file.Span, limits),
            ImageFormat.Gif => GifDecoder.Decode(file.Span, limits),
            ImageFormat.Bmp => BmpDecoder.Decode(file.Span, limits),
            ImageFormat.Tiff => TiffDecoder.Decode(file, limits),
            ImageFormat.Tga => TgaDecoder.Decode(file.Span, limits),
            _ => NetpbmDecoder.Decode(file.Span, limits),
        };
    }
}
