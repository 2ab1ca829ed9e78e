using NLayer;

namespace Data2Vec.Audio.Codecs;

/// <summary>
/// Decodes MP3 and MPEG layer II with NLayer. If the file says what the encoder added at both ends, the recording has its original length.
/// </summary>
internal sealed class MpegDecoder : AudioDecoder
{
    private const int DecoderDelay = 529; // of the filter bank: 528 + 1 samples
    private const int MaxFrameSamples = 2 * 1152;
    private const int SmallestFrame = 24; // bytes
    private const int WavMpeg = 0x50, WavMp3 = 0x55;

    /// <inheritdoc/>
    public override bool Recognizes(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith("ID3"u8))
        {
            return true;
        }

        // A part of a file, such as a recorded broadcast, may begin anywhere in a frame.
        for (int i = 0; i < start.Length; i++)
        {
            if (IsFrame(start[i..], out int length) && (i + length >= start.Length ? i == 0 : IsFrame(start[(i + length)..], out int next)
                && (i == 0 || (i + length + next < start.Length && IsFrame(start[(i + length + next)..], out _)))))
            {
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public override bool DecodesWavCodec(int codec) => codec is WavMp3 or WavMpeg;

    /// <inheritdoc/>
    public override void Decode(Stream stream, WaveformBuilder output)
    {
        var reader = new MpegFrameReader(stream);
        MpegFrame? frame = reader.Next() ?? throw new InvalidDataException("there are no MPEG audio frames in the file; it is damaged");
        output.Begin(frame.Channels, frame.SampleRate);
        MpegInfoTag? tag = MpegInfoTag.Read(frame);
        if (tag is not null)
        {
            // A tag that says more than the bytes can hold is damaged.
            if (stream.CanSeek && tag.Frames <= stream.Length / SmallestFrame)
            {
                output.Announce(Math.Max(0, (long)tag.Frames - 2) * frame.SampleCount); // without what the encoder added
            }

            frame = reader.Next();
        }

        int skip = tag?.Delay is int delay ? delay + DecoderDelay : 0, frames = 0, silent = 0;
        var decoder = new MpegFrameDecoder();
        float[] samples = new float[MaxFrameSamples];
        for (; frame is not null; frame = reader.Next(), frames++)
        {
            if (frame.HasUnsupportedBlocks)
            {
                throw new InvalidDataException("MP3 at 8 kHz with short blocks is not supported; convert it: ffmpeg -i INPUT -ar 16000 -ac 1 OUTPUT.wav");
            }

            if (frame.Channels != output.Channels)
            {
                output.Begin(frame.Channels, frame.SampleRate);
            }

            if (!TryDecode(ref decoder, frame, samples))
            {
                silent++;
            }

            int skipped = Math.Min(skip, frame.SampleCount);
            skip -= skipped;
            output.Append(samples.AsSpan(0, frame.SampleCount * frame.Channels)[(skipped * frame.Channels)..]);
        }

        if (silent == frames)
        {
            throw new InvalidDataException("no MPEG audio frame could be decoded; the file is damaged");
        }

        if (silent > 0)
        {
            output.Warn($"{silent} of {frames} MPEG audio frames could not be decoded and are silent; the file is damaged, or the beginning is missing");
        }

        if (tag is not null && frames < tag.Frames)
        {
            output.Warn($"the file has {frames} of {tag.Frames} MPEG audio frames; it was cut off");
        }

        if (tag?.Delay is not null && frames == tag.Frames)
        {
            output.RemoveEnd(Math.Clamp(tag.Padding - DecoderDelay, 0, output.Count));
        }
    }

    private static bool IsFrame(ReadOnlySpan<byte> bytes, out int length)
    {
        MpegFrame? frame = MpegFrame.Parse(bytes);
        length = frame?.FrameLength ?? 0;
        return frame is not null;
    }

    /// <summary>Decodes a frame, or fills in silence if that is impossible.</summary>
    private static bool TryDecode(ref MpegFrameDecoder decoder, MpegFrame frame, float[] samples)
    {
        int wanted = frame.SampleCount * frame.Channels;
        try
        {
            // NLayer returns nothing if the frame continues one that is missing.
            if (decoder.DecodeFrame(frame, samples, 0) == wanted && AreFinite(samples.AsSpan(0, wanted)))
            {
                return true;
            }
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            decoder = new MpegFrameDecoder();
        }

        samples.AsSpan(0, wanted).Clear();
        return false;
    }

    private static bool AreFinite(ReadOnlySpan<float> samples)
    {
        foreach (float sample in samples)
        {
            if (!float.IsFinite(sample))
            {
                return false;
            }
        }

        return true;
    }
}
