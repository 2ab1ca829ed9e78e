using static System.Buffers.Binary.BinaryPrimitives;

namespace Data2Vec.Audio;

/// <summary>The content of a WAV file's <c>fmt </c> chunk.</summary>
/// <param name="Codec">The codec number (WAVE_FORMAT_... in Microsoft's mmreg.h).</param>
/// <param name="Channels">The number of channels.</param>
/// <param name="SampleRate">The sample rate in Hz.</param>
/// <param name="BlockAlign">The bytes of a block. Uncompressed files often have a wrong number here.</param>
/// <param name="Bits">The bits of a sample.</param>
/// <param name="Extra">What the codec appends.</param>
/// <param name="BigEndian">Whether samples are big-endian.</param>
internal sealed record WavFormat(int Codec, int Channels, long SampleRate, int BlockAlign, int Bits, byte[] Extra, bool BigEndian)
{
    /// <summary>The longest part of the chunk that is read.</summary>
    public const int MaxLength = 4096;

    public const int Pcm = 0x0001, MicrosoftAdpcm = 0x0002, IeeeFloat = 0x0003, ALaw = 0x0006, MuLaw = 0x0007, ImaAdpcm = 0x0011, Gsm = 0x0031;

    private const int MinLength = 16;
    private const int ExtensibleLength = 40;

    /// <summary>The codec number that announces a sub-format GUID; the GUID begins with the actual codec number.</summary>
    private const int Extensible = 0xFFFE;

    /// <summary>The bytes after the codec number in every sub-format GUID that wraps a codec number.</summary>
    private static ReadOnlySpan<byte> SubFormatTail => [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71];

    /// <summary>The same in the sub-formats of ambisonic B-format.</summary>
    private static ReadOnlySpan<byte> AmbisonicTail => [0x00, 0x00, 0x21, 0x07, 0xD3, 0x11, 0x86, 0x44, 0xC8, 0xC1, 0xCA, 0x00, 0x00, 0x00];

    /// <summary>
    /// Whether four bytes are declared for 24 bits. libsndfile and sox ignore that and read three, but there are also files that have four.
    /// </summary>
    public bool MayHaveFourByteContainers => Codec == Pcm && Bits is > 16 and <= 24 && BlockAlign == 4 * Channels;

    /// <summary>Reads and checks the chunk.</summary>
    /// <exception cref="InvalidDataException">The chunk contradicts itself.</exception>
    public static WavFormat Parse(ReadOnlySpan<byte> chunk, bool bigEndian)
    {
        if (chunk.Length < MinLength)
        {
            throw new InvalidDataException($"the 'fmt ' chunk has {chunk.Length} bytes and needs {MinLength}; the file is damaged");
        }

        int codec = Int16(chunk, bigEndian), channels = Int16(chunk[2..], bigEndian);
        uint sampleRate = bigEndian ? ReadUInt32BigEndian(chunk[4..]) : ReadUInt32LittleEndian(chunk[4..]);
        int blockAlign = Int16(chunk[12..], bigEndian), bits = Int16(chunk[14..], bigEndian);
        if (codec == Extensible)
        {
            codec = SubFormat(chunk, bits, bigEndian);
        }

        byte[] extra = chunk.Length >= MinLength + 2 ? chunk[(MinLength + 2)..].ToArray() : [];
        return new WavFormat(codec, channels, sampleRate, blockAlign, bits, extra, bigEndian);
    }

    /// <summary>
    /// The encoding of the samples, or null if they are compressed. Samples of fewer bits than their bytes hold occupy the top bits. The block align does not
    /// matter.
    /// </summary>
    /// <exception cref="InvalidDataException">The width is not supported.</exception>
    public SampleEncoding? Encoding() => Codec switch
    {
        Pcm when Bits is > 0 and <= 8 => SampleEncoding.UInt8,
        Pcm when Bits > 0 => SampleEncoding.Integer((Bits + 7) / 8, BigEndian) ?? throw UnsupportedWidth(),
        IeeeFloat when Bits is 32 or 64 => SampleEncoding.Float(Bits / 8, BigEndian),
        Pcm or IeeeFloat => throw UnsupportedWidth(),
        ALaw => SampleEncoding.ALaw, // always 8 bits; some programs declare the 16 bits that they decode to
        MuLaw => SampleEncoding.MuLaw,
        _ => null,
    };

    /// <summary>The decoder of blocks, or null if there is none for the codec.</summary>
    /// <exception cref="InvalidDataException">The header contradicts itself, or the variant of the codec is not supported.</exception>
    public BlockCodec? Blocks() => Codec switch
    {
        ImaAdpcm => new ImaAdpcm(this),
        MicrosoftAdpcm => new MicrosoftAdpcm(this),
        Gsm => new Gsm610(this),
        _ => null,
    };

    /// <summary>The error for a codec that no decoder takes.</summary>
    public InvalidDataException Unsupported() => new($"{WavCodec.Name(Codec)} in a WAV file is not supported; {AudioFormatDetector.Conversion}");

    private InvalidDataException UnsupportedWidth() => new($"{Bits}-bit {WavCodec.Name(Codec)} is not supported; {AudioFormatDetector.Conversion}");

    private static int Int16(ReadOnlySpan<byte> bytes, bool bigEndian) => bigEndian ? ReadUInt16BigEndian(bytes) : ReadUInt16LittleEndian(bytes);

    private static int SubFormat(ReadOnlySpan<byte> chunk, int bits, bool bigEndian)
    {
        if (chunk.Length < ExtensibleLength)
        {
            throw new InvalidDataException($"the extensible 'fmt ' chunk has {chunk.Length} bytes and needs {ExtensibleLength}; the file is damaged");
        }

        // Valid bits occupy the top of their container and zeros fill the rest, so the container determines the scale.
        int validBits = Int16(chunk[18..], bigEndian);
        if (validBits > bits)
        {
            throw new InvalidDataException($"{validBits} valid bits do not fit in samples of {bits} bits; the file is damaged");
        }

        ReadOnlySpan<byte> subFormat = chunk[24..ExtensibleLength];
        return subFormat[2..].SequenceEqual(SubFormatTail) || subFormat[2..].SequenceEqual(AmbisonicTail)
            ? ReadUInt16LittleEndian(subFormat)
            : throw new InvalidDataException($"the sub-format {new Guid(subFormat)} is not supported; {AudioFormatDetector.Conversion}");
    }
}
