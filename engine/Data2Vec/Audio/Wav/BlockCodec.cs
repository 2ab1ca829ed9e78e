namespace Data2Vec.Audio;

/// <summary>A codec whose blocks decode independently or one after another to 16-bit samples.</summary>
/// <param name="channels">The number of channels.</param>
/// <param name="blockBytes">The bytes of a block.</param>
/// <param name="blockFrames">The samples of a whole block in each channel.</param>
internal abstract class BlockCodec(int channels, int blockBytes, int blockFrames)
{
    public int Channels { get; } = channels;

    public int BlockFrames { get; } = blockFrames;

    /// <summary>Reads and decodes blocks to the end of the data, or to the end of the stream.</summary>
    public void Read(Stream stream, long sampleRate, long length, WaveformBuilder output)
    {
        long present = Math.Min(length, stream.BytesLeft() ?? 0);
        output.Begin(Channels, sampleRate, present / blockBytes * BlockFrames);
        byte[] block = new byte[blockBytes];
        short[] decoded = new short[BlockFrames * Channels];
        float[] samples = new float[decoded.Length];
        while (length > 0)
        {
            int wanted = (int)Math.Min(length, block.Length);
            int read = stream.ReadAtLeast(block.AsSpan(0, wanted), wanted, throwOnEndOfStream: false);
            int count = Channels * Math.Min(BlockFrames, Decode(block.AsSpan(0, read), decoded));
            for (int i = 0; i < count; i++)
            {
                samples[i] = decoded[i] / 32768f;
            }

            output.Append(samples.AsSpan(0, count));
            if (read < wanted)
            {
                break;
            }

            length -= read;
        }
    }

    /// <summary>Decodes a block. The last one may be shorter.</summary>
    /// <returns>The number of samples in each channel.</returns>
    protected abstract int Decode(ReadOnlySpan<byte> block, Span<short> interleaved);

    protected static short Clamp(int value) => (short)Math.Clamp(value, short.MinValue, short.MaxValue);
}
