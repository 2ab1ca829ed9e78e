using System.Buffers.Binary;

namespace Data2Vec.Vision.Images;

/// <summary>The compressed pixels of a WebP, or of the first frame of an animation, and where they stand on the canvas.</summary>
internal readonly ref struct WebPFrame
{
    /// <summary>The bytes before the compressed pixels of a lossless frame.</summary>
    public const int LosslessHeaderLength = 5;

    private const int FileHeaderLength = 12, ChunkHeaderLength = 8, FrameHeaderLength = 16, LossyHeaderLength = 10;

    /// <summary>Finds the frame in a file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public WebPFrame(ReadOnlySpan<byte> file)
    {
        // Some writers omit the byte that pads the last chunk to an even length.
        long length = file.Length < FileHeaderLength ? long.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(file[4..]) + 8L;
        if (file.Length < length - 1)
        {
            throw ImageErrors.Truncated(ImageFormat.WebP);
        }

        ReadOnlySpan<byte> rest = file[FileHeaderLength..(int)Math.Clamp(length, FileHeaderLength, file.Length)];
        Orientation = 1;
        while (TryReadChunk(ref rest, out ReadOnlySpan<byte> type, out ReadOnlySpan<byte> content))
        {
            if (type.SequenceEqual("VP8X"u8) && content.Length >= 10)
            {
                (CanvasWidth, CanvasHeight) = (ReadUInt24(content[4..]) + 1, ReadUInt24(content[7..]) + 1);
            }
            else if (type.SequenceEqual("EXIF"u8))
            {
                // Some writers begin the metadata as in a JPEG.
                Orientation = ExifOrientation.Read(content.StartsWith("Exif\0\0"u8) ? content[6..] : content);
            }
            else if (!Pixels.IsEmpty)
            {
                // Only the first frame is decoded.
            }
            else if (type.SequenceEqual("ANMF"u8) && content.Length > FrameHeaderLength)
            {
                (Left, Top) = (ReadUInt24(content) * 2, ReadUInt24(content[3..]) * 2);
                content = content[FrameHeaderLength..];
                while (Pixels.IsEmpty && TryReadChunk(ref content, out ReadOnlySpan<byte> partType, out ReadOnlySpan<byte> part))
                {
                    Alpha = partType.SequenceEqual("ALPH"u8) ? part : Alpha;
                    Pixels = IsPixels(partType) ? part : default;
                    IsLossless = partType.SequenceEqual("VP8L"u8);
                }
            }
            else
            {
                Alpha = type.SequenceEqual("ALPH"u8) ? content : Alpha;
                Pixels = IsPixels(type) ? content : default;
                IsLossless = type.SequenceEqual("VP8L"u8);
            }
        }

        if (IsLossless && Pixels.Length > LosslessHeaderLength && Pixels[0] == 0x2F && Pixels[4] >> 5 == 0)
        {
            uint bits = BinaryPrimitives.ReadUInt32LittleEndian(Pixels[1..]);
            (Width, Height, HasAlpha) = ((int)(bits & 0x3FFF) + 1, (int)((bits >> 14) & 0x3FFF) + 1, (bits >> 28 & 1) != 0);
        }
        else if (!IsLossless && Pixels.Length > LossyHeaderLength && Pixels.HasAt(3, [0x9D, 0x01, 0x2A]))
        {
            Width = BinaryPrimitives.ReadUInt16LittleEndian(Pixels[6..]) & 0x3FFF;
            Height = BinaryPrimitives.ReadUInt16LittleEndian(Pixels[8..]) & 0x3FFF;
        }
        else
        {
            throw ImageErrors.Damaged(ImageFormat.WebP);
        }

        (CanvasWidth, CanvasHeight) = CanvasWidth == 0 ? (Width, Height) : (CanvasWidth, CanvasHeight);
    }

    /// <summary>The width of the frame.</summary>
    public int Width { get; }

    /// <summary>The height of the frame.</summary>
    public int Height { get; }

    /// <summary>The frame's first column on the canvas.</summary>
    public int Left { get; }

    /// <summary>The frame's first row on the canvas.</summary>
    public int Top { get; }

    /// <summary>The width of the canvas.</summary>
    public int CanvasWidth { get; }

    /// <summary>The height of the canvas.</summary>
    public int CanvasHeight { get; }

    /// <summary>The EXIF orientation, 1 to 8.</summary>
    public int Orientation { get; }

    /// <summary>Whether the pixels are lossless.</summary>
    public bool IsLossless { get; }

    /// <summary>Whether lossless pixels have alpha.</summary>
    public bool HasAlpha { get; }

    /// <summary>The compressed pixels, with their header.</summary>
    public ReadOnlySpan<byte> Pixels { get; }

    /// <summary>The compressed alpha of lossy pixels, or nothing.</summary>
    public ReadOnlySpan<byte> Alpha { get; }

    private static bool IsPixels(ReadOnlySpan<byte> type) => type.SequenceEqual("VP8 "u8) || type.SequenceEqual("VP8L"u8);

    private static bool TryReadChunk(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> type, out ReadOnlySpan<byte> content)
    {
        type = content = default;
        if (rest.Length < ChunkHeaderLength)
        {
            return false;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
        if (length > rest.Length - ChunkHeaderLength)
        {
            throw ImageErrors.Truncated(ImageFormat.WebP);
        }

        type = rest[..4];
        content = rest.Slice(ChunkHeaderLength, (int)length);
        rest = rest[(int)Math.Min(ChunkHeaderLength + length + (length & 1), rest.Length)..];
        return true;
    }

    private static int ReadUInt24(ReadOnlySpan<byte> bytes) => bytes[0] | bytes[1] << 8 | bytes[2] << 16;
}
