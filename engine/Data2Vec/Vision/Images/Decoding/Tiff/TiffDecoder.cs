namespace Data2Vec.Vision.Images;

/// <summary>
/// Decodes the first image of a TIFF or BigTIFF (Adobe TIFF 6.0): gray, RGB, indexed and CMYK of 1 to 16 bits, and YCbCr in JPEG; strips and
/// tiles; uncompressed, LZW, deflate, PackBits and JPEG.
/// </summary>
internal sealed class TiffDecoder
{
    private const int WhiteIsZero = 0, BlackIsZero = 1, Rgb = 2, Indexed = 3, Cmyk = 5, YCbCr = 6;
    private const int Jpeg = 7, MaxChannels = 8, MinTilePixels = 1 << 20;

    private readonly ReadOnlyMemory<byte> _file;
    private readonly TiffDirectory _directory;
    private readonly ImageLimits _limits;
    private readonly int _width, _height, _bits, _channels, _colors;
    private readonly long _compression, _photometric;
    private readonly bool _isPlanar, _hasAlpha, _isPremultiplied, _predicts;
    private readonly byte[] _jpegTables;
    private readonly byte[] _palette = [];

    private TiffDecoder(ReadOnlyMemory<byte> file, ImageLimits limits)
    {
        _file = file;
        _limits = limits;
        if (file.Length < 16)
        {
            throw ImageErrors.Truncated(ImageFormat.Tiff);
        }

        _directory = new TiffDirectory(file);
        (long width, long height) = (_directory.Read(TiffTag.ImageWidth, 0), _directory.Read(TiffTag.ImageLength, 0));
        limits.Check(ImageFormat.Tiff, width, height);
        (_width, _height) = ((int)width, (int)height);

        _compression = _directory.Read(TiffTag.Compression, 1);
        _photometric = _directory.Read(TiffTag.Photometric, BlackIsZero);
        long channels = _directory.Read(TiffTag.SamplesPerPixel, 1);
        long[] bits = _directory.ReadArray(TiffTag.BitsPerSample, MaxChannels);
        long depth = bits.Length == 0 ? 1 : bits[0];
        string? unsupported = TiffCompression.Unsupported(_compression) ?? (_photometric switch
        {
            WhiteIsZero or BlackIsZero or Rgb or Indexed or Cmyk => null,
            YCbCr => _compression == Jpeg ? null : "YCbCr colors without JPEG compression",
            _ => $"the color space {_photometric}",
        });
        unsupported ??= depth is 1 or 2 or 4 or 8 or 16 && bits.All(other => other == depth) ? null : $"samples of {depth} bits";
        unsupported ??= _directory.Read(TiffTag.SampleFormat, 1) is 1 or 4 ? null : "samples that are not unsigned integers";
        unsupported ??= _directory.Read(TiffTag.FillOrder, 1) == 1 ? null : "bits in reverse order";
        unsupported ??= channels is >= 1 and <= MaxChannels ? null : $"{channels} channels";
        if (unsupported is not null)
        {
            throw ImageErrors.Unsupported(ImageFormat.Tiff, unsupported);
        }

        (_channels, _bits) = ((int)channels, (int)depth);
        _colors = _photometric switch { Rgb or YCbCr => 3, Cmyk => 4, _ => 1 };
        _isPlanar = _channels > 1 && _directory.Read(TiffTag.PlanarConfiguration, 1) == 2;
        _predicts = _directory.Read(TiffTag.Predictor, 1) == 2 && _compression is 5 or 8 or 32946;
        if (_channels < _colors || (_predicts && _bits < 8) || (_compression == Jpeg && (_isPlanar || _bits != 8))
            || (_predicts && _directory.Read(TiffTag.Predictor, 1) > 2))
        {
            throw ImageErrors.Damaged(ImageFormat.Tiff);
        }

        long extra = _directory.Read(TiffTag.ExtraSamples, 2);
        _hasAlpha = _channels > _colors && _photometric is not (Indexed or Cmyk) && extra is 1 or 2;
        _isPremultiplied = extra == 1;
        _jpegTables = _directory.ReadBytes(TiffTag.JpegTables).ToArray();
        if (_photometric == Indexed)
        {
            _palette = ReadPalette();
        }
    }

