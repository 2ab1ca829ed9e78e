using System.Buffers.Binary;
using System.IO.Compression;

namespace Data2Vec.Vision.Images;

/// <summary>Decodes PNG (ISO/IEC 15948): all color types and depths, and interlaced images. Of an animation, the default image.</summary>
internal sealed class PngDecoder
{
    private const int Gray = 0, Rgb = 2, Indexed = 3, GrayAlpha = 4;
    private const int MaxRatio = 1040; // deflate codes at most 258 bytes in 2 bits
    private const int MaxSurplus = 4096;

    private readonly PngChunks _chunks;
    private readonly int _width, _height, _bits, _color, _channels;
    private readonly bool _isInterlaced;
    private readonly int _keyRed = -1, _keyGreen = -1, _keyBlue = -1;

    private PngDecoder(ReadOnlyMemory<byte> file, ImageLimits limits)
    {
        _chunks = new PngChunks(file);
        ReadOnlySpan<byte> header = _chunks.Header.Span;
        (uint width, uint height) = (BinaryPrimitives.ReadUInt32BigEndian(header), BinaryPrimitives.ReadUInt32BigEndian(header[4..]));
        limits.Check(ImageFormat.Png, width, height);
        (_width, _height, _bits, _color, _isInterlaced) = ((int)width, (int)height, header[8], header[9], header[12] == 1);
        _channels = _color switch { Gray or Indexed => 1, GrayAlpha => 2, Rgb => 3, _ => 4 };
        bool isKnown = (_color, _bits) switch
        {
            (Gray, 1 or 2 or 4 or 8 or 16) or (Indexed, 1 or 2 or 4 or 8) or (Rgb or GrayAlpha or 6, 8 or 16) => true,
            _ => false,
        };
        if (!isKnown || header[10] != 0 || header[11] != 0 || header[12] > 1 || (_color == Indexed && _chunks.Palette.IsEmpty))
        {
            throw ImageErrors.Damaged(ImageFormat.Png);
        }

        long compressed = _chunks.Data.Sum(part => (long)part.Length);
        if ((long)_width * _height * _channels * _bits / 8 > (compressed + 64) * MaxRatio)
        {
            throw ImageErrors.Truncated(ImageFormat.Png);
        }

        ReadOnlySpan<byte> key = _chunks.Transparency.Span;
        if (_color == Gray && key.Length == 2)
        {
            _keyRed = _keyGreen = _keyBlue = BinaryPrimitives.ReadUInt16BigEndian(key);
        }
        else if (_color == Rgb && key.Length == 6)
        {
            _keyRed = BinaryPrimitives.ReadUInt16BigEndian(key);
            _keyGreen = BinaryPrimitives.ReadUInt16BigEndian(key[2..]);
            _keyBlue = BinaryPrimitives.ReadUInt16BigEndian(key[4..]);
        }
    }

    /// <summary>Decodes a file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or larger than the limits allow.</exception>
    public static RgbImage Decode(ReadOnlyMemory<byte> file, ImageLimits limits) => new PngDecoder(file, limits).Decode();

    private RgbImage Decode()
    {
        UprightImage image = new(_width, _height, _chunks.Orientation);
        using ZLibStream data = new(new PartStream(_chunks.Data), CompressionMode.Decompress);
        try
        {
            if (_isInterlaced)
            {
                ReadOnlySpan<(int X, int Y, int Right, int Down)> passes =
                    [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];
                foreach ((int x, int y, int right, int down) in passes)
                {
                    DecodePass(data, image, x, y, right, down);
                }
            }
            else
            {
                DecodePass(data, image, 0, 0, 1, 1);
            }

            // The end of the data has a checksum of the pixels. It is checked when the end is read; more data than pixels is ignored.
            data.ReadAtLeast(new byte[MaxSurplus], MaxSurplus, throwOnEndOfStream: false);
        }
        catch (EndOfStreamException)
        {
            throw ImageErrors.Truncated(ImageFormat.Png);
        }
        catch (Exception error) when (error is InvalidDataException or IOException) // zlib reports some damage as an IOException
        {
            throw ImageErrors.Damaged(ImageFormat.Png, error);
        }

        return image.Image;
    }

