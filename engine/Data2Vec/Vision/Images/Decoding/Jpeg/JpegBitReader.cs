using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Data2Vec.Vision.Images;

/// <summary>Reads the bits of one scan, up to the next marker.</summary>
internal ref struct JpegBitReader
{
    private readonly ReadOnlySpan<byte> _file;
    private ulong _bits; // left-aligned, zeros behind the last bit
    private int _count;

    /// <summary>Begins at a byte of the file.</summary>
    public JpegBitReader(ReadOnlySpan<byte> file, int position)
    {
        _file = file;
        Position = position;
    }

    /// <summary>The next byte of the file that has not been read. After a scan it is at or before the next marker.</summary>
    public int Position { get; private set; }

    /// <summary>Decodes one symbol and leaves at least 16 bits to read, if the scan has them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Decode(JpegHuffmanTable table)
    {
        if (_count < 32)
        {
            Fill();
        }

        int entry = table.Lookup[(int)(_bits >> (64 - JpegHuffmanTable.LookupBits))];
        if (entry == 0)
        {
            entry = table.Find((int)(_bits >> 48));
        }

        Skip(entry >> 8);
        return entry & 0xFF;
    }

    /// <summary>Reads up to 16 bits as an unsigned number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Read(int bits)
    {
        if (bits == 0)
        {
            return 0;
        }

        if (_count < bits)
        {
            Fill();
        }

        int value = (int)(_bits >> (64 - bits));
        Skip(bits);
        return value;
    }

    /// <summary>Reads a number of a magnitude category: numbers whose first bit is 0 are negative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ReadSigned(int bits)
    {
        int value = Read(bits);
        return bits > 0 && value < 1 << (bits - 1) ? value - (1 << bits) + 1 : value;
    }

    /// <summary>Skips the rest of an interval and its restart marker.</summary>
    /// <exception cref="InvalidDataException">Another marker follows.</exception>
    public void Restart(int number)
    {
        (_bits, _count) = (0, 0);
        int code = JpegMarkers.FindNext(_file, Position, out int next);
        if (code != JpegMarkers.Restart0 + (number & 7))
        {
            throw code < 0 ? ImageErrors.Truncated(ImageFormat.Jpeg) : ImageErrors.Damaged(ImageFormat.Jpeg);
        }

        Position = next;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Skip(int bits)
    {
        if (bits > _count)
        {
            ThrowAtEnd();
        }

        _bits <<= bits;
        _count -= bits;
    }

    private void Fill()
    {
        if (_file.Length - Position >= 8)
        {
            ulong next = BinaryPrimitives.ReadUInt64BigEndian(_file[Position..]);
            const ulong Ones = 0x0101010101010101, Tops = 0x8080808080808080;
            if (((~next - Ones) & next & Tops) == 0) // no byte is 0xFF
            {
                int bytes = Math.Min((64 - _count) >> 3, 7);
                _bits |= (next & ~(ulong.MaxValue >> (8 * bytes))) >> _count;
                _count += 8 * bytes;
                Position += bytes;
                return;
            }
        }

        for (; _count <= 56 && Position < _file.Length; _count += 8)
        {
            int value = _file[Position], length = 1;
            if (value == 0xFF)
            {
                // 0 after 0xFF is stuffing. Anything else is a marker, perhaps behind more bytes 0xFF.
                while (Position + length < _file.Length && _file[Position + length] == 0xFF)
                {
                    length++;
                }

                if (Position + length >= _file.Length || _file[Position + length] != 0)
                {
                    return;
                }

                length++;
            }

            _bits |= (ulong)value << (56 - _count);
            Position += length;
        }
    }

    private readonly void ThrowAtEnd() =>
        throw (JpegMarkers.FindNext(_file, Position, out _) < 0 ? ImageErrors.Truncated(ImageFormat.Jpeg) : ImageErrors.Damaged(ImageFormat.Jpeg));
}
