namespace Data2Vec.Audio;

/// <summary>The ID3v2 tag, which programs put before MP3 files and, against the rules, before other files.</summary>
internal static class Id3Tag
{
    private const int HeaderBytes = 10;

    /// <summary>The length of the tag that a file begins with, or 0.</summary>
    public static long Length(ReadOnlySpan<byte> start)
    {
        if (start.Length < HeaderBytes || !start.StartsWith("ID3"u8) || start[3] == 0xFF || start[4] == 0xFF || start[6..HeaderBytes].ContainsAnyInRange((byte)0x80, (byte)0xFF))
        {
            return 0;
        }

        bool hasFooter = (start[5] & 0x10) != 0;
        int size = start[6] << 21 | start[7] << 14 | start[8] << 7 | start[9];
        return HeaderBytes + size + (hasFooter ? HeaderBytes : 0);
    }
}
