using System.Buffers.Binary;

namespace Data2Vec.Vision.Images;

/// <summary>
/// Finds truncation that a decoder lets pass: a progressive JPEG cut between two scans is a whole picture, but a blurred one,
/// and a PNG or WebP cut behind its pixels may have lost the note on how to turn it.
/// </summary>
internal static class Truncation
{
    private const byte EndOfImage = 0xD9;

    /// <summary>Whether the file ends before the end that its structure promises.</summary>
    public static bool IsFound(ImageFormat format, ReadOnlySpan<byte> file) => format switch
    {
        ImageFormat.Jpeg => !HasEndOfImage(file),
        ImageFormat.Png => !HasEndChunk(file),
        ImageFormat.WebP => IsRiffTruncated(file),
        _ => false,
    };

    private static bool HasEndChunk(ReadOnlySpan<byte> file)
    {
        const int SignatureLength = 8, Framing = 12;
        ReadOnlySpan<byte> rest = file[SignatureLength..];
        while (rest.Length >= Framing)
        {
            if (rest.Slice(4, 4).SequenceEqual("IEND"u8))
            {
                return true;
            }

            uint length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (length > rest.Length - Framing)
            {
                return false;
            }

            rest = rest[(Framing + (int)length)..];
        }

        return false;
    }

    private static bool HasEndOfImage(ReadOnlySpan<byte> file)
    {
        ReadOnlySpan<byte> rest = file;
        while (true)
        {
            // To the next marker: 0xFF and a code. In a scan's data 0xFF is followed by 0 or a restart code.
            int at = rest.IndexOf((byte)0xFF);
            if (at < 0 || at + 1 >= rest.Length)
            {
                return false;
            }

            byte code = rest[at + 1];
            rest = rest[(at + (code == 0xFF ? 1 : 2))..];
            if (code == EndOfImage)
            {
                return true;
            }

            if (IsAlone(code))
            {
                continue;
            }

            if (rest.Length < 2)
            {
                return false;
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(rest);
            if (length > rest.Length)
            {
                return false;
            }

            rest = rest[length..];
        }
    }

    /// <summary>Whether no length follows: stuffing, fill, restarts and the start of the image.</summary>
    private static bool IsAlone(byte code) => code is 0 or 0xFF or 1 or (>= 0xD0 and <= 0xD8);

    private static bool IsRiffTruncated(ReadOnlySpan<byte> file)
    {
        long promised = BinaryPrimitives.ReadUInt32LittleEndian(file[4..]) + 8L;
        // The byte that makes the last chunk's length even is left out by some writers.
        return file.Length < promised - 1;
    }
}
