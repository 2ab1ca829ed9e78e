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
    private sealed class PacketStream(ReadOnlyMemory<byte> current, OggPackets packets) : Stream
    {
        private ReadOnlyMemory<byte> _current = current;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            while (_current.IsEmpty)
            {
                if (packets.Next() is not OggPacket packet)
                {
                    return 0;
                }

                _current = packet.Bytes;
            }

            count = Math.Min(count, _current.Length);
            _current.Span[..count].CopyTo(buffer.AsSpan(offset));
            _current = _current[count..];
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
