using System.Buffers.Binary;

namespace Data2Vec.Vision.Images;

/// <summary>The EXIF orientation of a PNG, kept in its <c>eXIf</c> chunk.</summary>
internal static class PngOrientation
{
    private const int SignatureLength = 8;
    private const ushort OrientationTag = 0x0112;

    /// <summary>1 to 8; 1, upright, where the file says nothing usable: a broken note is no reason to refuse a picture.</summary>
    public static int Read(ReadOnlySpan<byte> file)
    {
        ReadOnlySpan<byte> rest = file[Math.Min(SignatureLength, file.Length)..];
        while (rest.Length >= 12)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (length > rest.Length - 12)
            {
                break;
            }

            if (rest.Slice(4, 4).SequenceEqual("eXIf"u8))
            {
                return ReadExif(rest.Slice(8, (int)length));
            }

            rest = rest[(12 + (int)length)..];
        }

        return 1;
    }

    /// <summary>Reads the tag from the first directory of a TIFF structure.</summary>
    private static int ReadExif(ReadOnlySpan<byte> exif)
    {
        if (exif.Length < 8)
        {
            return 1;
        }

        bool isLittleEndian = exif.StartsWith("II*\0"u8);
        if (!isLittleEndian && !exif.StartsWith("MM\0*"u8))
        {
            return 1;
        }

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
            if (ReadUInt16(directory, isLittleEndian) != OrientationTag)
            {
                continue;
            }

            int value = ReadUInt16(directory[8..], isLittleEndian);
            return value is >= 1 and <= 8 ? value : 1;
        }

        return 1;
    }

    private static ushort ReadUInt16(ReadOnlySpan<byte> bytes, bool isLittleEndian) =>
        isLittleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
}
