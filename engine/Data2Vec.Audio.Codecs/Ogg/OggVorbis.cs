using System.Buffers.Binary;
using NVorbis;
using NVorbis.Contracts;

namespace Data2Vec.Audio.Codecs;

/// <summary>Vorbis in Ogg (Vorbis I specification).</summary>
internal static class OggVorbis
{
    private const int HeadBytes = 30;
    private const int MaxChannels = 2;
    private const int BlockFrames = 4096;

    public static void Decode(OggPackets packets, WaveformBuilder output)
    {
        byte[] head = packets.Next()?.Bytes ?? [];
        if (head.Length < HeadBytes || head[28] >> 4 > 13 || (head[28] & 15) is < 6 or > 13 || head[28] >> 4 < (head[28] & 15))
        {
            throw new InvalidDataException("the Vorbis header is too short or has wrong block sizes; the file is damaged");
        }

        int channels = head[11];
        output.Begin(channels, BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(12)));
        if (channels > MaxChannels) // NVorbis decodes noise if one of three channels is silent
        {
            throw new InvalidDataException($"{channels} channels of Vorbis are not supported; convert it: ffmpeg -i INPUT -ar 16000 -ac 1 OUTPUT.wav");
        }

        byte[] comments = packets.Next()?.Bytes ?? [], setup = packets.Next()?.Bytes ?? [];
        if (!comments.AsSpan().StartsWith("\u0003vorbis"u8))
        {
            throw new InvalidDataException("the Vorbis comments are missing; the file is damaged");
        }

        VorbisSetup.Check(setup, channels);
        int first = output.Count;
        var provider = new Packets(head, setup, packets);
        try
        {
            using var decoder = new StreamDecoder(provider) { ClipSamples = false };
            float[] samples = new float[BlockFrames * channels];
            while (decoder.Read(samples, 0, samples.Length) is > 0 and var count)
            {
                output.Append(samples.AsSpan(0, count));
            }
        }
        catch (Exception error) when (error is not (InvalidDataException or IOException or OutOfMemoryException))
        {
            throw new InvalidDataException($"the Vorbis stream is damaged: {error.Message}", error);
        }

        // The last blocks may have more samples than the recording. The positions of a broadcast that is recorded from its middle are larger than its length.
        int decoded = output.Count - first;
        if (provider.Last is { IsLast: true, Granule: long length } && length < decoded)
        {
            output.RemoveEnd(decoded - (int)Math.Max(0, length));
        }
    }

    /// <summary>Hands the packets to NVorbis: the checked headers, then the sound.</summary>
    private sealed class Packets : NVorbis.Contracts.IPacketProvider
    {
        private readonly Queue<Packet> _headers;
        private readonly OggPackets _packets;
        private OggPacket? _next;

        public Packets(byte[] head, byte[] setup, OggPackets packets)
        {
            // NVorbis would trust the lengths in the comments, and nobody needs them here.
            _headers = new Queue<Packet>([new(head), new([.. "\u0003vorbis"u8, 0, 0, 0, 0, 0, 0, 0, 0, 1]), new(setup)]);
            (_packets, _next) = (packets, packets.Next());
        }

        /// <summary>The last packet that was handed over.</summary>
        public OggPacket? Last { get; private set; }

        public bool CanSeek => false;

        public int StreamSerial => 0;

        public IPacket PeekNextPacket() => _headers.Peek();

        public IPacket? GetNextPacket()
        {
            if (_headers.TryDequeue(out Packet? header))
            {
                return header;
            }

            if (_next is not OggPacket packet)
            {
                return null;
            }

            (Last, _next) = (packet, _packets.Next());

            // NVorbis plays the second half of the last block unless it knows that it is the last. It cannot remove more than one block at the end, so it does
            // not learn the positions.
            return new Packet(packet.Bytes) { IsEndOfStream = _next is null };
        }

        public long SeekTo(long granulePos, int preRoll, GetPacketGranuleCount getPacketGranuleCount) => throw new NotSupportedException();

        public long GetGranuleCount() => throw new NotSupportedException();
    }

    private sealed class Packet(byte[] bytes) : DataPacket
    {
        private int _position;

        protected override int TotalBits => 8 * bytes.Length;

        public override void Reset()
        {
            base.Reset();
            _position = 0;
        }

        protected override int ReadNextByte() => _position < bytes.Length ? bytes[_position++] : -1;
    }
}
