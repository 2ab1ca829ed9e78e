using System.Buffers.Binary;

namespace Data2Vec.Vision.Images;

/// <summary>
/// Decodes JPEG: 8-bit samples, sequential and progressive, with Huffman coding (ITU-T T.81). Its samples equal those of libjpeg-turbo with
/// its default options, which Pillow, OpenCV and browsers use.
/// </summary>
internal ref struct JpegDecoder
{
    private readonly ReadOnlySpan<byte> _file;
    private readonly ImageLimits _limits;
    private readonly ushort[]?[] _quantization = new ushort[]?[4];
    private readonly JpegHuffmanTable?[] _dc = new JpegHuffmanTable?[4], _ac = new JpegHuffmanTable?[4];
    private JpegFrame? _frame;
    private int _restartInterval, _orientation = 1, _adobeTransform = -1;
    private bool _isJfif;

    private JpegDecoder(ReadOnlySpan<byte> file, ImageLimits limits)
    {
        _file = file;
        _limits = limits;
    }

    /// <summary>Decodes a file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, of an unsupported kind, or larger than the limits allow.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> file, ImageLimits limits)
    {
        JpegDecoder decoder = new(file, limits);
        decoder.ReadSegments();
        return JpegColors.Convert(decoder._frame!, decoder.FindColors(), decoder._orientation);
    }

    /// <summary>Decodes a part of a TIFF.</summary>
    /// <param name="tables">A file of tables alone, or nothing.</param>
    /// <param name="part">The file.</param>
    /// <param name="space">How the components code colors.</param>
    /// <param name="limits">The largest image.</param>
    /// <exception cref="InvalidDataException">The file is damaged, of an unsupported kind, or larger than the limits allow.</exception>
    public static RgbImage DecodePart(ReadOnlySpan<byte> tables, ReadOnlySpan<byte> part, JpegColorSpace space, ImageLimits limits)
    {
        JpegDecoder shared = new(tables, limits), decoder = new(part, limits);
        if (!tables.IsEmpty)
        {
            shared.ReadSegments(hasFrame: false);
            shared._quantization.CopyTo(decoder._quantization, 0);
            shared._dc.CopyTo(decoder._dc, 0);
            shared._ac.CopyTo(decoder._ac, 0);
        }

        decoder.ReadSegments();
        bool isKnown = decoder._frame!.Components.Length == space switch { JpegColorSpace.Gray => 1, JpegColorSpace.Cmyk => 4, _ => 3 };
        return isKnown ? JpegColors.Convert(decoder._frame, space, orientation: 1) : throw ImageErrors.Damaged(ImageFormat.Tiff);
    }

    private void ReadSegments(bool hasFrame = true)
    {
        for (int position = 2; ;)
        {
            int code = JpegMarkers.FindNext(_file, position, out position);
            if (code == JpegMarkers.Temporary || code is >= JpegMarkers.Restart0 and < JpegMarkers.Start)
            {
                continue;
            }

            // Some writers leave out the end marker. Then all pixels must be there.
            ReadOnlySpan<byte> rest = _file[position..];
            int length = rest.Length < 2 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(rest);
            if (code == JpegMarkers.End || code < 0 || length > rest.Length || rest.Length < 2)
            {
                if (hasFrame)
                {
                    CheckEnd(hasEnd: code == JpegMarkers.End);
                }

                return;
            }

            if (length < 2 || code == JpegMarkers.Start)
            {
                throw ImageErrors.Damaged(ImageFormat.Jpeg);
            }

            position += length;
            position = ReadSegment(code, rest[2..length], position);
        }
    }

    private readonly void CheckEnd(bool hasEnd)
    {
        if (_frame is null || (!hasEnd && !_frame.IsComplete))
        {
            throw hasEnd ? ImageErrors.Damaged(ImageFormat.Jpeg) : ImageErrors.Truncated(ImageFormat.Jpeg);
        }

        // A progressive file may leave out the lowest bits.
        if (_frame.Components.Any(component => component.BitPositions[0] == JpegComponent.Unsent))
        {
            throw ImageErrors.Damaged(ImageFormat.Jpeg);
        }
    }

    /// <summary>Reads a segment, and the data of a scan behind it. Gives the position behind both.</summary>
    private int ReadSegment(int code, ReadOnlySpan<byte> segment, int position)
    {
        switch (code)
        {
            case JpegMarkers.HuffmanTables:
                ReadHuffmanTables(segment);
                break;
            case JpegMarkers.QuantizationTables:
                ReadQuantizationTables(segment);
                break;
            case JpegMarkers.RestartInterval when segment.Length >= 2:
                _restartInterval = BinaryPrimitives.ReadUInt16BigEndian(segment);
                break;
            case JpegMarkers.Application0 when segment.StartsWith("JFIF\0"u8):
                _isJfif = true;
                break;
            case JpegMarkers.Application1 when segment.StartsWith("Exif\0\0"u8) && _orientation == 1:
                _orientation = ExifOrientation.Read(segment[6..]);
                break;
            case JpegMarkers.Application14 when segment.Length >= 12 && segment.StartsWith("Adobe"u8):
                _adobeTransform = segment[11];
                break;
            case >= JpegMarkers.Frame0 and <= 0xCF and not (0xC8 or 0xCC):
                StartFrame(code, segment);
                break;
            case JpegMarkers.Scan:
                return ReadScan(segment, position);
            default:
                break; // comments and data of applications
        }

        return position;
    }

    private void StartFrame(int code, ReadOnlySpan<byte> segment)
    {
        if (_frame is not null)
        {
            throw ImageErrors.Damaged(ImageFormat.Jpeg);
        }

        _frame = new JpegFrame(code, segment);
        _limits.Check(ImageFormat.Jpeg, _frame.Width, _frame.Height);
        if (_frame.MinBits > _file.Length * 8L)
        {
            throw ImageErrors.Truncated(ImageFormat.Jpeg);
        }

        _frame.Allocate();
    }

    private readonly void ReadQuantizationTables(ReadOnlySpan<byte> segment)
    {
        while (!segment.IsEmpty)
        {
            int number = segment[0] & 15, bytes = segment[0] >> 4 == 0 ? 1 : 2;
            if (number > 3 || segment.Length < 1 + JpegComponent.BlockLength * bytes)
            {
                throw ImageErrors.Damaged(ImageFormat.Jpeg);
            }

            ushort[] table = new ushort[JpegComponent.BlockLength];
            for (int k = 0; k < table.Length; k++)
            {
                table[JpegScan.ZigZag[k]] = bytes == 1 ? segment[1 + k] : BinaryPrimitives.ReadUInt16BigEndian(segment[(1 + 2 * k)..]);
            }

            _quantization[number] = table;
            segment = segment[(1 + JpegComponent.BlockLength * bytes)..];
        }
    }

    private readonly void ReadHuffmanTables(ReadOnlySpan<byte> segment)
    {
        const int Counts = 16;
        while (!segment.IsEmpty)
        {
            int symbols = 0, number = segment[0] & 15, kind = segment[0] >> 4;
            for (int i = 1; i <= Counts && i < segment.Length; i++)
            {
                symbols += segment[i];
            }

            if (number > 3 || kind > 1 || symbols > 256 || segment.Length < 1 + Counts + symbols)
            {
                throw ImageErrors.Damaged(ImageFormat.Jpeg);
            }

            (kind == 0 ? _dc : _ac)[number] = new JpegHuffmanTable(segment.Slice(1, Counts), segment.Slice(1 + Counts, symbols));
            segment = segment[(1 + Counts + symbols)..];
        }
    }

    private readonly int ReadScan(ReadOnlySpan<byte> segment, int position)
    {
        int count = segment.IsEmpty ? 0 : segment[0];
        if (_frame is null || count is < 1 or > 4 || segment.Length < 4 + 2 * count)
        {
            throw ImageErrors.Damaged(ImageFormat.Jpeg);
        }

        ReadOnlySpan<byte> band = segment[(1 + 2 * count)..];
        (int first, int last, int high, int low) = _frame.IsProgressive ? (band[0], band[1], band[2] >> 4, band[2] & 15) : (0, JpegComponent.BlockLength - 1, 0, 0);
        bool isRefinement = high > 0;
        if (last >= JpegComponent.BlockLength || first > last || low > 13 || (isRefinement && high != low + 1)
            || (_frame.IsProgressive && (first == 0 ? last > 0 : count > 1)))
        {
            throw ImageErrors.Damaged(ImageFormat.Jpeg);
        }

        JpegScan.Part[] parts = new JpegScan.Part[count];
        for (int i = 0; i < count; i++)
        {
            parts[i] = ReadPart(segment.Slice(1 + 2 * i, 2), first, last);
            JpegComponent component = parts[i].Component;
            // Each bit of a coefficient is sent once, in descending order. This bounds the work that a file asks for.
            Span<sbyte> sent = component.BitPositions.AsSpan(first, last - first + 1);
            if (sent.IndexOfAnyExcept(isRefinement ? (sbyte)high : JpegComponent.Unsent) >= 0)
            {
                throw ImageErrors.Damaged(ImageFormat.Jpeg);
            }

            sent.Fill((sbyte)low);
            component.Quantization ??= _quantization[component.QuantizationTable] ?? throw ImageErrors.Damaged(ImageFormat.Jpeg);
        }

        return new JpegScan(_frame, parts, first, last, high, low, _restartInterval, _file, position).Decode();
    }

    private readonly JpegScan.Part ReadPart(ReadOnlySpan<byte> fields, int first, int last)
    {
        byte id = fields[0];
        int dc = fields[1] >> 4, ac = fields[1] & 15;
        JpegComponent component = Array.Find(_frame!.Components, component => component.Id == id) ?? throw ImageErrors.Damaged(ImageFormat.Jpeg);
        JpegHuffmanTable? dcTable = first == 0 ? Table(_dc, dc, isAc: false) : null;
        JpegHuffmanTable? acTable = last > 0 ? Table(_ac, ac, isAc: true) : null;
        return dcTable is null || dcTable.HasSymbolsUpTo(15) ? new(component, dcTable, acTable) : throw ImageErrors.Damaged(ImageFormat.Jpeg);
    }

    private static JpegHuffmanTable Table(JpegHuffmanTable?[] tables, int number, bool isAc) => number > 3
        ? throw ImageErrors.Damaged(ImageFormat.Jpeg)
        : tables[number] ??= number < 2 ? JpegHuffmanTable.Default(isAc, isChroma: number == 1) : throw ImageErrors.Damaged(ImageFormat.Jpeg);

    /// <summary>How the components code colors, by libjpeg's rules.</summary>
    private readonly JpegColorSpace FindColors()
    {
        JpegComponent[] components = _frame!.Components;
        bool isRgb = !_isJfif && (_adobeTransform >= 0 ? _adobeTransform == 0 : components.Select(component => (int)component.Id).SequenceEqual([(int)'R', 'G', 'B']));
        return components.Length switch
        {
            1 => JpegColorSpace.Gray,
            3 => isRgb ? JpegColorSpace.Rgb : JpegColorSpace.YCbCr,
            _ => _adobeTransform > 0 ? JpegColorSpace.Ycck : JpegColorSpace.Cmyk,
        };
    }
}
