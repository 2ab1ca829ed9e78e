using System.Buffers.Binary;

namespace Data2Vec.Vision.Images;

/// <summary>The chunks of a PNG file that decoding needs. No other chunk is read, and none is decompressed.</summary>
internal sealed class PngChunks
{
    private const int SignatureLength = 8;
    private const int Framing = 12; // length, type and checksum

    private static readonly uint[] s_checksums = MakeChecksums();

    /// <summary>Finds the chunks.</summary>
    /// <exception cref="InvalidDataException">The chunks do not follow one another as they must, or the file ends early.</exception>
    public PngChunks(ReadOnlyMemory<byte> file)
    {
        ReadOnlySpan<byte> bytes = file.Span;
        int position = SignatureLength;
        while (true)
        {
            ReadOnlySpan<byte> rest = bytes[position..];
            if (IsOnlyEndMissing(rest) && Data.Count > 0)
            {
                return;
            }

            if (rest.Length < Framing || BinaryPrimitives.ReadUInt32BigEndian(rest) > rest.Length - Framing)
            {
                throw ImageErrors.Truncated(ImageFormat.Png);
            }

            int length = BinaryPrimitives.ReadInt32BigEndian(rest);
            if (rest.HasAt(4, "IEND"u8))
            {
                if (Data.Count == 0)
                {
                    throw ImageErrors.Damaged(ImageFormat.Png);
                }

                return;
            }

            Read(rest[4..8], rest[..(length + Framing)], file.Slice(position + 8, length));
            position += length + Framing;
        }
    }

    /// <summary>The header: width and height, then five bytes.</summary>
    public ReadOnlyMemory<byte> Header { get; private set; }

    /// <summary>The colors of the palette, three bytes each.</summary>
    public ReadOnlyMemory<byte> Palette { get; private set; }

    /// <summary>The alpha of palette entries, or the color that is transparent.</summary>
    public ReadOnlyMemory<byte> Transparency { get; private set; }

    /// <summary>The parts of the compressed pixels.</summary>
    public List<ReadOnlyMemory<byte>> Data { get; } = [];

    /// <summary>The EXIF orientation, 1 to 8.</summary>
    public int Orientation { get; private set; } = 1;

    private void Read(ReadOnlySpan<byte> type, ReadOnlySpan<byte> chunk, ReadOnlyMemory<byte> content)
    {
        if (Header.IsEmpty)
        {
            Header = type.SequenceEqual("IHDR"u8) && content.Length == 13 && HasChecksum(chunk) ? content : throw ImageErrors.Damaged(ImageFormat.Png);
        }
        else if (type.SequenceEqual("IDAT"u8))
        {
            Data.Add(content);
        }
        else if (type.SequenceEqual("PLTE"u8) && Palette.IsEmpty)
        {
            Palette = content.Length % 3 == 0 && content.Length <= 3 * 256 && HasChecksum(chunk) ? content : throw ImageErrors.Damaged(ImageFormat.Png);
        }
        else if (type.SequenceEqual("tRNS"u8) && Transparency.IsEmpty && HasChecksum(chunk))
        {
            Transparency = content;
        }
        else if (type.SequenceEqual("eXIf"u8))
        {
            Orientation = ExifOrientation.Read(content.Span);
        }
        else if (type[0] < 'a' && !type.SequenceEqual("PLTE"u8))
        {
            throw ImageErrors.Damaged(ImageFormat.Png); // a critical chunk that is unknown, or a second header
        }
    }

    /// <summary>Whether the file ends where the end chunk would begin or in it.</summary>
    private static bool IsOnlyEndMissing(ReadOnlySpan<byte> rest) =>
        rest.Length < Framing && ((ReadOnlySpan<byte>)[0, 0, 0, 0, (byte)'I', (byte)'E', (byte)'N', (byte)'D', 0xAE, 0x42, 0x60, 0x82]).StartsWith(rest);

    private static bool HasChecksum(ReadOnlySpan<byte> chunk)
    {
        uint checksum = uint.MaxValue;
        foreach (byte value in chunk[4..^4])
        {
            checksum = s_checksums[(byte)(checksum ^ value)] ^ (checksum >> 8);
        }

        return ~checksum == BinaryPrimitives.ReadUInt32BigEndian(chunk[^4..]);
    }

    private static uint[] MakeChecksums()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value >> 1) ^ ((value & 1) * 0xEDB88320);
            }

            table[i] = value;
        }

        return table;
    }
}
