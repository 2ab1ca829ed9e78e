namespace Data2Vec.Vision.Images;

/// <summary>Tells an image's format by its first bytes; the file's name plays no part.</summary>
internal static class ImageFormatDetector
{
    private const string OtherMedia = "a video or other ISO media file";
    private const string WayOut = "convert the image to PNG or JPEG";

    /// <exception cref="InvalidDataException">The format is not one that is read; the message names it where it is known.</exception>
    public static ImageFormat Detect(ReadOnlySpan<byte> file)
    {
        if (Supported(file) is ImageFormat format)
        {
            return format;
        }

        throw new InvalidDataException((file.IsEmpty, Unsupported(file)) switch
        {
            (true, _) => "the file is empty",
            (_, string name) => $"{name} is not supported; {WayOut}",
            _ => "not an image of a known format (JPEG, PNG, WebP, BMP and GIF are read)",
        });
    }

    /// <summary>Whether a file begins as an image does, of a format that is read or of another.</summary>
    public static bool IsImage(ReadOnlySpan<byte> start) => Supported(start) is not null || Unsupported(start) is not (null or OtherMedia);

    private static ImageFormat? Supported(ReadOnlySpan<byte> file)
    {
        if (IsAt(file, 0, [0xFF, 0xD8, 0xFF]))
        {
            return ImageFormat.Jpeg;
        }

        if (IsAt(file, 0, [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]))
        {
            return ImageFormat.Png;
        }

        if (file.StartsWith("RIFF"u8) && IsAt(file, 8, "WEBP"u8))
        {
            return ImageFormat.WebP;
        }

        if (file.StartsWith("GIF87a"u8) || file.StartsWith("GIF89a"u8))
        {
            return ImageFormat.Gif;
        }

        return file.StartsWith("BM"u8) ? ImageFormat.Bmp : null;
    }

    private static string? Unsupported(ReadOnlySpan<byte> file)
    {
        if (file.StartsWith("II*\0"u8) || file.StartsWith("MM\0*"u8) || file.StartsWith("II+\0"u8) || file.StartsWith("MM\0+"u8))
        {
            return "TIFF";
        }

        if (IsAt(file, 4, "ftyp"u8))
        {
            return IsoMedia(file);
        }

        if (file.StartsWith("%PDF"u8))
        {
            return "PDF";
        }

        if (file.StartsWith("%!PS"u8))
        {
            return "PostScript";
        }

        if (file.StartsWith("8BPS"u8))
        {
            return "Photoshop (PSD)";
        }

        if (IsAt(file, 0, [0, 0, 1, 0]))
        {
            return "ICO (icon)";
        }

        if (IsAt(file, 0, [0, 0, 2, 0]))
        {
            return "CUR (cursor)";
        }

        if (IsAt(file, 0, [0xFF, 0x0A]) || IsAt(file, 4, "JXL "u8))
        {
            return "JPEG XL";
        }

        if (IsAt(file, 0, [0xFF, 0x4F, 0xFF, 0x51]) || IsAt(file, 4, "jP  "u8))
        {
            return "JPEG 2000";
        }

        if (file.StartsWith("DDS "u8))
        {
            return "DDS";
        }

        if (file.StartsWith("#?RADIANCE"u8))
        {
            return "Radiance HDR";
        }

        if (IsAt(file, 0, [0x76, 0x2F, 0x31, 0x01]))
        {
            return "OpenEXR";
        }

        if (file.Length > 2 && file[0] == 'P' && file[1] is >= (byte)'1' and <= (byte)'7' && file[2] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            return "Netpbm (PBM, PGM, PPM)";
        }

        return IsSvg(file) ? "SVG" : null;
    }

    /// <summary>HEIC and AVIF share the container of MP4; the brands after <c>ftyp</c> tell them apart.</summary>
    private static string IsoMedia(ReadOnlySpan<byte> file)
    {
        ReadOnlySpan<byte> brands = file[8..Math.Min(file.Length, 64)];
        if (brands.IndexOf("avif"u8) >= 0 || brands.IndexOf("avis"u8) >= 0)
        {
            return "AVIF";
        }

        bool isHeic = brands.IndexOf("heic"u8) >= 0 || brands.IndexOf("heix"u8) >= 0 || brands.IndexOf("mif1"u8) >= 0;
        return isHeic ? "HEIC" : OtherMedia;
    }

    private static bool IsSvg(ReadOnlySpan<byte> file)
    {
        ReadOnlySpan<byte> start = file[..Math.Min(file.Length, 1024)];
        if (IsAt(start, 0, [0xEF, 0xBB, 0xBF]))
        {
            start = start[3..];
        }

        start = start.TrimStart(" \t\r\n"u8);
        return start.Length > 0 && start[0] == '<' && start.IndexOf("<svg"u8) >= 0;
    }

    private static bool IsAt(ReadOnlySpan<byte> file, int offset, ReadOnlySpan<byte> tag) =>
        file.Length >= offset + tag.Length && file.Slice(offset, tag.Length).SequenceEqual(tag);
}
