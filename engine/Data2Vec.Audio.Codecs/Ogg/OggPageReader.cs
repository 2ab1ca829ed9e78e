using System.Buffers.Binary;

namespace Data2Vec.Audio.Codecs;

/// <summary>Reads the pages of an Ogg file and checks their checksums.</summary>
internal sealed class OggPageReader(Stream stream)
{
    private const int HeaderBytes = 27;
    private const int ChecksumAt = 22;

    // x^32 + x^26 + x^23 + x^22 + x^16 + x^12 + x^11 + x^10 + x^8 + x^7 + x^5 + x^4 + x^2 + x + 1, most significant bit first
    private const uint Polynomial = 0x04C11DB7;

    private static readonly uint[] s_crc = Table();
    private long _position;

    /// <summary>Reads a page.</summary>
    /// <returns>The page, or null at the end of the file.</returns>
    /// <exception cref="InvalidDataException">There is no page here, or it is damaged.</exception>
    public OggPage? Next()
    {
        byte[] header = new byte[HeaderBytes];
        int read = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        if (read == 0)
        {
            return null;
        }

        if (read < HeaderBytes || !header.AsSpan().StartsWith("OggS\0"u8))
        {
            throw Damaged(read < HeaderBytes ? "the file ends inside a page; it is truncated" : "no Ogg page begins; the file is damaged");
        }

        byte[] segments = Read(header[^1]);
        byte[] body = Read(segments.Sum(length => length));
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(ChecksumAt));
        header.AsSpan(ChecksumAt, 4).Clear();
        if (Crc(Crc(Crc(0, header), segments), body) != checksum)
        {
            throw Damaged("an Ogg page has a wrong checksum; the file is damaged");
        }

        _position += header.Length + segments.Length + body.Length;
        return new OggPage(
            header[5],
            BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(6)),
            BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(14)),
            BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(18)),
            segments,
            body);
    }

    private InvalidDataException Damaged(string what) => new($"at byte {_position} {what}");

    private byte[] Read(int count)
    {
        byte[] bytes = new byte[count];
        return stream.ReadAtLeast(bytes, count, throwOnEndOfStream: false) == count ? bytes : throw Damaged("the file ends inside a page; it is truncated");
    }

    private static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
        {
            crc = crc << 8 ^ s_crc[crc >> 24 ^ b];
        }

        return crc;
    }

    private static uint[] Table()
    {
        var table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            uint crc = i << 24;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 0x80000000) != 0 ? crc << 1 ^ Polynomial : crc << 1;
            }

            table[i] = crc;
        }

        return table;
    }
}
