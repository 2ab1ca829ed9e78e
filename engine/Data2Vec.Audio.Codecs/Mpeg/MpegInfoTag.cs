using System.Buffers.Binary;

namespace Data2Vec.Audio.Codecs;

/// <summary>
/// The frame without sound at the beginning of many MP3 files, with the tag "Xing" or "Info" (LAME's mp3infotag, revision 1) or "VBRI". It says how many frames
/// follow, and how many samples the encoder added at both ends.
/// </summary>
/// <param name="Frames">The number of frames that follow, or 0.</param>
/// <param name="Delay">The samples that the encoder added at the beginning, or null if the tag does not say.</param>
/// <param name="Padding">The samples that it added at the end.</param>
internal sealed record MpegInfoTag(uint Frames, int? Delay, int Padding)
{
    private const int VbriAt = 36;
    private const int EncoderToDelay = 21;

    /// <summary>Reads the tag, or returns null if the frame has sound.</summary>
    public static MpegInfoTag? Read(MpegFrame frame)
    {
        ReadOnlySpan<byte> bytes = frame.Bytes.Span;
        if (frame.Layer != NLayer.MpegLayer.LayerIII)
        {
            return null;
        }

        if (bytes.Length > VbriAt && bytes[VbriAt..].StartsWith("VBRI"u8))
        {
            return new MpegInfoTag(0, null, 0);
        }

        ReadOnlySpan<byte> tag = bytes[Math.Min(frame.MainDataAt, bytes.Length)..];
        if (!tag.StartsWith("Xing"u8) && !tag.StartsWith("Info"u8))
        {
            // The standard counts no checksum here, and encoders differ.
            tag = frame.HasCrc && bytes.Length > frame.MainDataAt ? bytes[(frame.MainDataAt - 2)..] : [];
            if (!tag.StartsWith("Xing"u8) && !tag.StartsWith("Info"u8))
            {
                return null;
            }
        }

        uint flags = tag.Length >= 8 ? BinaryPrimitives.ReadUInt32BigEndian(tag[4..]) : 0;
        int at = 8;
        uint frames = (flags & 1) != 0 && tag.Length >= 12 ? BinaryPrimitives.ReadUInt32BigEndian(tag[at..]) : 0;
        at += ((flags & 1) != 0 ? 4 : 0) + ((flags & 2) != 0 ? 4 : 0) + ((flags & 4) != 0 ? 100 : 0) + ((flags & 8) != 0 ? 4 : 0);
        if (tag.Length < at + EncoderToDelay + 3)
        {
            return new MpegInfoTag(frames, null, 0);
        }

        ReadOnlySpan<byte> encoder = tag[at..], delays = encoder[EncoderToDelay..];
        bool hasDelays = encoder.StartsWith("LAME"u8) || encoder.StartsWith("Lavc"u8) || encoder.StartsWith("Lavf"u8);
        return hasDelays
            ? new MpegInfoTag(frames, delays[0] << 4 | delays[1] >> 4, (delays[1] & 15) << 8 | delays[2])
            : new MpegInfoTag(frames, null, 0);
    }
}
