using System.Buffers.Binary;

namespace Data2Vec.Vision.Images;

/// <summary>Decodes TGA (Truevision): indexed, color and gray images, run-length coded or not.</summary>
internal ref struct TgaDecoder
{
    private const int HeaderLength = 18;
    private const int Indexed = 1, Color = 2, Gray = 3, RunLength = 8;

    private readonly ReadOnlySpan<byte> _file;
    private readonly int _kind, _bits, _pixelBytes, _attributeBits;
    private readonly bool _isRunLength;
    private int _position;
    private int _run; // the pixels that follow of a packet
    private bool _isRepeated;

    private TgaDecoder(ReadOnlySpan<byte> file)
    {
        _file = file;
        (_kind, _isRunLength) = (file[2] & ~RunLength, (file[2] & RunLength) != 0);
        _bits = file[16];
        _pixelBytes = (_bits + 7) / 8;
        _attributeBits = file[17] & 15;
    }

    /// <summary>
    /// Whether a file begins with a plausible header. The format has no signature at its start, so all fields must fit together. A file of
    /// its second version has a signature at its end, and may have anything in unused fields.
    /// </summary>
    public static bool IsHeader(ReadOnlySpan<byte> file)
    {
        if (file.Length < HeaderLength)
        {
            return false;
        }

        (byte mapKind, int kind, byte mapBits, byte bits, byte descriptor) = (file[1], file[2], file[7], file[16], file[17]);
        bool hasSize = BinaryPrimitives.ReadUInt16LittleEndian(file[12..]) > 0 && BinaryPrimitives.ReadUInt16LittleEndian(file[14..]) > 0;
        int attributes = descriptor & 15, entries = BinaryPrimitives.ReadUInt16LittleEndian(file[5..]);
        bool hasMap = mapKind == 1 && entries is > 0 and <= 256 && BinaryPrimitives.ReadUInt16LittleEndian(file[3..]) < 256 && mapBits is 15 or 16 or 24 or 32;
        bool isKnown = (kind & ~RunLength, bits) switch
        {
            (Indexed, 8) => hasMap && attributes is 0 or 8,
            (Color, 15 or 16) => attributes <= 1,
            (Color, 24) => attributes == 0,
            (Color, 32) => attributes is 0 or 8,
            (Gray, 8) => attributes is 0 or 8,
            (Gray, 16) => attributes is 0 or 8,
            _ => false,
        };
        bool hasNoMap = mapKind == 0 && file[3..8].IndexOfAnyExcept((byte)0) < 0;
        return kind is Indexed or Color or Gray or (Indexed | RunLength) or (Color | RunLength) or (Gray | RunLength)
            && hasSize && isKnown && (hasMap || hasNoMap || (mapKind <= 1 && file[^18..].SequenceEqual("TRUEVISION-XFILE.\0"u8)))
            && descriptor >> 6 == 0;
    }

    /// <summary>Decodes a file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or larger than the limits allow.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> file, ImageLimits limits) => new TgaDecoder(file).Decode(limits);

    private RgbImage Decode(ImageLimits limits)
    {
        (int width, int height) = (BinaryPrimitives.ReadUInt16LittleEndian(_file[12..]), BinaryPrimitives.ReadUInt16LittleEndian(_file[14..]));
        limits.Check(ImageFormat.Tga, width, height);
        _position = HeaderLength + _file[0];
        int mapStart = BinaryPrimitives.ReadUInt16LittleEndian(_file[3..]), mapCount = _file[1] == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(_file[5..]) : 0;
        int mapBits = _file[7], entryBytes = (mapBits + 7) / 8;
        ReadOnlySpan<byte> map = Take(mapCount * entryBytes);

        // A packet holds at most 128 pixels.
        long fewestBytes = _isRunLength ? (long)width * height / 128 : (long)width * height * _pixelBytes;
        if (_file.Length - _position < fewestBytes)
        {
            throw ImageErrors.Truncated(ImageFormat.Tga);
        }

        // Rows go up unless the header says otherwise.
        bool isTopDown = (_file[17] & 0x20) != 0, isRightToLeft = (_file[17] & 0x10) != 0;
        UprightImage image = new(width, height, (isTopDown, isRightToLeft) switch { (true, false) => 1, (true, true) => 2, (false, true) => 3, _ => 4 });
        byte[] rgb = new byte[width * 3];
        ReadOnlySpan<byte> pixel = default;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                if (!_isRunLength || NextInPacket())
                {
                    pixel = Take(_pixelBytes);
                }

                Span<byte> target = rgb.AsSpan(x * 3, 3);
                if (_kind == Indexed)
                {
                    int entry = pixel[0] - mapStart;
                    if (entry >= 0 && entry < mapCount)
                    {
                        ToRgb(map.Slice(entry * entryBytes, entryBytes), mapBits, hasAlpha: false, target);
                    }
                    else
                    {
                        target.Clear();
                    }
                }
                else
                {
                    ToRgb(pixel, _bits, hasAlpha: _attributeBits == 8, target);
                }
            }

            image.SetRow(y, rgb);
        }

        return image.Image;
    }

    private readonly void ToRgb(ReadOnlySpan<byte> pixel, int bits, bool hasAlpha, Span<byte> rgb)
    {
        int alpha = 255;
        if (_kind == Gray)
        {
            rgb.Fill(pixel[0]);
            alpha = hasAlpha && bits == 16 ? pixel[1] : 255;
        }
        else if (bits <= 16)
        {
            int packed = BinaryPrimitives.ReadUInt16LittleEndian(pixel);
            rgb[0] = SampleUnpacking.ToByte((packed >> 10) & 31, 5);
            rgb[1] = SampleUnpacking.ToByte((packed >> 5) & 31, 5);
            rgb[2] = SampleUnpacking.ToByte(packed & 31, 5);
        }
        else
        {
            (rgb[0], rgb[1], rgb[2]) = (pixel[2], pixel[1], pixel[0]);
            alpha = hasAlpha && bits == 32 ? pixel[3] : 255;
        }

        if (alpha < 255)
        {
            foreach (ref byte sample in rgb)
            {
                sample = AlphaBlending.OverWhite(sample, alpha);
            }
        }
    }

    /// <summary>Advances by a pixel in the packets. Whether the pixel has its own bytes.</summary>
    private bool NextInPacket()
    {
        if (_run > 0)
        {
            _run--;
            return !_isRepeated;
        }

        byte packet = Take(1)[0];
        (_run, _isRepeated) = (packet & 0x7F, (packet & 0x80) != 0);
        return true;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_file.Length - _position < count)
        {
            throw ImageErrors.Truncated(ImageFormat.Tga);
        }

        _position += count;
        return _file.Slice(_position - count, count);
    }
}
