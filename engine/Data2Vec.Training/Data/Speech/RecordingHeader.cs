using Data2Vec.Audio;
using Data2Vec.IO;

namespace Data2Vec.Training.Data;

/// <summary>The length of a recording.</summary>
/// <param name="Samples">The number of samples in each channel.</param>
/// <param name="SampleRate">The sample rate in Hz.</param>
internal readonly record struct RecordingLength(long Samples, int SampleRate)
{
    /// <summary>The number of samples after resampling: that of <see cref="Waveform.Resample"/>.</summary>
    public long At(int sampleRate) =>
        SampleRate == sampleRate ? Samples : (long)(((UInt128)(ulong)Samples * (uint)sampleRate + (uint)SampleRate - 1) / (uint)SampleRate);
}

/// <summary>Reads the length of a recording from its header where the header is reliable, else by decoding the file.</summary>
internal static class RecordingHeader
{
    private const int StartBytes = 42;

    /// <exception cref="InvalidDataException">The file is damaged or no recording.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RecordingLength Read(string path, AudioReadOptions options)
    {
        using FileStream stream = File.OpenRead(path);
        byte[] start = new byte[StartBytes];
        start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        RecordingLength? length = start switch
        {
            _ when start.AsSpan().StartsWith("RIFF"u8) && ((ReadOnlySpan<byte>)start).HasAt(8, "WAVE"u8) => Wav(stream),
            _ when start.Length == StartBytes && start.AsSpan().StartsWith("fLaC"u8) => Flac(start),
            _ => null,
        };
        if (length is null)
        {
            stream.Position = 0;
            Waveform recording = AudioFile.Load(stream, options with { Warning = null });
            length = new RecordingLength(recording.Samples.Length, recording.SampleRate);
        }

        return length.Value.Samples <= options.MaxSamples
            ? length.Value
            : throw new InvalidDataException($"the recording has {length.Value.Samples} samples, more than the limit of {options.MaxSamples}; split it");
    }

    /// <summary>The length of uncompressed samples; null where the decoder does more than to divide.</summary>
    private static RecordingLength? Wav(FileStream stream)
    {
        const int HeaderBytes = 12;
        stream.Position = HeaderBytes;
        var chunks = new ChunkReader(stream, HeaderBytes);
        WavFormat? format = null;
        while (chunks.Next() is Chunk chunk)
        {
            if (chunk.Id == "fmt ")
            {
                format = WavFormat.Parse(chunks.Read(chunk, WavFormat.MaxLength), bigEndian: false);
            }
            else if (chunk.Id == "data")
            {
                bool isPlain = format is { MayHaveFourByteContainers: false, Channels: > 0, SampleRate: > 0 and <= int.MaxValue }
                    && chunk.Size is > 0 and < 0x7FFF_0000;
                return isPlain && format!.Encoding() is { } encoding
                    ? new RecordingLength(Math.Min(chunk.Size, stream.Length - stream.Position) / (format.Channels * encoding.Bytes), (int)format.SampleRate)
                    : null;
            }
        }

        return null;
    }

    /// <summary>STREAMINFO is the first block: after the signature and the block's header, 10 bytes of sizes, then rate (20 bits), channels, bits, samples (36).</summary>
    private static RecordingLength? Flac(ReadOnlySpan<byte> start)
    {
        if ((start[4] & 0x7F) != 0)
        {
            return null;
        }

        ulong fields = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(start[18..]);
        long samples = (long)(fields & 0xF_FFFF_FFFF);
        int rate = (int)(fields >> 44);
        return samples > 0 && rate > 0 ? new RecordingLength(samples, rate) : null;
    }
}
