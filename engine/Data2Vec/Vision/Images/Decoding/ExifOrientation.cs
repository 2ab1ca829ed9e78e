using System.Buffers.Binary;

namespace Data2Vec.Vision.Images;

/// <summary>Reads the orientation of an image from its EXIF metadata.</summary>
internal static class ExifOrientation
{
    private const ushort OrientationTag = 0x0112;

    /// <summary>Reads the orientation, 1 to 8. A missing or damaged orientation reads as 1 (upright): the image is still usable.</summary>
    /// <param name="exif">A TIFF structure. The tag is an entry in its first directory.</param>
    public static int Read(ReadOnlySpan<byte> exif)
    {
        bool isLittleEndian = exif.StartsWith("II*\0"u8);
        if (exif.Length < 8 || (!isLittleEndian && !exif.StartsWith("MM\0*"u8)))
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
            if (ReadUInt16(directory, isLittleEndian) == OrientationTag)
            {
                int value = ReadUInt16(directory[8..], isLittleEndian);
                return value is >= 1 and <= 8 ? value : 1;
            }
        }

        return 1;
    }

    private static ushort ReadUInt16(ReadOnlySpan<byte> bytes, bool isLittleEndian) =>
        isLittleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
}