    /// <summary>Decodes all pixels, or those of one pass over an interlaced image.</summary>
    private void DecodePass(ZLibStream data, UprightImage image, int left, int top, int right, int down)
    {
        int columns = (_width - left + right - 1) / right;
        if (columns <= 0)
        {
            return;
        }

        int pixelBytes = Math.Max(_channels * _bits / 8, 1);
        byte[] row = new byte[1 + (int)(((long)columns * _channels * _bits + 7) / 8)], above = new byte[row.Length];
        bool isPlain = _color == Rgb && _bits == 8 && _keyRed < 0, isLookedUp = _channels == 1 && _bits <= 8;
        ushort[] samples = new ushort[isPlain || isLookedUp ? 0 : columns * _channels];
        byte[] rgb = new byte[columns * 3], colors = isLookedUp ? FindColors() : [];
        for (int y = top; y < _height; y += down)
        {
            data.ReadExactly(row);
            Unfilter(row[0], row.AsSpan(1), above.AsSpan(1), pixelBytes);
            if (isPlain)
            {
                image.SetRow(y, row.AsSpan(1), left, right);
            }
            else if (isLookedUp)
            {
                LookUp(row.AsSpan(1), colors, rgb);
                image.SetRow(y, rgb, left, right);
            }
            else
            {
                SampleUnpacking.Unpack(row.AsSpan(1), _bits, samples);
                Convert(samples, rgb);
                image.SetRow(y, rgb, left, right);
            }

            (row, above) = (above, row);
        }
    }

    /// <summary>The colors of all gray levels or palette entries.</summary>
    private byte[] FindColors()
    {
        ushort[] all = [.. Enumerable.Range(0, 1 << _bits).Select(sample => (ushort)sample)];
        byte[] colors = new byte[all.Length * 3];
        Convert(all, colors);
        return colors;
    }

    private void LookUp(ReadOnlySpan<byte> row, ReadOnlySpan<byte> colors, Span<byte> rgb)
    {
        for (int i = 0, at = 0; at < rgb.Length; i++, at += 3)
        {
            int color = SampleUnpacking.Unpack(row, _bits, i) * 3;
            (rgb[at], rgb[at + 1], rgb[at + 2]) = (colors[color], colors[color + 1], colors[color + 2]);
        }
    }

    private void Convert(ReadOnlySpan<ushort> samples, Span<byte> rgb)
    {
        ReadOnlySpan<byte> palette = _chunks.Palette.Span, alphas = _chunks.Transparency.Span;
        bool hasAlpha = _channels is 2 or 4;
        for (int from = 0, to = 0; to < rgb.Length; from += _channels, to += 3)
        {
            int red = samples[from], green = red, blue = red, alpha = 255;
            if (_color == Indexed)
            {
                int entry = red * 3;
                (red, green, blue) = entry < palette.Length ? (palette[entry], palette[entry + 1], palette[entry + 2]) : (0, 0, 0);
                alpha = entry / 3 < alphas.Length ? alphas[entry / 3] : 255;
            }
            else
            {
                if (_channels >= 3)
                {
                    (green, blue) = (samples[from + 1], samples[from + 2]);
                }

                if (hasAlpha)
                {
                    alpha = SampleUnpacking.ToByte(samples[from + _channels - 1], _bits);
                }
                else if (red == _keyRed && green == _keyGreen && blue == _keyBlue)
                {
                    alpha = 0;
                }

                red = SampleUnpacking.ToByte(red, _bits);
                green = SampleUnpacking.ToByte(green, _bits);
                blue = SampleUnpacking.ToByte(blue, _bits);
            }

            rgb[to] = AlphaBlending.OverWhite(red, alpha);
            rgb[to + 1] = AlphaBlending.OverWhite(green, alpha);
            rgb[to + 2] = AlphaBlending.OverWhite(blue, alpha);
        }
    }

    /// <summary>Adds the prediction from the bytes to the left and above.</summary>
    private static void Unfilter(int filter, Span<byte> row, ReadOnlySpan<byte> above, int pixelBytes)
    {
        above = above[..row.Length];
        switch (filter)
        {
            case 0:
                break;
            case 1:
                for (int i = pixelBytes; i < row.Length; i++)
                {
                    row[i] += row[i - pixelBytes];
                }

                break;
            case 2:
                for (int i = 0; i < row.Length; i++)
                {
                    row[i] += above[i];
                }

                break;
            case 3:
                for (int i = 0; i < row.Length; i++)
                {
                    row[i] += (byte)(((i < pixelBytes ? 0 : row[i - pixelBytes]) + above[i]) >> 1);
                }

                break;
            case 4:
                for (int i = 0; i < row.Length; i++)
                {
                    row[i] += i < pixelBytes ? above[i] : Paeth(row[i - pixelBytes], above[i], above[i - pixelBytes]);
                }

                break;
            default:
                throw ImageErrors.Damaged(ImageFormat.Png);
        }
    }

    private static byte Paeth(int left, int above, int corner)
    {
        int toLeft = Math.Abs(above - corner), toAbove = Math.Abs(left - corner), toCorner = Math.Abs(left + above - 2 * corner);
        return (byte)(toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner);
    }
}