    /// <summary>Decodes a file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, of an unsupported kind, or larger than the limits allow.</exception>
    public static RgbImage Decode(ReadOnlyMemory<byte> file, ImageLimits limits) => new TiffDecoder(file, limits).Decode();

    private RgbImage Decode()
    {
        // Strips are tiles as wide as the image.
        bool isTiled = _directory.Read(TiffTag.TileWidth, 0) > 0;
        long tileWidth = isTiled ? _directory.Read(TiffTag.TileWidth, 0) : _width;
        long tileHeight = isTiled ? _directory.Read(TiffTag.TileLength, 0) : Math.Min(_directory.Read(TiffTag.RowsPerStrip, _height), _height);
        if (tileWidth < 1 || tileHeight < 1 || tileWidth > ushort.MaxValue || tileHeight > ushort.MaxValue
            || tileWidth * tileHeight > Math.Max((long)_width * _height * 4, MinTilePixels))
        {
            throw ImageErrors.Damaged(ImageFormat.Tiff);
        }

        int across = (int)((_width + tileWidth - 1) / tileWidth), down = (int)((_height + tileHeight - 1) / tileHeight);
        int planes = _isPlanar ? _channels : 1, channels = _isPlanar ? 1 : _channels;
        long count = (long)across * down * planes;
        long rowBytes = (tileWidth * channels * _bits + 7) / 8;
        long[] offsets = _directory.ReadArray(isTiled ? TiffTag.TileOffsets : TiffTag.StripOffsets, count);
        long[] lengths = _directory.ReadArray(isTiled ? TiffTag.TileByteCounts : TiffTag.StripByteCounts, count);
        if (lengths.Length == 0 && _compression == 1)
        {
            lengths = [.. offsets.Select((_, i) => rowBytes * (isTiled ? tileHeight : Math.Min(tileHeight, _height - i % down * tileHeight)))];
        }

        // Tiles that share bytes would make a small file decompress to much more than its image.
        if (offsets.Length < count || lengths.Length < count || rowBytes * tileHeight > Array.MaxLength)
        {
            throw ImageErrors.Damaged(ImageFormat.Tiff);
        }

        if (lengths.Any(length => length < 0 || length > _file.Length) || lengths.Sum() > _file.Length)
        {
            throw ImageErrors.Truncated(ImageFormat.Tiff);
        }

        UprightImage image = new(_width, _height, (int)Math.Clamp(_directory.Read(TiffTag.Orientation, 1), 0, 9));
        byte[][] buffers = [.. Enumerable.Range(0, planes).Select(_ => new byte[_compression == Jpeg ? 0 : rowBytes * tileHeight])];
        for (int row = 0; row < down; row++)
        {
            int rows = (int)Math.Min(tileHeight, _height - row * tileHeight);
            for (int column = 0; column < across; column++)
            {
                int index = row * across + column, columns = (int)Math.Min(tileWidth, _width - column * tileWidth);
                int left = (int)(column * tileWidth), top = (int)(row * tileHeight);
                if (_compression == Jpeg)
                {
                    DecodeJpeg(Part(offsets[index], lengths[index]).Span, image, left, top, columns, rows);
                    continue;
                }

                for (int plane = 0; plane < planes; plane++)
                {
                    int part = plane * across * down + index;
                    Span<byte> buffer = buffers[plane].AsSpan(0, (int)rowBytes * (isTiled ? (int)tileHeight : rows));
                    TiffCompression.Decompress(_compression, Part(offsets[part], lengths[part]), buffer);
                }

                SetRows(image, buffers, (int)rowBytes, (int)tileWidth, left, top, columns, rows);
            }
        }

        return image.Image;
    }

    private ReadOnlyMemory<byte> Part(long offset, long length) =>
        offset >= 0 && offset <= _file.Length - length ? _file.Slice((int)offset, (int)length) : throw ImageErrors.Truncated(ImageFormat.Tiff);

