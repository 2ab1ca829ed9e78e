namespace Data2Vec.Audio;

internal static class StreamExtensions
{
    private const int BlockBytes = 1 << 16;

    /// <summary>Skips bytes, or everything if the stream ends before.</summary>
    public static void Skip(this Stream stream, long count)
    {
        if (stream.CanSeek)
        {
            stream.Position += Math.Min(count, Math.Max(0, stream.Length - stream.Position));
            return;
        }

        byte[] discarded = new byte[Math.Min(count, BlockBytes)];
        while (count > 0 && stream.Read(discarded, 0, (int)Math.Min(count, discarded.Length)) is > 0 and var read)
        {
            count -= read;
        }
    }

    /// <summary>The number of bytes up to the end of the stream, or null if it is unknown.</summary>
    public static long? BytesLeft(this Stream stream) => stream.CanSeek ? Math.Max(0, stream.Length - stream.Position) : null;
}
