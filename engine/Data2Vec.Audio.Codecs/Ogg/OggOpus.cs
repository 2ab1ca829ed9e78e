using System.Buffers.Binary;
using Concentus.Structs;

namespace Data2Vec.Audio.Codecs;

#pragma warning disable CS0618 // The factory would load whatever native library is there; results shall not depend on the machine.

/// <summary>Opus in Ogg (RFC 7845), always decoded at 48 kHz.</summary>
internal static class OggOpus
{
    private const int SampleRate = 48000;
    private const int MaxPacketSamples = 5760; // 120 ms
    private const int HeadBytes = 19;
    private const int MappingBytes = 2;
    private const double GainStepsPerDecade = 20 * 256; // steps of 1/256 dB

    /// <summary>Decodes a packet to interleaved samples, and returns their number in each channel.</summary>
    private delegate int PacketDecoder(ReadOnlySpan<byte> packet, Span<float> samples);

    public static void Decode(OggPackets packets, WaveformBuilder output)
    {
        byte[] head = packets.Next()?.Bytes ?? [];
        if (head.Length < HeadBytes || head[8] >> 4 != 0)
        {
            throw new InvalidDataException("the Opus header is too short or has an unknown version; the file is damaged");
        }

        int channels = head[9], skip = BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(10));
        float gain = (float)Math.Pow(10, BinaryPrimitives.ReadInt16LittleEndian(head.AsSpan(16)) / GainStepsPerDecade);
        output.Begin(channels, SampleRate);
        PacketDecoder decode = Create(head, channels);
        if (packets.Next() is not { } tags || !tags.Bytes.AsSpan().StartsWith("OpusTags"u8))
        {
            throw new InvalidDataException("the Opus tags are missing; the file is damaged");
        }

        int first = output.Count;
        var position = new OggPosition();
        float[] samples = new float[MaxPacketSamples * channels];
        while (packets.Next() is OggPacket packet)
        {
            int count = DecodePacket(decode, packet.Bytes, samples);
            Span<float> kept = samples.AsSpan(0, count * channels);
            int skipped = Math.Min(skip, count);
            skip -= skipped;
            kept = kept[(skipped * channels)..];
            foreach (ref float sample in kept)
            {
                sample *= gain;
            }

            output.Append(kept);
            output.RemoveEnd((int)Math.Min(position.Add(packet, count), output.Count - first));
        }
    }

    private static int DecodePacket(PacketDecoder decode, byte[] packet, float[] samples)
    {
        if (packet.Length == 0)
        {
            return 0;
        }

        try
        {
            return decode(packet, samples) is >= 0 and <= MaxPacketSamples and var count ? count : throw new InvalidDataException("a packet has a wrong length");
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            throw new InvalidDataException($"an Opus packet is damaged: {error.Message}", error);
        }
    }

    /// <summary>Creates the decoder of a channel mapping (RFC 7845, section 5.1.1).</summary>
    private static PacketDecoder Create(ReadOnlySpan<byte> head, int channels)
    {
        int family = head[HeadBytes - 1];
        if (family == 0 && channels is 1 or 2)
        {
            var decoder = new OpusDecoder(SampleRate, channels);
            return (packet, samples) => decoder.Decode(packet, samples, MaxPacketSamples, false);
        }

        if (family is not (1 or 255))
        {
            throw new InvalidDataException($"{channels} channels of Opus in mapping family {family} are not supported; convert it: ffmpeg -i INPUT -ar 16000 -ac 1 OUTPUT.wav");
        }

        ReadOnlySpan<byte> mapping = head[HeadBytes..];
        if (mapping.Length < MappingBytes + channels || mapping[0] == 0 || mapping[1] > mapping[0] || mapping[0] + mapping[1] > 255 || HasWrongStream(mapping, channels))
        {
            throw new InvalidDataException("the channel mapping of the Opus header is wrong; the file is damaged");
        }

        var multi = new OpusMSDecoder(SampleRate, channels, mapping[0], mapping[1], mapping.Slice(MappingBytes, channels).ToArray());
        return (packet, samples) => multi.DecodeMultistream(packet, samples, MaxPacketSamples, false);
    }

    private static bool HasWrongStream(ReadOnlySpan<byte> mapping, int channels)
    {
        foreach (byte stream in mapping.Slice(MappingBytes, channels))
        {
            if (stream != 255 && stream >= mapping[0] + mapping[1])
            {
                return true;
            }
        }

        return false;
    }
}
