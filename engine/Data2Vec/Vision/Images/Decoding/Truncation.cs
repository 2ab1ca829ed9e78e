using System.Buffers.Binary;

namespace Data2Vec.Vision.Images;

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
