using System.Buffers.Binary;
using static System.Text.Encoding;

namespace Data2Vec.Audio;

/// <summary>Reads AIFF and AIFF-C files with PCM of 1 to 32 bits in either byte order, floats, A-law and mu-law.</summary>
internal sealed class AiffDecoder : AudioDecoder
{
    private const int FileHeaderBytes = 12;
    private const int CommonBytes = 18;
    private const int OffsetBytes = 8;

    // A streaming writer does not know the length; it writes zeros, or a number near the 2 GB or 4 GB limit.
    private const uint FirstUnlikelySize = 0x7F00_0000;

    /// <inheritdoc/>
    public override bool Recognizes(ReadOnlySpan<byte> start) => start.StartsWith("FORM"u8) && (start.HasAt(8, "AIFF"u8) || start.HasAt(8, "AIFC"u8));

    /// <inheritdoc/>
    public override void Decode(Stream stream, WaveformBuilder output)
    {
        stream.Skip(FileHeaderBytes);
        var chunks = new ChunkReader(stream, FileHeaderBytes, bigEndian: true);
        AiffFormat? format = null;
        while (chunks.Next() is Chunk chunk)
        {
            if (chunk.Id == "COMM")
            {
                format = AiffFormat.Parse(chunks.Read(chunk, CommonBytes + 4));
            }
            else if (chunk.Id == "SSND")
            {
                byte[] header = chunks.Read(chunk, OffsetBytes);
                if (format is null || header.Length < OffsetBytes)
                {
                    throw new InvalidDataException(format is null ? "the 'SSND' chunk comes before the 'COMM' chunk" : "the 'SSND' chunk is too short; the file is damaged");
                }

                uint offset = BinaryPrimitives.ReadUInt32BigEndian(header);
                stream.Skip(offset);
                long length = chunk.Size - OffsetBytes - offset;
                length = length <= 0 || chunk.Size >= FirstUnlikelySize ? long.MaxValue : length;
                PcmData.Read(stream, format.Encoding, format.Channels, format.SampleRate, Math.Min(length, format.Bytes), output);
                return;
            }
        }

        throw new InvalidDataException($"the file ends before its '{(format is null ? "COMM" : "SSND")}' chunk; it is damaged or truncated");
    }

    /// <summary>The content of the <c>COMM</c> chunk.</summary>
    /// <param name="Encoding">The encoding of the samples.</param>
    /// <param name="Channels">The number of channels.</param>
    /// <param name="SampleRate">The sample rate in Hz.</param>
    /// <param name="Bytes">The bytes of all samples, or <see cref="long.MaxValue"/> if the writer did not know.</param>
    private sealed record AiffFormat(SampleEncoding Encoding, int Channels, long SampleRate, long Bytes)
    {
        public static AiffFormat Parse(ReadOnlySpan<byte> chunk)
        {
            if (chunk.Length < CommonBytes)
            {
                throw new InvalidDataException($"the 'COMM' chunk has {chunk.Length} bytes and needs {CommonBytes}; the file is damaged");
            }

            int channels = BinaryPrimitives.ReadUInt16BigEndian(chunk), bits = BinaryPrimitives.ReadUInt16BigEndian(chunk[6..]);
            uint frames = BinaryPrimitives.ReadUInt32BigEndian(chunk[2..]);
            string codec = chunk.Length >= CommonBytes + 4 ? Latin1.GetString(chunk[CommonBytes..]) : "NONE";
            SampleEncoding encoding = Find(codec, (bits + 7) / 8)
                ?? throw new InvalidDataException($"{bits}-bit samples with the compression {codec.AsSpan().Quote()} in an AIFF file are not supported; {AudioFormatDetector.Conversion}");
            return new AiffFormat(encoding, channels, Rate(chunk[8..CommonBytes]), frames is 0 or >= FirstUnlikelySize ? long.MaxValue : frames * (long)channels * encoding.Bytes);
        }

        private static SampleEncoding? Find(string codec, int bytes) => codec switch
        {
            "NONE" or "twos" => SampleEncoding.Integer(bytes, bigEndian: true),
            "sowt" => SampleEncoding.Integer(bytes, bigEndian: false),
            "in24" => SampleEncoding.Integer(3, bigEndian: true),
            "in32" => SampleEncoding.Integer(4, bigEndian: true),
            "42ni" => SampleEncoding.Integer(3, bigEndian: false),
            "23ni" => SampleEncoding.Integer(4, bigEndian: false),
            "raw " when bytes == 1 => SampleEncoding.UInt8,
            "fl32" or "FL32" => SampleEncoding.Float(4, bigEndian: true),
            "fl64" or "FL64" => SampleEncoding.Float(8, bigEndian: true),
            "alaw" or "ALAW" => SampleEncoding.ALaw,
            "ulaw" or "ULAW" => SampleEncoding.MuLaw,
            _ => null,
        };

        /// <summary>Rounds a float of 80 bits: a sign, 15 bits of exponent, 64 bits of mantissa with its leading one.</summary>
        private static long Rate(ReadOnlySpan<byte> bytes)
        {
            int exponent = BinaryPrimitives.ReadUInt16BigEndian(bytes) - 16383 - 63;
            double rate = BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]) * Math.Pow(2, exponent);
            return rate < uint.MaxValue ? (long)Math.Round(rate) : uint.MaxValue;
        }
    }
}
