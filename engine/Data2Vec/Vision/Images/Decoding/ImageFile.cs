using SkiaSharp;

namespace Data2Vec.Vision.Images;

/// <summary>
/// Decodes JPEG, PNG, WebP, BMP and GIF to 8-bit RGB. The only type that knows the decoding library (SkiaSharp).
/// </summary>
/// <remarks>
/// The samples are those of the file: embedded colour profiles and gamma are ignored, CMYK is taken by the plain
/// formula, of 16 bits the upper 8 are kept. The EXIF orientation is applied, transparency and what
/// a GIF's frame leaves uncovered become white, of an animation the first frame is taken.
/// </remarks>
public static class ImageFile
{
    /// <summary>Whether a file is an image by its first bytes, a kilobyte or so; of some formats none is read.</summary>
    public static bool IsImage(ReadOnlySpan<byte> start) => ImageFormatDetector.IsImage(start);

    /// <summary>Decodes a file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, of another format, or larger than the limits allow.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RgbImage Load(string path, ImageLimits? limits = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using FileStream stream = File.OpenRead(path);
            return Load(stream, limits);
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidDataException($"{Path.GetFileName(path)}: {exception.Message}", exception);
        }
    }

    /// <summary>Decodes what is left of a stream; seeking is not needed.</summary>
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

    /// <summary>Decodes a file's bytes.</summary>
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
        // No colour space is asked for, so none is converted to.
        SKImageInfo target = new(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        byte[] rgba = GC.AllocateUninitializedArray<byte>(width * height * 4);
        SKCodecResult decoded = ReadPixels(codec, target, rgba);
        if (decoded != SKCodecResult.Success || Truncation.IsFound(format, file))
        {
            throw Failure(file, format, decoded, "pixels");
        }

        int orientation = format == ImageFormat.Png ? PngOrientation.Read(file) : (int)codec.EncodedOrigin;
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
            throw new InvalidDataException($"the file is larger than the {limits.MaxFileBytes} bytes allowed");
        }
    }

    private static void CheckDimensions(ImageFormat format, int width, int height, ImageLimits limits)
    {
        if (width < 1 || height < 1)
        {
            throw new InvalidDataException($"the {Name(format)} header says {width} x {height} pixels");
        }

        if (Math.Max(width, height) > limits.MaxSide)
        {
            throw new InvalidDataException($"{width} x {height} pixels are refused: a side may have {limits.MaxSide}; scale the image down");
        }
        // Four bytes a pixel must fit in one array, whatever the caller allows.
        long allowed = Math.Min(limits.MaxPixels, Array.MaxLength / 4);
        if ((long)width * height > allowed)
        {
            throw new InvalidDataException($"{width} x {height} pixels are refused: an image may have {allowed} pixels; scale the image down");
        }
    }

    private static InvalidDataException Failure(ReadOnlySpan<byte> file, ImageFormat format, SKCodecResult result, string part)
    {
        // The decoder also calls incomplete what is all there but makes no sense.
        bool isTruncated = format is ImageFormat.Bmp or ImageFormat.Gif
            ? result == SKCodecResult.IncompleteInput
            : Truncation.IsFound(format, file);
        string reason = isTruncated ? "is truncated" : $"is damaged or of a rare kind: its {part} cannot be decoded; save it anew as PNG or JPEG";
        return new InvalidDataException($"the {Name(format)} file {reason}");
    }

    private static string Name(ImageFormat format) => format switch
    {
        ImageFormat.Jpeg => "JPEG",
        ImageFormat.Png => "PNG",
        ImageFormat.Bmp => "BMP",
        ImageFormat.Gif => "GIF",
        _ => "WebP",
    };
}