    private void SetRows(UprightImage image, byte[][] buffers, int rowBytes, int tileWidth, int left, int top, int columns, int rows)
    {
        int channels = _isPlanar ? 1 : _channels;
        ushort[] samples = new ushort[tileWidth * channels], pixels = _isPlanar ? new ushort[columns * _channels] : samples;
        byte[] rgb = new byte[columns * 3];
        for (int y = 0; y < rows; y++)
        {
            for (int plane = 0; plane < buffers.Length; plane++)
            {
                SampleUnpacking.Unpack(buffers[plane].AsSpan(y * rowBytes, rowBytes), _bits, samples, _directory.IsLittleEndian);
                if (_predicts)
                {
                    for (int i = channels; i < samples.Length; i++)
                    {
                        samples[i] = (ushort)((samples[i] + samples[i - channels]) & (_bits == 8 ? 0xFF : 0xFFFF));
                    }
                }

                for (int x = 0; _isPlanar && x < columns; x++)
                {
                    pixels[x * _channels + plane] = samples[x];
                }
            }

            Convert(pixels, rgb);
            image.SetRow(top + y, rgb, left);
        }
    }

    private void Convert(ReadOnlySpan<ushort> pixels, Span<byte> rgb)
    {
        for (int from = 0, to = 0; to < rgb.Length; from += _channels, to += 3)
        {
            if (_photometric == Indexed)
            {
                _palette.AsSpan(pixels[from] * 3, 3).CopyTo(rgb[to..]);
                continue;
            }

            int alpha = _hasAlpha ? SampleUnpacking.ToByte(pixels[from + _colors], _bits) : 255;
            for (int i = 0; i < 3; i++)
            {
                int sample = SampleUnpacking.ToByte(pixels[from + (_colors == 1 ? 0 : i)], _bits);
                if (_photometric == WhiteIsZero)
                {
                    sample = 255 - sample;
                }
                else if (_photometric == Cmyk)
                {
                    int product = (255 - sample) * (255 - SampleUnpacking.ToByte(pixels[from + 3], _bits)) + 128;
                    sample = ((product >> 8) + product) >> 8;
                }

                rgb[to + i] = _isPremultiplied && _hasAlpha ? (byte)Math.Min(sample + 255 - alpha, 255) : AlphaBlending.OverWhite(sample, alpha);
            }
        }
    }

    /// <summary>Decodes a strip or tile that is a JPEG. Tables that all of them share stand in a field of the directory.</summary>
    private void DecodeJpeg(ReadOnlySpan<byte> part, UprightImage image, int left, int top, int columns, int rows)
    {
        JpegColorSpace space = _photometric switch { Rgb => JpegColorSpace.Rgb, YCbCr => JpegColorSpace.YCbCr, Cmyk => JpegColorSpace.Cmyk, _ => JpegColorSpace.Gray };
        RgbImage tile = JpegDecoder.DecodePart(_jpegTables, part, space, _limits);
        if (tile.Width < columns || tile.Height < rows)
        {
            throw ImageErrors.Damaged(ImageFormat.Tiff);
        }

        for (int y = 0; y < rows; y++)
        {
            Span<byte> row = tile.Pixels.AsSpan(y * tile.Width * 3, columns * 3);
            if (_photometric is WhiteIsZero)
            {
                foreach (ref byte sample in row)
                {
                    sample = (byte)(255 - sample);
                }
            }

            image.SetRow(top + y, row, left);
        }
    }

    /// <summary>Reads the palette, whose samples have 16 bits: all reds, then all greens and all blues. Missing entries are black.</summary>
    private byte[] ReadPalette()
    {
        int entries = 1 << _bits;
        long[] values = _directory.ReadArray(TiffTag.ColorMap, 3L * entries);
        byte[] palette = new byte[3 * entries];
        for (int i = 0; i < palette.Length; i++)
        {
            int at = i % 3 * entries + i / 3;
            palette[i] = at < values.Length ? (byte)(values[at] >> 8) : (byte)0;
        }

        return palette;
    }
}
