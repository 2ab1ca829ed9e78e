using Data2Vec.IO;

namespace Data2Vec.Audio.Codecs;

/// <summary>FLAC in Ogg (RFC 9639, section 10.1): after a prefix of nine bytes, the packets together are a FLAC file.</summary>
internal static class OggFlac
{
    private const int PrefixBytes = 9;

    public static void Decode(OggPackets packets, WaveformBuilder output)
    {
        byte[] first = packets.Next()?.Bytes ?? [];
        if (first.Length < PrefixBytes)
        {
            throw new InvalidDataException("the FLAC header is too short; the file is damaged");
        }

        new FlacDecoder().Decode(new PacketStream(first.AsMemory(PrefixBytes), packets), output);
    }

    /// <summary>Reads packets as one stream.</summary>
    private sealed class PacketStream(ReadOnlyMemory<byte> current, OggPackets packets) : ForwardStream
    {
        private ReadOnlyMemory<byte> _current = current;

        public override int Read(Span<byte> buffer)
        {
            while (_current.IsEmpty)
            {
                if (packets.Next() is not OggPacket packet)
                {
                    return 0;
                }

                _current = packet.Bytes;
            }

            int count = Math.Min(buffer.Length, _current.Length);
            _current.Span[..count].CopyTo(buffer);
            _current = _current[count..];
            return count;
        }
    }
}
