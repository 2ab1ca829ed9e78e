using System.Buffers.Binary;

namespace Data2Vec.Vision.Images;

/// <summary>A supported image format.</summary>
internal enum ImageFormat
{
    Jpeg,
    Png,
    WebP,
    Gif,
    Bmp,
    Tiff,
    Tga,
    Netpbm,
}

/// <summary>Detects the format of an image by its first bytes, regardless of the file's name.</summary>
internal static class ImageFormatDetector
{
    private const string OtherMedia = "a video or other ISO media file";

    /// <summary>The format's name for messages.</summary>
    public static string Name(this ImageFormat format) => format is ImageFormat.WebP or ImageFormat.Netpbm ? format.ToString() : format.ToString().ToUpperInvariant();

    /// <summary>Detects a supported format.</summary>
    /// <exception cref="InvalidDataException">The format is not supported. The message names it if it is known.</exception>
    public static ImageFormat Detect(ReadOnlySpan<byte> file) => Supported(file)
        ?? throw new InvalidDataException((file.IsEmpty, Unsupported(file)) switch
        {
            (true, _) => "the file is empty",
            (_, "HEIC" or "AVIF") => $"{Unsupported(file)} needs a decoder, as the package Data2Vec.Images.Magick has; without it, convert the image to PNG or JPEG",
            (_, string name) => $"{name} is not supported; convert the image to PNG or JPEG",
            _ => "not an image in a known format (JPEG, PNG, WebP, GIF, BMP, TIFF, TGA and Netpbm are supported)",
        });

    /// <summary>Whether a file is in a supported format.</summary>
    public static bool IsSupported(ReadOnlySpan<byte> file) => Supported(file) is not null;

    /// <summary>Whether a file begins like an image in a supported format or another one.</summary>
    public static bool IsImage(ReadOnlySpan<byte> start) => Supported(start) is not null || Unsupported(start) is not (null or OtherMedia);

    private static ImageFormat? Supported(ReadOnlySpan<byte> file) => file switch
    {
        _ when file.HasAt(0, [0xFF, 0xD8, 0xFF]) => ImageFormat.Jpeg,
        _ when file.HasAt(0, [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]) => ImageFormat.Png,
        _ when file.StartsWith("RIFF"u8) && file.HasAt(8, "WEBP"u8) => ImageFormat.WebP,
        _ when file.StartsWith("GIF87a"u8) || file.StartsWith("GIF89a"u8) => ImageFormat.Gif,
        _ when file.StartsWith("II*\0"u8) || file.StartsWith("MM\0*"u8) || file.StartsWith("II+\0"u8) || file.StartsWith("MM\0+"u8) => ImageFormat.Tiff,
        _ when BmpDecoder.IsHeader(file) => ImageFormat.Bmp,
        _ when NetpbmDecoder.IsHeader(file) => ImageFormat.Netpbm,
        _ when TgaDecoder.IsHeader(file) => ImageFormat.Tga,
        _ => null,
    };

    private static string? Unsupported(ReadOnlySpan<byte> file) => file switch
    {
        _ when file.HasAt(4, "ftyp"u8) => IsoMedia(file[8..Math.Min(file.Length, 64)]),
        _ when file.StartsWith("%PDF"u8) => "PDF",
        _ when file.StartsWith("%!PS"u8) => "PostScript",
        _ when file.StartsWith("8BPS"u8) => "Photoshop (PSD)",
        _ when IsIcon(file, kind: 1) => "ICO (icon)",
        _ when IsIcon(file, kind: 2) => "CUR (cursor)",
        _ when file.HasAt(0, [0xFF, 0x0A]) || file.HasAt(4, "JXL "u8) => "JPEG XL",
        _ when file.HasAt(0, [0xFF, 0x4F, 0xFF, 0x51]) || file.HasAt(4, "jP  "u8) => "JPEG 2000",
        _ when file.StartsWith("DDS "u8) => "DDS",
        _ when file.StartsWith("#?RADIANCE"u8) => "Radiance HDR",
        _ when file.HasAt(0, [0x76, 0x2F, 0x31, 0x01]) => "OpenEXR",
        _ when file.StartsWith("P7\n"u8) => "Netpbm PAM",
        _ when file.StartsWith("PF\n"u8) || file.StartsWith("Pf\n"u8) => "PFM",
        _ when IsSvg(file[..Math.Min(file.Length, 1024)]) => "SVG",
        _ => null,
    };

    /// <summary>Whether a file begins with a directory of icons or cursors: its kind, then its count.</summary>
    private static bool IsIcon(ReadOnlySpan<byte> file, byte kind) =>
        file.HasAt(0, [0, 0, kind, 0]) && file.Length >= 6 && BinaryPrimitives.ReadUInt16LittleEndian(file[4..]) is > 0 and < 1024;

    /// <summary>HEIC and AVIF use the container of MP4. The brands after <c>ftyp</c> distinguish them.</summary>
    private static string IsoMedia(ReadOnlySpan<byte> brands) => brands switch
    {
        _ when brands.IndexOf("avif"u8) >= 0 || brands.IndexOf("avis"u8) >= 0 => "AVIF",
        _ when brands.IndexOf("heic"u8) >= 0 || brands.IndexOf("heix"u8) >= 0 || brands.IndexOf("heim"u8) >= 0 || brands.IndexOf("heis"u8) >= 0
            || brands.IndexOf("hevc"u8) >= 0 || brands.IndexOf("mif1"u8) >= 0 || brands.IndexOf("msf1"u8) >= 0 => "HEIC",
        _ => OtherMedia,
    };

    private static bool IsSvg(ReadOnlySpan<byte> start)
    {
        ReadOnlySpan<byte> text = (start.HasAt(0, [0xEF, 0xBB, 0xBF]) ? start[3..] : start).TrimStart(" \t\r\n"u8);
        return text is [(byte)'<', ..] && text.IndexOf("<svg"u8) >= 0;
    }
}
