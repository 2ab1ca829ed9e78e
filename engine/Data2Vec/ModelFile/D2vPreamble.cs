using System.Buffers.Binary;

namespace Data2Vec.ModelFile;

/// <summary>The first 64 bytes of a model file.</summary>
/// <param name="HeaderLength">The length of the header in bytes.</param>
/// <param name="FileLength">The length of the file in bytes.</param>
/// <param name="HeaderCrc">The CRC-32C of the header.</param>
internal readonly record struct D2vPreamble(ulong HeaderLength, ulong FileLength, uint HeaderCrc)
{
    public const int Size = 64;

    private const int VersionAt = 4, HeaderLengthAt = 8, FileLengthAt = 16, HeaderCrcAt = 24, ZerosAt = 28;

    /// <summary>Reads a preamble, and checks all that it says against the file's length.</summary>
    /// <exception cref="InvalidDataException">It is not the preamble of a model file, or it is damaged; the message does not name the file.</exception>
    public static D2vPreamble Read(ReadOnlySpan<byte> bytes, long fileLength)
    {
        if (bytes.Length < Size || !bytes.StartsWith(D2vFormat.Magic))
        {
            throw new InvalidDataException(FileKind.Describe(bytes));
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[VersionAt..]);
        if (version != D2vFormat.Version)
        {
            throw new InvalidDataException($"the file has format version {version}; this program reads version {D2vFormat.Version}");
        }

        if (bytes[ZerosAt..Size].ContainsAnyExcept((byte)0))
        {
            throw new InvalidDataException($"the bytes {ZerosAt} to {Size - 1} are not all zero; copy or convert the file again");
        }

        var preamble = new D2vPreamble(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[HeaderLengthAt..]),
            PeekFileLength(bytes),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[HeaderCrcAt..]));
        if (preamble.FileLength != (ulong)fileLength)
        {
            throw new InvalidDataException($"the file has {fileLength} bytes and should have {preamble.FileLength}; copy or convert it again");
        }

        if (preamble.HeaderLength > D2vFormat.MaxHeaderBytes)
        {
            throw new InvalidDataException($"the header is {preamble.HeaderLength} bytes long; {D2vFormat.MaxHeaderBytes} is the most");
        }

        if (preamble.HeaderLength > (ulong)fileLength - Size)
        {
            throw new InvalidDataException($"the header of {preamble.HeaderLength} bytes reaches past the end of the file ({fileLength} bytes)");
        }

        return preamble;
    }

    /// <summary>The file length in a preamble that may be anything else; 0 if it is not that of a model file.</summary>
    public static ulong PeekFileLength(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith(D2vFormat.Magic) ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[FileLengthAt..]) : 0;

    public byte[] ToArray()
    {
        byte[] bytes = new byte[Size];
        D2vFormat.Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(VersionAt), D2vFormat.Version);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(HeaderLengthAt), HeaderLength);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(FileLengthAt), FileLength);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(HeaderCrcAt), HeaderCrc);
        return bytes;
    }
}
