using static System.Buffers.Binary.BinaryPrimitives;

namespace Data2Vec.ModelFile;

/// <summary>The first 64 bytes of a model file. Lengths are in bytes.</summary>
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

        uint version = ReadUInt32LittleEndian(bytes[VersionAt..]);
        if (version != D2vFormat.Version)
        {
            throw new InvalidDataException($"the file has format version {version}; this program reads version {D2vFormat.Version}");
        }

        if (bytes[ZerosAt..Size].ContainsAnyExcept((byte)0))
        {
            throw new InvalidDataException($"the bytes {ZerosAt} to {Size - 1} are not all zero; copy or convert the file again");
        }

        var preamble = new D2vPreamble(
            ReadUInt64LittleEndian(bytes[HeaderLengthAt..]),
            PeekFileLength(bytes),
            ReadUInt32LittleEndian(bytes[HeaderCrcAt..]));
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
        bytes.StartsWith(D2vFormat.Magic) ? ReadUInt64LittleEndian(bytes[FileLengthAt..]) : 0;

    public byte[] ToArray()
    {
        byte[] bytes = new byte[Size];
        D2vFormat.Magic.CopyTo(bytes);
        WriteUInt32LittleEndian(bytes.AsSpan(VersionAt), D2vFormat.Version);
        WriteUInt64LittleEndian(bytes.AsSpan(HeaderLengthAt), HeaderLength);
        WriteUInt64LittleEndian(bytes.AsSpan(FileLengthAt), FileLength);
        WriteUInt32LittleEndian(bytes.AsSpan(HeaderCrcAt), HeaderCrc);
        return bytes;
    }
}

/// <summary>Recognizes files that users pass in place of a model file, and says what to do with them.</summary>
internal static class FileKind
{
    /// <summary>Why a file that starts with these bytes is not a model file, and the way out.</summary>
    public static string Describe(ReadOnlySpan<byte> start)
    {
        const string NotD2v = "this is not a .d2v model file", Convert = "convert it first with data2vec convert";
        return start.IsEmpty ? "the file is empty"
            : start.StartsWith("PK\x03\x04"u8) ? $"{NotD2v} but a zip archive, as PyTorch checkpoints are; {Convert}"
            : start.Length >= 2 && start[0] == 0x80 && start[1] is >= 2 and <= 5 ? $"{NotD2v} but a Python pickle, as old PyTorch checkpoints are; {Convert}"
            : start.Length > 9 && start[8] == '{' && ReadUInt64LittleEndian(start) < 1 << 30
                ? $"{NotD2v} but looks like safetensors; {Convert}"
            : start.StartsWith("version https://git-lfs"u8) ? $"{NotD2v} but a Git LFS pointer to one; fetch it with git lfs pull"
            : start.StartsWith("GGUF"u8) ? $"{NotD2v} but GGUF, which cannot be converted; start from the PyTorch checkpoint"
            : start.StartsWith(D2vFormat.Magic) ? $"the file has only {start.Length} bytes and was cut off; copy or convert it again"
            : $"{NotD2v}: it does not begin with D2V";
    }
}
