using System.Buffers.Binary;
using System.Globalization;

namespace Data2Vec.Audio;

/// <summary>
/// Reads WAV files: RIFF, its big-endian variant RIFX, its 64-bit variants RF64 and BW64, and Wave64. Headers may be wrong where other programs do not mind.
/// </summary>
/// <param name="decoders">Decoders for further codecs.</param>
internal sealed class WavDecoder(IReadOnlyList<AudioDecoder> decoders) : AudioDecoder
{
    private const int ChunkHeaderBytes = 8;
    private const int FileHeaderBytes = 12;
    private const int Wave64HeaderBytes = 40;
    private const int ProbeBytes = 1 << 14;
    private const uint InDs64 = uint.MaxValue;

    // A streaming writer does not know the length; it writes zeros, ones, or a number near the 2 GB or 4 GB limit.
    private const uint FirstUnlikelyRiffSize = 0x7FFF_0000;

    private static ReadOnlySpan<byte> Wave64Riff =>
        [(byte)'r', (byte)'i', (byte)'f', (byte)'f', 0x2E, 0x91, 0xCF, 0x11, 0xA5, 0xD6, 0x28, 0xDB, 0x04, 0xC1, 0x00, 0x00];

    /// <inheritdoc/>
    public override bool Recognizes(ReadOnlySpan<byte> start) => start.StartsWith(Wave64Riff)
        || ((start.StartsWith("RIFF"u8) || start.StartsWith("RIFX"u8) || start.StartsWith("RF64"u8) || start.StartsWith("BW64"u8))
            && (start.Length < FileHeaderBytes || start.HasAt(8, "WAVE"u8)));

    /// <inheritdoc/>
    public override void Decode(Stream stream, WaveformBuilder output)
    {
        byte[] header = new byte[Wave64HeaderBytes];
        Fill(stream, header.AsSpan(0, FileHeaderBytes));
        bool isWave64 = header.AsSpan().StartsWith("riff"u8), bigEndian = header.AsSpan().StartsWith("RIFX"u8);
        if (isWave64)
        {
            Fill(stream, header.AsSpan(FileHeaderBytes));
        }

        uint riffSize = bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)) : BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4));
        var chunks = new ChunkReader(stream, isWave64 ? Wave64HeaderBytes : FileHeaderBytes, bigEndian, isWave64);
        WavFormat? format = null;
        long ds64DataSize = -1;
        while (chunks.Next() is Chunk chunk)
        {
            switch (chunk.Id)
            {
                case "fmt ":
                    format = WavFormat.Parse(chunks.Read(chunk, WavFormat.MaxLength), bigEndian);
                    break;
                case "ds64":
                    ds64DataSize = Ds64DataSize(chunks.Read(chunk, 24));
                    break;
                case "data":
                    long size = isWave64 ? (chunk.Size > 0 ? chunk.Size : long.MaxValue) : DataBytes(chunk.Size, chunks.Position, riffSize, ds64DataSize);
                    long? end = stream.BytesLeft() is not null ? stream.Position + size : null;
                    DecodeData(stream, format ?? throw new InvalidDataException("the 'data' chunk comes before the 'fmt ' chunk; the file is damaged"), size, output);
                    WarnOfMore(stream, end, size, output);
                    return;
            }
        }

        throw new InvalidDataException($"the file ends before its '{(format is null ? "fmt " : "data")}' chunk; it is damaged or truncated");
    }

    private static void Fill(Stream stream, Span<byte> header)
    {
        if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
        {
            throw new InvalidDataException("the file ends inside its RIFF header; it is damaged or truncated");
        }
    }

    /// <summary>The chunk has the size of the file, the size of 'data', the number of samples, then the sizes of other chunks.</summary>
    private static long Ds64DataSize(byte[] content) => content.Length >= 16
        ? BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(8))
        : throw new InvalidDataException($"the 'ds64' chunk has {content.Length} bytes and needs 24; the file is damaged");

    /// <summary>The size of the samples in bytes, or <see cref="long.MaxValue"/> if they extend to the end of the file.</summary>
    private static long DataBytes(long size, long position, uint riffSize, long ds64DataSize)
    {
        if (size == InDs64)
        {
            return ds64DataSize > 0 ? ds64DataSize : long.MaxValue;
        }

        // A size of zero is real if the RIFF header announces further chunks. Otherwise the writer never filled it in.
        bool chunksFollow = riffSize < FirstUnlikelyRiffSize && riffSize + ChunkHeaderBytes > position;
        return size > 0 || chunksFollow ? size : long.MaxValue;
    }

    private void DecodeData(Stream stream, WavFormat format, long size, WaveformBuilder output)
    {
        if (format.Encoding() is SampleEncoding encoding)
        {
            if (format.MayHaveFourByteContainers)
            {
                (encoding, stream) = ProbeContainers(stream, encoding, format.BigEndian);
            }

            PcmData.Read(stream, encoding, format.Channels, format.SampleRate, size, output);
        }
        else if (format.Blocks() is BlockCodec blocks)
        {
            blocks.Read(stream, format.SampleRate, size, output);
        }
        else
        {
            AudioDecoder decoder = decoders.FirstOrDefault(decoder => decoder.DecodesWavCodec(format.Codec)) ?? throw format.Unsupported();
            decoder.Decode(new PrefixedStream(default, stream, size), output);
        }
    }

    /// <summary>
    /// Tells samples of 24 bits in four bytes from samples in three: one of the four bytes, the first or the last, is always zero or the sign.
    /// </summary>
    private static (SampleEncoding Encoding, Stream Stream) ProbeContainers(Stream stream, SampleEncoding threeBytes, bool bigEndian)
    {
        byte[] bytes = new byte[ProbeBytes];
        bytes = bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        bool isInTopBytes = true, isInLowBytes = true;
        for (int i = 0; i + 4 <= bytes.Length; i += 4)
        {
            isInTopBytes &= bytes[bigEndian ? i + 3 : i] == 0;
            isInLowBytes &= !bigEndian && bytes[i + 3] == (bytes[i + 2] >= 0x80 ? 0xFF : 0);
        }

        SampleEncoding encoding = isInTopBytes ? SampleEncoding.Integer(4, bigEndian)! : isInLowBytes ? SampleEncoding.Int24InLowBytes : threeBytes;
        return (encoding, new PrefixedStream(bytes, stream));
    }

    /// <summary>The size of data above 4 GB wraps around. Then most of the samples follow after the announced ones.</summary>
    private static void WarnOfMore(Stream stream, long? end, long size, WaveformBuilder output)
    {
        if (end is not long position || size == long.MaxValue || position > stream.Length - ChunkHeaderBytes || stream.Length - position <= size)
        {
            return;
        }

        stream.Position = position + (size & 1);
        Span<byte> id = stackalloc byte[4];
        if (stream.ReadAtLeast(id, id.Length, throwOnEndOfStream: false) == id.Length && id.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
        {
            output.Warn(string.Create(
                CultureInfo.InvariantCulture,
                $"the header announces {size:N0} bytes of samples, and {stream.Length - position:N0} more bytes follow; only the announced ones were read. ")
                + "Sizes above 4 GB wrap around. To read everything, convert it: ffmpeg -ignore_length 1 -i INPUT -ar 16000 -ac 1 OUTPUT.wav");
        }
    }
}
