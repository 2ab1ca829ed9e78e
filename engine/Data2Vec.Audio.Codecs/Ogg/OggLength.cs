using System.Buffers.Binary;

namespace Data2Vec.Audio.Codecs;

/// <summary>Finds the length of a stream in a seekable Ogg file by its first and last pages, before anything is decoded.</summary>
internal static class OggLength
{
    private const int GranuleAt = 6, SerialAt = 14, HeaderBytes = 27;
    private const int SearchedBytes = 1 << 18; // a page has at most 65,307 bytes
    private const int Uncertainty = 1 << 16; // samples: an Opus stream has some before its beginning

    /// <summary>A number of samples that the stream certainly has, unless its pages are damaged; 0 if that is not known.</summary>
    /// <param name="stream">The file. Its position stays.</param>
    /// <param name="serial">The number of the logical stream.</param>
    public static long Find(Stream stream, uint serial)
    {
        if (!stream.CanSeek)
        {
            return 0;
        }

        long position = stream.Position;
        long[] first = Granules(stream, 0, serial), last = Granules(stream, Math.Max(0, stream.Length - SearchedBytes), serial);
        stream.Position = position;
        return first.Length > 0 && last.Length > 0 ? Math.Max(0, last[^1] - first[0] - Uncertainty) : 0;
    }

    /// <summary>The positions at the ends of the pages of a stream in a part of the file, without those of its headers.</summary>
    private static long[] Granules(Stream stream, long start, uint serial)
    {
        byte[] bytes = new byte[SearchedBytes];
        stream.Position = start;
        int count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        var granules = new List<long>();
        for (int i = 0; bytes.AsSpan(i, count - i).IndexOf("OggS\0"u8) is >= 0 and var next && i + next + HeaderBytes <= count; i += next + 1)
        {
            ReadOnlySpan<byte> header = bytes.AsSpan(i + next, HeaderBytes);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header[SerialAt..]) == serial && BinaryPrimitives.ReadInt64LittleEndian(header[GranuleAt..]) is > 0 and var granule)
            {
                granules.Add(granule);
            }
        }

        return [.. granules];
    }
}
