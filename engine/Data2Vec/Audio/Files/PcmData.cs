namespace Data2Vec.Audio;

/// <summary>Reads uncompressed samples.</summary>
internal static class PcmData
{
    private const int BlockBytes = 1 << 16;

    /// <summary>Reads samples to their end, or to the end of the stream.</summary>
    /// <param name="stream">The stream at the first sample.</param>
    /// <param name="encoding">The encoding of a sample.</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="sampleRate">The sample rate in Hz.</param>
    /// <param name="length">The bytes of the samples; <see cref="long.MaxValue"/> if they extend to the end of the stream.</param>
    /// <param name="output">Takes the samples.</param>
    public static void Read(Stream stream, SampleEncoding encoding, int channels, long sampleRate, long length, WaveformBuilder output)
    {
        int frameBytes = Math.Max(1, channels * encoding.Bytes);
        output.Begin(channels, sampleRate, Math.Min(length, stream.BytesLeft() ?? 0) / frameBytes);
        output.IsEndKnown = true;
        int blockFrames = Math.Max(1, BlockBytes / frameBytes);
        byte[] block = new byte[blockFrames * frameBytes];
        float[] interleaved = new float[blockFrames * channels];
        int pending = 0; // bytes of a frame that is not complete
        while (length > 0)
        {
            // What a pipe has is taken at once: it may be a microphone.
            int read = stream.Read(block, pending, (int)Math.Min(length, block.Length - pending));
            if (read == 0)
            {
                if (length != long.MaxValue)
                {
                    output.Warn($"the file ends {length} bytes before its samples do; it was cut off");
                }

                break; // a partial frame at the end is dropped
            }

            length = length == long.MaxValue ? length : length - read;
            int frames = (pending + read) / frameBytes, used = frames * frameBytes;
            Span<float> samples = interleaved.AsSpan(0, frames * channels);
            encoding.Decode(block, samples);
            output.Append(samples);
            block.AsSpan(used, pending + read - used).CopyTo(block);
            pending += read - used;
        }
    }
}
