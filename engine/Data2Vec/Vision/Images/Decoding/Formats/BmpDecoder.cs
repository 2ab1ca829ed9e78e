using System.Buffers.Binary;
using System.Numerics;

namespace Data2Vec.Vision.Images;

/// <summary>Decodes BMP of Windows and OS/2: 1 to 32 bits, color masks, and run-length coding.</summary>
internal ref struct BmpDecoder
{
    private const int FileHeaderLength = 14, CoreHeaderLength = 12, InfoHeaderLength = 40;
    private const int Plain = 0, RunLength8 = 1, RunLength4 = 2, Masks = 3, MasksWithAlpha = 6;

    private readonly ReadOnlySpan<byte> _file;
    private readonly int _width, _height, _bits, _compression, _dataStart;
    private readonly bool _isTopDown;
    private readonly ReadOnlySpan<byte> _palette;
    private readonly int _entryBytes;
    private readonly uint _red, _green, _blue, _alpha;

    private BmpDecoder(ReadOnlySpan<byte> file, ImageLimits limits)
    {
        _file = file;
        int headerLength = file.Length < FileHeaderLength + CoreHeaderLength ? 0 : BinaryPrimitives.ReadInt32LittleEndian(file[FileHeaderLength..]);
        if (headerLength == 0 || file.Length - FileHeaderLength < headerLength)
        {
            throw ImageErrors.Truncated(ImageFormat.Bmp);
        }

        ReadOnlySpan<byte> header = file.Slice(FileHeaderLength, headerLength);
        int colors = 0, height;
        if (headerLength == CoreHeaderLength)
        {
            (_width, height, _bits) = (ReadUInt16(header[4..]), ReadUInt16(header[6..]), ReadUInt16(header[10..]));
            _entryBytes = 3;
        }
        else
        {
            (_width, height) = (BinaryPrimitives.ReadInt32LittleEndian(header[4..]), BinaryPrimitives.ReadInt32LittleEndian(header[8..]));
            _bits = ReadUInt16(header[14..]);
            _compression = BinaryPrimitives.ReadInt32LittleEndian(header[16..]);
            colors = BinaryPrimitives.ReadInt32LittleEndian(header[32..]);
            _entryBytes = 4;
        }

        _isTopDown = height < 0;
        limits.Check(ImageFormat.Bmp, _width, Math.Abs((long)height));
        _height = Math.Abs(height);
        _dataStart = BinaryPrimitives.ReadInt32LittleEndian(file[10..]);

        // Masks stand in the header of later versions, and behind that of earlier ones.
        int paletteStart = FileHeaderLength + headerLength;
        if (_compression is Masks or MasksWithAlpha)
        {
            int count = _compression == MasksWithAlpha || headerLength > InfoHeaderLength + 12 ? 4 : 3;
            ReadOnlySpan<byte> masks = file[(FileHeaderLength + InfoHeaderLength)..];
            if (masks.Length < count * 4)
            {
                throw ImageErrors.Truncated(ImageFormat.Bmp);
            }

            paletteStart = Math.Max(paletteStart, FileHeaderLength + InfoHeaderLength + count * 4);
            (_red, _green, _blue) = (ReadUInt32(masks), ReadUInt32(masks[4..]), ReadUInt32(masks[8..]));
            _alpha = count == 4 ? ReadUInt32(masks[12..]) : 0;
        }
        else
        {
            (_red, _green, _blue) = _bits == 16 ? (0x7C00u, 0x3E0u, 0x1Fu) : (0xFF0000u, 0xFF00u, 0xFFu);
        }

        bool isKnown = (_compression, _bits) switch
        {
            (Plain, 1 or 4 or 8 or 16 or 24 or 32) or (RunLength8, 8) or (RunLength4, 4) or (Masks or MasksWithAlpha, 16 or 32) => true,
            _ => false,
        };
        if (!isKnown || _dataStart < FileHeaderLength + headerLength)
        {
            throw ImageErrors.Damaged(ImageFormat.Bmp);
        }

        if (_dataStart > file.Length || paletteStart > file.Length)
        {
            throw ImageErrors.Truncated(ImageFormat.Bmp);
        }

        if (_bits <= 8)
        {
            int available = Math.Max(_dataStart - paletteStart, 0) / _entryBytes;
            int used = Math.Min(colors is > 0 and <= 256 ? colors : 1 << _bits, available);
            _palette = file.Slice(paletteStart, used * _entryBytes);
        }
    }

    /// <summary>Whether a file begins with a header of a known length.</summary>
    public static bool IsHeader(ReadOnlySpan<byte> start) =>
        start.StartsWith("BM"u8) && start.Length >= FileHeaderLength + 4
        && ReadUInt32(start[FileHeaderLength..]) is CoreHeaderLength or InfoHeaderLength or 52 or 56 or 64 or 108 or 124;

    /// <summary>Decodes a file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or larger than the limits allow.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> file, ImageLimits limits) => new BmpDecoder(file, limits).Decode();

    private readonly RgbImage Decode()
    {
        UprightImage image = new(_width, _height, _isTopDown ? 1 : 4);
        byte[] rgb = new byte[_width * 3];
        if (_compression is RunLength4 or RunLength8)
        {
            byte[] indices = DecodeRuns();
            for (int y = 0; y < _height; y++)
            {
                for (int x = 0; x < _width; x++)
                {
                    Look(indices[y * _width + x], rgb.AsSpan(x * 3, 3));
                }

                image.SetRow(y, rgb);
            }

            return image.Image;
        }

        long stride = ((long)_width * _bits + 31) / 32 * 4, rowBytes = ((long)_width * _bits + 7) / 8;
        if (stride * (_height - 1) + rowBytes > _file.Length - _dataStart)
        {
            throw ImageErrors.Truncated(ImageFormat.Bmp);
        }

        ushort[] samples = new ushort[_bits <= 8 ? _width : 0];
        for (int y = 0; y < _height; y++)
        {
            ReadOnlySpan<byte> row = _file.Slice((int)(_dataStart + y * stride), (int)rowBytes);
            SampleUnpacking.Unpack(row, _bits, samples);
            for (int x = 0; x < _width; x++)
            {
                Span<byte> target = rgb.AsSpan(x * 3, 3);
                switch (_bits)
                {
                    case 16:
                        Unmask(ReadUInt16(row[(x * 2)..]), target);
                        break;
                    case 24:
                        (target[0], target[1], target[2]) = (row[x * 3 + 2], row[x * 3 + 1], row[x * 3]);
                        break;
                    case 32:
                        Unmask(ReadUInt32(row[(x * 4)..]), target);
                        break;
                    default:
                        Look(samples[x], target);
                        break;
                }
            }

            image.SetRow(y, rgb);
        }

        return image.Image;
    }

    private readonly void Look(int index, Span<byte> rgb)
    {
        int entry = index * _entryBytes;
        if (entry < _palette.Length)
        {
            (rgb[0], rgb[1], rgb[2]) = (_palette[entry + 2], _palette[entry + 1], _palette[entry]);
        }
        else
        {
            rgb.Clear();
        }
    }

    private readonly void Unmask(uint pixel, Span<byte> rgb)
    {
        int alpha = _alpha == 0 ? 255 : Part(pixel, _alpha);
        rgb[0] = AlphaBlending.OverWhite(Part(pixel, _red), alpha);
        rgb[1] = AlphaBlending.OverWhite(Part(pixel, _green), alpha);
        rgb[2] = AlphaBlending.OverWhite(Part(pixel, _blue), alpha);
    }

    private static byte Part(uint pixel, uint mask)
    {
        int shift = BitOperations.TrailingZeroCount(mask);
        return mask == 0 ? (byte)0 : mask >> shift == 255 ? (byte)(pixel >> shift) : (byte)((ulong)((pixel & mask) >> shift) * 255 / (mask >> shift));
    }

    /// <summary>Decodes runs to palette indices, from the bottom row up. Pixels that the runs skip have index 0.</summary>
    private readonly byte[] DecodeRuns()
    {
        // The file may skip any number of pixels, but not without end: a file of few bytes for many rows is damaged.
        ReadOnlySpan<byte> data = _file[_dataStart..];
        if ((long)_width * _height / 255 > data.Length)
        {
            throw ImageErrors.Truncated(ImageFormat.Bmp);
        }

        byte[] indices = new byte[_width * _height];
        bool isHalf = _compression == RunLength4;
        int x = 0, y = 0, at = 0;
        while (y < _height)
        {
            if (data.Length - at < 2)
            {
                throw ImageErrors.Truncated(ImageFormat.Bmp);
            }

            (int count, int value) = (data[at], data[at + 1]);
            at += 2;
            if (count > 0)
            {
                for (int i = 0; i < count && x < _width; i++, x++)
                {
                    indices[y * _width + x] = (byte)(!isHalf ? value : (i & 1) == 0 ? value >> 4 : value & 15);
                }
            }
            else if (value == 0)
            {
                (x, y) = (0, y + 1);
            }
            else if (value == 1)
            {
                break;
            }
            else if (value == 2)
            {
                if (data.Length - at < 2)
                {
                    throw ImageErrors.Truncated(ImageFormat.Bmp);
                }

                (x, y) = (Math.Min(x + data[at], _width), y + data[at + 1]);
                at += 2;
            }
            else
            {
                // Pixels one by one, up to an even number of bytes.
                int bytes = isHalf ? (value + 1) / 2 : value;
                if (data.Length - at < bytes)
                {
                    throw ImageErrors.Truncated(ImageFormat.Bmp);
                }

                for (int i = 0; i < value && x < _width; i++, x++)
                {
                    int packed = data[at + (isHalf ? i / 2 : i)];
                    indices[y * _width + x] = (byte)(!isHalf ? packed : (i & 1) == 0 ? packed >> 4 : packed & 15);
                }

                at = Math.Min(at + bytes + (bytes & 1), data.Length);
            }

            // Some writers leave out the end of the last row and of the file.
            if (y == _height - 1 && x == _width && at == data.Length)
            {
                break;
            }
        }

        return indices;
    }

    private static ushort ReadUInt16(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private static uint ReadUInt32(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes);
}
