using System.Buffers.Binary;

namespace Data2Vec.Audio;

/// <summary>Reads one sample; full scale is -1 to 1.</summary>
internal delegate float SampleReader(ReadOnlySpan<byte> sample);

/// <summary>
/// A supported sample encoding of WAV files, little-endian. The tag is the codec number (WAVE_FORMAT_... in Microsoft's mmreg.h). Samples of fewer
/// than the most bits occupy the top bits.
/// </summary>
internal sealed record SampleEncoding(int Tag, int FewestBits, int MostBits, int Bytes, SampleReader Read)
{
    private const int Pcm = 0x0001, IeeeFloat = 0x0003, ALaw = 0x0006, MuLaw = 0x0007;

    private static readonly SampleEncoding[] s_encodings =
    [
        new(Pcm, 1, 8, 1, static sample => (sample[0] - 128) / 128f),
        new(Pcm, 9, 16, 2, static sample => BinaryPrimitives.ReadInt16LittleEndian(sample) / 32768f),
        new(Pcm, 17, 24, 3, static sample => (sample[0] | sample[1] << 8 | (sbyte)sample[2] << 16) / 8388608f),
        new(Pcm, 25, 32, 4, static sample => BinaryPrimitives.ReadInt32LittleEndian(sample) / 2147483648f),
        new(IeeeFloat, 32, 32, 4, static sample => BinaryPrimitives.ReadSingleLittleEndian(sample)),
        new(IeeeFloat, 64, 64, 8, static sample => (float)BinaryPrimitives.ReadDoubleLittleEndian(sample)),
        new(ALaw, 8, 8, 1, static sample => G711.ALaw[sample[0]]),
        new(MuLaw, 8, 8, 1, static sample => G711.MuLaw[sample[0]]),
    ];

    /// <summary>Whether samples can be infinite or NaN.</summary>
    public bool IsFloat => Tag == IeeeFloat;

    /// <summary>Finds the encoding of a codec number and a sample width.</summary>
    /// <exception cref="InvalidDataException">The combination is not supported.</exception>
    public static SampleEncoding Find(int tag, int bits) =>
        Array.Find(s_encodings, encoding => encoding.Tag == tag && bits >= encoding.FewestBits && bits <= encoding.MostBits)
        ?? throw new InvalidDataException(Array.Exists(s_encodings, encoding => encoding.Tag == tag)
            ? $"{bits}-bit {CodecName(tag)} is not supported; convert to 16-bit PCM"
            : $"{CodecName(tag)} in a WAV file is not supported; convert to PCM");

    /// <summary>Decodes <paramref name="samples"/>.Length samples.</summary>
    public void Decode(ReadOnlySpan<byte> bytes, Span<float> samples)
    {
        for (int i = 0; i < samples.Length; i++)
        {
            samples[i] = Read(bytes.Slice(i * Bytes, Bytes));
        }
    }

    private static string CodecName(int tag) => tag switch
    {
        Pcm => "PCM",
        IeeeFloat => "IEEE float",
        ALaw => "A-law",
        MuLaw => "mu-law",
        0x0002 => "Microsoft ADPCM",
        0x0011 => "IMA ADPCM",
        0x0014 => "G.723 ADPCM",
        0x0017 => "OKI ADPCM",
        0x0020 => "Yamaha ADPCM",
        0x0022 => "TrueSpeech",
        0x0031 => "GSM 6.10",
        0x0040 => "G.721 ADPCM",
        0x0045 or 0x0064 => "G.726 ADPCM",
        0x0065 => "G.722 ADPCM",
        0x0050 => "MPEG audio",
        0x0055 => "MP3",
        0x00FF => "AAC",
        >= 0x0160 and <= 0x0163 => "Windows Media Audio",
        0x2000 => "AC-3",
        0x2001 => "DTS",
        0xF1AC => "FLAC",
        _ => $"codec 0x{tag:X4}",
    };
}

/// <summary>
/// The two companding laws of ITU-T G.711. A byte holds a sign, a 3-bit segment and a 4-bit step within the segment. Each segment has
/// twice the step size of the previous one. Full scale is -1 to 1.
/// </summary>
internal static class G711
{
    public static readonly float[] ALaw = Table(ALawValue);
    public static readonly float[] MuLaw = Table(MuLawValue);

    private static float[] Table(Func<int, int> value) => [.. Enumerable.Range(0, 256).Select(code => value(code) / 32768f)];

    private static int ALawValue(int code)
    {
        int bits = code ^ 0x55; // the line code inverts every other bit
        int segment = bits >> 4 & 7;
        int middleOfStep = ((bits & 15) << 4) + 8;
        int magnitude = segment == 0 ? middleOfStep : (middleOfStep + 0x100) << (segment - 1);
        return (bits & 0x80) != 0 ? magnitude : -magnitude;
    }

    private static int MuLawValue(int code)
    {
        const int Bias = 0x84;
        int bits = ~code; // the line code inverts every bit
        int magnitude = (((bits & 15) << 3) + Bias << (bits >> 4 & 7)) - Bias;
        return (bits & 0x80) != 0 ? -magnitude : magnitude;
    }
}
