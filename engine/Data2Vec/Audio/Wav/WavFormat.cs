using System.Buffers.Binary;

namespace Data2Vec.Audio;

/// <summary>What a WAV file's <c>fmt </c> chunk says about the samples that follow.</summary>
/// <param name="Encoding">How one sample is written.</param>
/// <param name="Channels">Samples in a frame, one for each channel.</param>
/// <param name="SampleRate">Frames in a second, in Hz.</param>
internal sealed record WavFormat(SampleEncoding Encoding, int Channels, int SampleRate)
{
    /// <summary>The bytes of the chunk that mean something; further ones are a codec's own.</summary>
    public const int MaxLength = 40;

    private const int MinLength = 16;
    private const uint MaxSampleRate = 100_000_000;

    /// <summary>Bytes in a frame.</summary>
    public int FrameBytes => Channels * Encoding.BytesPerSample();

    /// <summary>The bytes that follow the codec's number in every sub-format GUID that wraps such a number.</summary>
    private static ReadOnlySpan<byte> SubFormatTail =>
        [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71];

    /// <summary>Reads and checks the chunk's content.</summary>
    /// <exception cref="InvalidDataException">It contradicts itself, or the codec is not supported.</exception>
    public static WavFormat Parse(ReadOnlySpan<byte> chunk)
    {
        if (chunk.Length < MinLength)
        {
            throw new InvalidDataException($"the 'fmt ' chunk has {chunk.Length} bytes and needs {MinLength}; the file is damaged");
        }

        int tag = BinaryPrimitives.ReadUInt16LittleEndian(chunk);
        int channels = BinaryPrimitives.ReadUInt16LittleEndian(chunk[2..]);
        uint sampleRate = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
        int frameBytes = BinaryPrimitives.ReadUInt16LittleEndian(chunk[12..]);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(chunk[14..]);
        if (tag == FormatTag.Extensible)
        {
            tag = SubFormat(chunk, bits);
        }

        if (channels == 0)
        {
            throw new InvalidDataException("the file says it has 0 channels; it is damaged");
        }

        if (sampleRate is 0 or > MaxSampleRate)
        {
            throw new InvalidDataException($"a sample rate of {sampleRate} Hz is not supported; 1 to {MaxSampleRate} Hz are");
        }

        var format = new WavFormat(EncodingOf(tag, bits), channels, (int)sampleRate);
        if (format.FrameBytes != frameBytes)
        {
            throw new InvalidDataException(
                $"{channels} channels of {bits} bits make {format.FrameBytes} bytes a frame, but the block align is {frameBytes}; the file is damaged");
        }

        return format;
    }

    private static int SubFormat(ReadOnlySpan<byte> chunk, int bits)
    {
        if (chunk.Length < MaxLength)
        {
            throw new InvalidDataException($"the extensible 'fmt ' chunk has {chunk.Length} bytes and needs {MaxLength}; the file is damaged");
        }

        // Valid bits stand at the top of their container with zeros below them: the scale is the container's.
        int validBits = BinaryPrimitives.ReadUInt16LittleEndian(chunk[18..]);
        if (validBits > bits)
        {
            throw new InvalidDataException($"{validBits} valid bits do not fit samples of {bits} bits; the file is damaged");
        }

        ReadOnlySpan<byte> subFormat = chunk[24..MaxLength];
        if (!subFormat[2..].SequenceEqual(SubFormatTail))
        {
            throw new InvalidDataException($"the sub-format {new Guid(subFormat)} is not supported; convert to PCM");
        }

        return BinaryPrimitives.ReadUInt16LittleEndian(subFormat);
    }

    private static SampleEncoding EncodingOf(int tag, int bits) => (tag, bits) switch
    {
        // A width between two whole bytes is kept at the top of the wider one, as valid bits are.
        (FormatTag.Pcm, >= 1 and <= 8) => SampleEncoding.Pcm8,
        (FormatTag.Pcm, >= 9 and <= 16) => SampleEncoding.Pcm16,
        (FormatTag.Pcm, >= 17 and <= 24) => SampleEncoding.Pcm24,
        (FormatTag.Pcm, >= 25 and <= 32) => SampleEncoding.Pcm32,
        (FormatTag.IeeeFloat, 32) => SampleEncoding.Float32,
        (FormatTag.IeeeFloat, 64) => SampleEncoding.Float64,
        (FormatTag.ALaw, 8) => SampleEncoding.ALaw,
        (FormatTag.MuLaw, 8) => SampleEncoding.MuLaw,
        (FormatTag.Pcm or FormatTag.IeeeFloat or FormatTag.ALaw or FormatTag.MuLaw, _) =>
            throw new InvalidDataException($"{bits}-bit {FormatTag.Name(tag)} is not supported; convert to 16-bit PCM"),
        _ => throw new InvalidDataException($"{FormatTag.Name(tag)} in a WAV file is not supported; convert to PCM"),
    };
}
