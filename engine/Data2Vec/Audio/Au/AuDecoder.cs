using System.Buffers.Binary;

namespace Data2Vec.Audio;

/// <summary>Reads AU files (Sun, NeXT) with PCM of 8 to 32 bits, floats, A-law and mu-law, big-endian.</summary>
internal sealed class AuDecoder : AudioDecoder
{
    private const int HeaderBytes = 24;
    private const uint UnknownLength = uint.MaxValue;

    /// <inheritdoc/>
    public override bool Recognizes(ReadOnlySpan<byte> start) => start.StartsWith(".snd"u8);

    /// <inheritdoc/>
    public override void Decode(Stream stream, WaveformBuilder output)
    {
        byte[] header = new byte[HeaderBytes];
        if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
        {
            throw new InvalidDataException("the file ends inside its header; it is damaged or truncated");
        }

        uint offset = Field(1), length = Field(2), encoding = Field(3), sampleRate = Field(4), channels = Field(5);
        if (offset < HeaderBytes || channels > ushort.MaxValue)
        {
            throw new InvalidDataException($"the header of the AU file declares {offset} bytes before the samples and {channels} channels; the file is damaged");
        }

        SampleEncoding samples = encoding switch
        {
            1 => SampleEncoding.MuLaw,
            >= 2 and <= 5 => SampleEncoding.Integer((int)encoding - 1, bigEndian: true)!,
            6 => SampleEncoding.Float(4, bigEndian: true)!,
            7 => SampleEncoding.Float(8, bigEndian: true)!,
            27 => SampleEncoding.ALaw,
            _ => throw new InvalidDataException($"the encoding {encoding} in an AU file is not supported; {AudioFormatDetector.Conversion}"),
        };
        stream.Skip(offset - HeaderBytes);
        PcmData.Read(stream, samples, (int)channels, sampleRate, length is UnknownLength or 0 ? long.MaxValue : length, output);

        uint Field(int index) => BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4 * index));
    }
}
