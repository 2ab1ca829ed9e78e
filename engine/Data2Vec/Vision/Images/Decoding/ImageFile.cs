using SkiaSharp;

namespace Data2Vec.Vision.Images;

/// <summary>Decodes JPEG, PNG, WebP, BMP and GIF files to 8-bit RGB. No other type uses the decoding library (SkiaSharp).</summary>
/// <remarks>
/// Samples are those of the file. Color profiles and gamma are ignored, CMYK is converted by the plain formula, and 16-bit samples keep
/// their upper 8 bits. The EXIF orientation is applied. Transparent pixels, and pixels that a GIF frame does not cover, become white.
/// Of an animation, the first frame is decoded.
/// </remarks>
public static class ImageFile
{
    /// <summary>Whether a file is an image, supported or not, judging by about its first kilobyte.</summary>
    public static bool IsImage(ReadOnlySpan<byte> start) => ImageFormatDetector.IsImage(start);

    /// <summary>Decodes a file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, of another format, or larger than the limits allow.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RgbImage Load(string path, ImageLimits? limits = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = File.OpenRead(path);
        return FileErrors.Named(path, () => Load(stream, limits));
    }

    /// <summary>Decodes the rest of a stream, which need not be seekable.</summary>
    /// <inheritdoc cref="Decode" path="/exception"/>
    public static RgbImage Load(Stream stream, ImageLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        limits ??= ImageLimits.Default;
        using MemoryStream file = new();
        Span<byte> buffer = stackalloc byte[16 * 1024];
        for (int count; (count = stream.Read(buffer)) > 0; file.Write(buffer[..count]))
        {
            CheckFileSize(file.Length + count, limits);
        }

        return Decode(file.GetBuffer().AsSpan(0, (int)file.Length), limits);
    }

    /// <summary>Decodes the content of a file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, of another format, or larger than the limits allow.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> file, ImageLimits? limits = null)
    {
        limits ??= ImageLimits.Default;
        CheckFileSize(file.Length, limits);
        ImageFormat format = ImageFormatDetector.Detect(file);
        using SKData data = SKData.CreateCopy(file);
        using SKCodec? codec = SKCodec.Create(new SKMemoryStream(data), out SKCodecResult opened);
        if (codec is null)
        {
            throw Failure(file, format, opened, "header");
        }

        int width = codec.Info.Width, height = codec.Info.Height;
        CheckDimensions(format, width, height, limits);
        SKImageInfo target = new(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul); // no color space, so no conversion
        byte[] rgba = GC.AllocateUninitializedArray<byte>(width * height * 4);
        SKCodecResult decoded = ReadPixels(codec, target, rgba);
        if (decoded != SKCodecResult.Success || Truncation.IsFound(format, file))
        {
            throw Failure(file, format, decoded, "pixels");
        }

        int orientation = format == ImageFormat.Png ? PngChunks.ReadOrientation(file) : (int)codec.EncodedOrigin;
        return RgbaConversion.ToRgb(rgba, width, height, orientation);
    }

    private static unsafe SKCodecResult ReadPixels(SKCodec codec, SKImageInfo target, byte[] rgba)
    {
        fixed (byte* pixels = rgba)
        {
            return codec.GetPixels(target, (nint)pixels);
        }
    }

    private static void CheckFileSize(long bytes, ImageLimits limits)
    {
        if (bytes > Math.Min(limits.MaxFileBytes, Array.MaxLength))
        {
            throw new InvalidDataException($"the file is larger than the limit of {limits.MaxFileBytes} bytes");
        }
    }

    private static void CheckDimensions(ImageFormat format, int width, int height, ImageLimits limits)
    {
        if (width < 1 || height < 1)
        {
            throw new InvalidDataException($"the {Name(format)} header declares {width} x {height} pixels");
        }

        if (Math.Max(width, height) > limits.MaxSide)
        {
            throw new InvalidDataException($"{width} x {height} pixels exceed the limit of {limits.MaxSide} per side; scale the image down");
        }

        // RGBA pixels must fit in one array, regardless of the limits.
        long allowed = Math.Min(limits.MaxPixels, Array.MaxLength / 4);
        if ((long)width * height > allowed)
        {
            throw new InvalidDataException($"{width} x {height} pixels exceed the limit of {allowed} pixels; scale the image down");
        }
    }

    private static InvalidDataException Failure(ReadOnlySpan<byte> file, ImageFormat format, SKCodecResult result, string part)
    {
        // The decoder also reports complete but damaged input as incomplete.
        bool isTruncated = format is ImageFormat.Bmp or ImageFormat.Gif ? result == SKCodecResult.IncompleteInput : Truncation.IsFound(format, file);
        string reason = isTruncated ? "is truncated" : $"is damaged or of an unsupported kind: its {part} cannot be decoded; save it again as PNG or JPEG";
        return new InvalidDataException($"the {Name(format)} file {reason}");
    }

    private static string Name(ImageFormat format) => format == ImageFormat.WebP ? "WebP" : format.ToString().ToUpperInvariant();
}

/// <summary>Limits for image files. A file beyond a limit is rejected before its pixels are decoded.</summary>
/// <param name="MaxPixels">The most pixels. Decoding takes up to 7 bytes per pixel, and 13 for a progressive JPEG.</param>
/// <param name="MaxSide">The longest side in pixels.</param>
/// <param name="MaxFileBytes">The largest file in bytes.</param>
public sealed record ImageLimits(long MaxPixels = 100_000_000, int MaxSide = 65_500, long MaxFileBytes = 512L << 20)
{
    /// <summary>100 megapixels, sides of 65,500 pixels, files of 512 MiB.</summary>
    public static ImageLimits Default { get; } = new();
}

/// <summary>Converts decoded pixels to upright, opaque pixels.</summary>
internal static class RgbaConversion
{
    /// <summary>Blends pixels <c>[height, width, 4]</c> with straight alpha over white and applies the EXIF orientation, 1 to 8.</summary>
    public static RgbImage ToRgb(ReadOnlySpan<byte> rgba, int width, int height, int orientation)
    {
        // Each orientation is a walk over the stored pixels: its start, its step to the right and its step down.
        int last = width * height - 1;
        (int start, int right, int down) = orientation switch
        {
            2 => (width - 1, -1, width),
            3 => (last, -1, -width),
            4 => (last - width + 1, 1, -width),
            5 => (0, width, 1),
            6 => (last - width + 1, -width, 1),
            7 => (last, -width, -1),
            8 => (width - 1, width, -1),
            _ => (0, 1, width),
        };
        if (orientation >= 5)
        {
            (width, height) = (height, width);
        }

        byte[] pixels = GC.AllocateUninitializedArray<byte>(width * height * 3);
        int at = 0;
        for (int y = 0; y < height; y++)
        {
            int source = start + y * down;
            for (int x = 0; x < width; x++, source += right, at += 3)
            {
                ReadOnlySpan<byte> pixel = rgba.Slice(source * 4, 4);
                int alpha = pixel[3];
                pixels[at] = OverWhite(pixel[0], alpha);
                pixels[at + 1] = OverWhite(pixel[1], alpha);
                pixels[at + 2] = OverWhite(pixel[2], alpha);
            }
        }

        return new RgbImage(width, height, pixels);
    }

    private static byte OverWhite(int sample, int alpha) =>
        alpha == 255 ? (byte)sample : (byte)((sample * alpha + 255 * (255 - alpha) + 127) / 255);
}

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
