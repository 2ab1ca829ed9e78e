using System.Buffers.Binary;

namespace Data2Vec.Vision.Images;

/// <summary>Reads chunks of a PNG file that the decoding library ignores.</summary>
internal static class PngChunks
{
    private const int SignatureLength = 8;
    private const int Framing = 12; // length, type and checksum
    private const ushort OrientationTag = 0x0112;

    /// <summary>Whether the file has its end chunk.</summary>
    public static bool HasEnd(ReadOnlySpan<byte> file) => TryFind(file, "IEND"u8, out _);

    /// <summary>Reads the EXIF orientation, 1 to 8. A missing or damaged orientation reads as 1 (upright): the image is still usable.</summary>
    public static int ReadOrientation(ReadOnlySpan<byte> file)
    {
        TryFind(file, "eXIf"u8, out ReadOnlySpan<byte> exif);
        bool isLittleEndian = exif.StartsWith("II*\0"u8);
        if (exif.Length < 8 || (!isLittleEndian && !exif.StartsWith("MM\0*"u8)))
        {
            return 1;
        }

        // The tag is an entry in the first directory of a TIFF structure.
        uint start = isLittleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(exif[4..]) : BinaryPrimitives.ReadUInt32BigEndian(exif[4..]);
        if (start > exif.Length - 2)
        {
            return 1;
        }

        ReadOnlySpan<byte> directory = exif[(int)start..];
        int entries = ReadUInt16(directory, isLittleEndian);
        directory = directory[2..];
        for (int entry = 0; entry < entries && directory.Length >= 12; entry++, directory = directory[12..])
        {
            if (ReadUInt16(directory, isLittleEndian) == OrientationTag)
            {
                int value = ReadUInt16(directory[8..], isLittleEndian);
                return value is >= 1 and <= 8 ? value : 1;
            }
        }

        return 1;
    }

    /// <summary>Finds the first chunk of a type. The content is empty if the chunk is truncated.</summary>
    private static bool TryFind(ReadOnlySpan<byte> file, ReadOnlySpan<byte> type, out ReadOnlySpan<byte> content)
    {
        content = default;
        ReadOnlySpan<byte> rest = file[Math.Min(SignatureLength, file.Length)..];
        while (rest.Length >= Framing)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            bool isComplete = length <= rest.Length - Framing;
            if (rest.Slice(4, 4).SequenceEqual(type))
            {
                content = isComplete ? rest.Slice(8, (int)length) : default;
                return true;
            }

            if (!isComplete)
            {
                return false;
            }

            rest = rest[(Framing + (int)length)..];
        }

        return false;
    }

    private static ushort ReadUInt16(ReadOnlySpan<byte> bytes, bool isLittleEndian) =>
        isLittleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
}

/// <summary>
/// Detects truncation that the decoder accepts. A progressive JPEG cut between two scans decodes to a complete but blurred image. A PNG or
/// WebP cut after its pixels may lack its orientation.
/// </summary>
internal static class Truncation
{
    private const byte EndOfImage = 0xD9;

    /// <summary>Whether the file ends before the end that its structure announces.</summary>
    public static bool IsFound(ImageFormat format, ReadOnlySpan<byte> file) => format switch
    {
        ImageFormat.Jpeg => !HasEndOfImage(file),
        ImageFormat.Png => !PngChunks.HasEnd(file),
        // Some writers omit the byte that pads the last chunk to an even length.
        ImageFormat.WebP => file.Length < BinaryPrimitives.ReadUInt32LittleEndian(file[4..]) + 8L - 1,
        _ => false,
    };

    private static bool HasEndOfImage(ReadOnlySpan<byte> file)
    {
        ReadOnlySpan<byte> rest = file;
        while (true)
        {
            // A marker is 0xFF and a code. Within scan data, 0xFF is followed by 0 or a restart code.
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

            if (HasNoLength(code))
            {
                continue;
            }

            if (rest.Length < 2 || BinaryPrimitives.ReadUInt16BigEndian(rest) > rest.Length)
            {
                return false;
            }

            rest = rest[BinaryPrimitives.ReadUInt16BigEndian(rest)..];
        }
    }

    /// <summary>Whether no length follows the code: stuffing, fill bytes, restarts and the start of the image.</summary>
    private static bool HasNoLength(byte code) => code is 0 or 0xFF or 1 or (>= 0xD0 and <= 0xD8);
}
