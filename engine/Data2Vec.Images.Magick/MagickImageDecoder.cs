using Data2Vec.Vision.Images;
using ImageMagick;

namespace Data2Vec.Images.Magick;

/// <summary>Decodes HEIC and AVIF, as phones store photos, by ImageMagick. Of several images in a file, the first is decoded.</summary>
/// <remarks>
/// The first use limits ImageMagick for the whole process: to 8 GiB of memory, no disk in place of memory, and sides of 65,535 pixels. Only its
/// coder of HEIC and AVIF reads the files.
/// </remarks>
public sealed class MagickImageDecoder : ImageDecoder
{
    private const ulong MaxMemory = 8UL << 30;

    static MagickImageDecoder()
    {
        (ResourceLimits.Width, ResourceLimits.Height) = (ushort.MaxValue, ushort.MaxValue);
        (ResourceLimits.Memory, ResourceLimits.Disk) = (Math.Min(ResourceLimits.Memory, MaxMemory), 0);
    }

    /// <inheritdoc/>
    public override bool CanDecode(ReadOnlySpan<byte> start) => FindFormat(start) is not null;

    /// <inheritdoc/>
    public override RgbImage Decode(ReadOnlySpan<byte> file, ImageLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        MagickFormat format = FindFormat(file) ?? throw new InvalidDataException("the file is neither HEIC nor AVIF");
        string name = format.ToString().ToUpperInvariant();
        try
        {
            MagickReadSettings settings = new() { Format = format, FrameIndex = 0, FrameCount = 1 };
            byte[] content = file.ToArray();
            MagickImageInfo info = new(content, settings);
            limits.Check(name, info.Width, info.Height);
            using MagickImage image = new(content, settings);
            limits.Check(name, image.Width, image.Height);
            using IPixelCollection<byte> pixels = image.GetPixels();
            byte[] rgba = pixels.ToByteArray(PixelMapping.RGBA) ?? throw new InvalidDataException($"the {name} file has no pixels");
            return new RgbImage((int)image.Width, (int)image.Height, OverWhite(rgba));
        }
        catch (MagickException error)
        {
            throw new InvalidDataException($"the {name} file is damaged or of an unsupported kind; save it again as PNG or JPEG", error);
        }
    }

    private static byte[] OverWhite(byte[] rgba)
    {
        byte[] rgb = new byte[rgba.Length / 4 * 3];
        for (int from = 0, to = 0; from < rgba.Length; from += 4)
        {
            int alpha = rgba[from + 3];
            for (int i = 0; i < 3; i++)
            {
                rgb[to++] = (byte)((rgba[from + i] * alpha + 255 * (255 - alpha) + 127) / 255);
            }
        }

        return rgb;
    }

    /// <summary>The brands behind <c>ftyp</c> distinguish HEIC and AVIF from MP4.</summary>
    private static MagickFormat? FindFormat(ReadOnlySpan<byte> start)
    {
        if (start.Length < 12 || !start[4..].StartsWith("ftyp"u8))
        {
            return null;
        }

        MagickFormat? found = null;
        for (int at = 8; at + 4 <= Math.Min(start.Length, 64); at += 4)
        {
            ReadOnlySpan<byte> brand = start.Slice(at, 4);
            if (brand.SequenceEqual("avif"u8) || brand.SequenceEqual("avis"u8))
            {
                return MagickFormat.Avif;
            }

            if (brand.StartsWith("hei"u8) || brand.StartsWith("hevc"u8) || brand.SequenceEqual("mif1"u8) || brand.SequenceEqual("msf1"u8))
            {
                found = MagickFormat.Heic;
            }
        }

        return found;
    }
}
