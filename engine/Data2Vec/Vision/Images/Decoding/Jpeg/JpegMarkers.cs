namespace Data2Vec.Vision.Images;

/// <summary>The codes of JPEG markers. A marker is 0xFF and a code.</summary>
internal static class JpegMarkers
{
    public const int Frame0 = 0xC0, HuffmanTables = 0xC4, Restart0 = 0xD0, Start = 0xD8, End = 0xD9, Scan = 0xDA, QuantizationTables = 0xDB,
        RestartInterval = 0xDD, Application0 = 0xE0, Application1 = 0xE1, Application14 = 0xEE, Temporary = 0x01;

    /// <summary>Finds the next marker, over any bytes before it. Gives its code and the position after it, or -1 at the end of the file.</summary>
    public static int FindNext(ReadOnlySpan<byte> file, int position, out int next)
    {
        for (next = position; next < file.Length - 1; next++)
        {
            int found = file[next..].IndexOf((byte)0xFF);
            if (found < 0)
            {
                break;
            }

            next += found;
            if (next + 1 < file.Length && file[next + 1] is not (0 or 0xFF))
            {
                next += 2;
                return file[next - 1];
            }
        }

        next = file.Length;
        return -1;
    }
}
