namespace Data2Vec.Vision.Images;

/// <summary>Decodes PBM, PGM and PPM, as text and binary. Samples are scaled from the file's largest value to 255.</summary>
internal ref struct NetpbmDecoder
{
    private readonly ReadOnlySpan<byte> _file;
    private readonly bool _isText, _isBitmap;
    private int _position = 2;

    private NetpbmDecoder(ReadOnlySpan<byte> file)
    {
        _file = file;
        _isText = file[1] <= '3';
        _isBitmap = file[1] is (byte)'1' or (byte)'4';
    }

    /// <summary>Whether a file begins with a header of the format: P1 to P6 and a space, then a number or a comment.</summary>
    public static bool IsHeader(ReadOnlySpan<byte> start)
    {
        if (start is not [(byte)'P', >= (byte)'1' and <= (byte)'6', (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t', ..])
        {
            return false;
        }

        ReadOnlySpan<byte> rest = start[2..].TrimStart(" \t\r\n"u8);
        return rest.IsEmpty || rest[0] is (byte)'#' or (>= (byte)'0' and <= (byte)'9');
    }

    /// <summary>Decodes a file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or larger than the limits allow.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> file, ImageLimits limits) => new NetpbmDecoder(file).Decode(limits);

    private RgbImage Decode(ImageLimits limits)
    {
        int width = ReadNumber(), height = ReadNumber(), max = _isBitmap ? 1 : ReadNumber();
        limits.Check(ImageFormat.Netpbm, width, height);
        if (max is < 1 or > ushort.MaxValue)
        {
            throw ImageErrors.Damaged(ImageFormat.Netpbm);
        }

        // One space separates the header from binary samples.
        _position += _isText ? 0 : 1;
        int channels = _file[1] is (byte)'3' or (byte)'6' ? 3 : 1, bits = _isBitmap ? 1 : max < 256 ? 8 : 16;
        int count = width * channels;
        long rowBytes = ((long)count * bits + 7) / 8;
        if (_file.Length - (long)_position < (_isText ? (long)count * height : rowBytes * height))
        {
            throw ImageErrors.Truncated(ImageFormat.Netpbm);
        }

        byte[] scaled = new byte[max + 1];
        for (int value = 0; value <= max; value++)
        {
            scaled[value] = (byte)Math.Round((double)value / max * 255);
        }

        if (_isBitmap)
        {
            (scaled[0], scaled[1]) = (255, 0);
        }

        UprightImage image = new(width, height);
        ushort[] samples = new ushort[count];
        byte[] rgb = new byte[width * 3];
        for (int y = 0; y < height; y++)
        {
            if (_isText)
            {
                foreach (ref ushort sample in samples.AsSpan())
                {
                    sample = (ushort)(_isBitmap ? ReadDigit() : Math.Min(ReadNumber(), max));
                }
            }
            else
            {
                SampleUnpacking.Unpack(_file.Slice(_position, (int)rowBytes), bits, samples);
                _position += (int)rowBytes;
            }

            for (int i = 0; i < rgb.Length; i++)
            {
                rgb[i] = scaled[Math.Min(samples[channels == 3 ? i : i / 3], max)];
            }

            image.SetRow(y, rgb);
        }

        return image.Image;
    }

    /// <summary>Reads a decimal number, over spaces and comments before it.</summary>
    private int ReadNumber()
    {
        int value = ReadDigit();
        while (_position < _file.Length && _file[_position] is >= (byte)'0' and <= (byte)'9')
        {
            value = value * 10 + _file[_position++] - '0';
            if (value > 1 << 24)
            {
                throw ImageErrors.Damaged(ImageFormat.Netpbm);
            }
        }

        return value;
    }

    private int ReadDigit()
    {
        while (_position < _file.Length)
        {
            byte value = _file[_position++];
            switch (value)
            {
                case >= (byte)'0' and <= (byte)'9':
                    return value - '0';
                case (byte)'#':
                    int line = _file[_position..].IndexOfAny((byte)'\n', (byte)'\r');
                    _position = line < 0 ? _file.Length : _position + line;
                    break;
                case (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t' or 0x0B or 0x0C:
                    break;
                default:
                    throw ImageErrors.Damaged(ImageFormat.Netpbm);
            }
        }

        throw ImageErrors.Truncated(ImageFormat.Netpbm);
    }
}
