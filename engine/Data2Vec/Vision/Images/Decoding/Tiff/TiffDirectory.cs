using System.Buffers.Binary;

namespace Data2Vec.Vision.Images;

/// <summary>The fields of a TIFF directory that decoding needs.</summary>
internal enum TiffTag
{
    ImageWidth = 256,
    ImageLength = 257,
    BitsPerSample = 258,
    Compression = 259,
    Photometric = 262,
    FillOrder = 266,
    StripOffsets = 273,
    Orientation = 274,
    SamplesPerPixel = 277,
    RowsPerStrip = 278,
    StripByteCounts = 279,
    PlanarConfiguration = 284,
    Predictor = 317,
    ColorMap = 320,
    TileWidth = 322,
    TileLength = 323,
    TileOffsets = 324,
    TileByteCounts = 325,
    ExtraSamples = 338,
    SampleFormat = 339,
    JpegTables = 347,
}

/// <summary>Reads the first directory of a TIFF or BigTIFF file. Arrays are read only up to the count that the image needs.</summary>
internal sealed class TiffDirectory
{
    private readonly ReadOnlyMemory<byte> _file, _entries;
    private readonly bool _isBig;

    /// <summary>Finds the directory.</summary>
    /// <exception cref="InvalidDataException">The file ends before it.</exception>
    public TiffDirectory(ReadOnlyMemory<byte> content)
    {
        _file = content;
        ReadOnlySpan<byte> file = content.Span;
        IsLittleEndian = file[0] == 'I';
        _isBig = file[2] == 43 || file[3] == 43;
        ulong start = _isBig ? Number(file, 8, 8) : Number(file, 4, 4);
        int countBytes = _isBig ? 8 : 2;
        if (start > (ulong)Math.Max(file.Length - countBytes, 0))
        {
            throw ImageErrors.Truncated(ImageFormat.Tiff);
        }

        ReadOnlySpan<byte> directory = file[(int)start..];
        ulong count = Number(directory, 0, countBytes);
        if (count > (ulong)((directory.Length - countBytes) / EntryLength))
        {
            throw ImageErrors.Truncated(ImageFormat.Tiff);
        }

        _entries = content.Slice((int)start + countBytes, (int)count * EntryLength);
    }

    /// <summary>The order of bytes in numbers.</summary>
    public bool IsLittleEndian { get; }

    private int EntryLength => _isBig ? 20 : 12;

    /// <summary>A number, or the default value of a field that is missing.</summary>
    public long Read(TiffTag tag, long missing)
    {
        ReadOnlySpan<byte> values = Values(tag, out int size, out long count);
        return count == 0 ? missing : (long)Number(values, 0, size);
    }

    /// <summary>Up to some numbers of an array; fewer if the field has fewer or is missing.</summary>
    public long[] ReadArray(TiffTag tag, long most)
    {
        ReadOnlySpan<byte> values = Values(tag, out int size, out long count);
        long[] numbers = new long[Math.Min(count, most)];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (long)Number(values, i * size, size);
        }

        return numbers;
    }

    /// <summary>The bytes of a field, or none.</summary>
    public ReadOnlySpan<byte> ReadBytes(TiffTag tag) => Values(tag, out _, out _);

    private ReadOnlySpan<byte> Values(TiffTag tag, out int size, out long count)
    {
        for (int at = 0; at < _entries.Length; at += EntryLength)
        {
            ReadOnlySpan<byte> entry = _entries.Span.Slice(at, EntryLength);
            if (Number(entry, 0, 2) != (ulong)tag)
            {
                continue;
            }

            // BYTE and UNDEFINED, SHORT, LONG and IFD, LONG8 and IFD8. No needed field has another type.
            size = Number(entry, 2, 2) switch { 1 or 7 => 1, 3 => 2, 4 or 13 => 4, 16 or 18 => 8, _ => 0 };
            ulong declared = Number(entry, 4, _isBig ? 8 : 4);
            ReadOnlySpan<byte> value = entry[(_isBig ? 12 : 8)..];
            if (size == 0 || declared > (ulong)_file.Length)
            {
                throw ImageErrors.Damaged(ImageFormat.Tiff);
            }

            count = (long)declared;
            if (count * size > value.Length)
            {
                ulong offset = Number(value, 0, value.Length);
                if (offset > (ulong)_file.Length || count * size > _file.Length - (long)offset)
                {
                    throw ImageErrors.Truncated(ImageFormat.Tiff);
                }

                value = _file.Span[(int)offset..];
            }

            return value[..(int)(count * size)];
        }

        (size, count) = (1, 0);
        return default;
    }

    private ulong Number(ReadOnlySpan<byte> bytes, int offset, int size)
    {
        if (bytes.Length - offset < size)
        {
            throw ImageErrors.Truncated(ImageFormat.Tiff);
        }

        bytes = bytes.Slice(offset, size);
        return size switch
        {
            1 => bytes[0],
            2 => IsLittleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes),
            4 => IsLittleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes),
            _ => IsLittleEndian ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : BinaryPrimitives.ReadUInt64BigEndian(bytes),
        };
    }
}
