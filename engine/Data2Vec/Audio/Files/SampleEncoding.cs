using static System.Buffers.Binary.BinaryPrimitives;

namespace Data2Vec.Audio;

/// <summary>Reads one sample; full scale is -1 to 1.</summary>
internal delegate float SampleReader(ReadOnlySpan<byte> sample);

/// <summary>An encoding of samples without compression over time.</summary>
/// <param name="Bytes">The bytes of a sample.</param>
/// <param name="Read">Decodes a sample.</param>
internal sealed record SampleEncoding(int Bytes, SampleReader Read)
{
    public static readonly SampleEncoding
        UInt8 = new(1, static sample => (sample[0] - 128) / 128f),
        Int8 = new(1, static sample => (sbyte)sample[0] / 128f),
        ALaw = new(1, static sample => G711.ALaw[sample[0]]),
        MuLaw = new(1, static sample => G711.MuLaw[sample[0]]);

    private static readonly SampleEncoding
        s_int16Little = new(2, static sample => ReadInt16LittleEndian(sample) / 32768f),
        s_int16Big = new(2, static sample => ReadInt16BigEndian(sample) / 32768f),
        s_int24Little = new(3, static sample => (sample[0] | sample[1] << 8 | (sbyte)sample[2] << 16) / 8388608f),
        s_int24Big = new(3, static sample => (sample[2] | sample[1] << 8 | (sbyte)sample[0] << 16) / 8388608f),
        s_int32Little = new(4, static sample => ReadInt32LittleEndian(sample) / 2147483648f),
        s_int32Big = new(4, static sample => ReadInt32BigEndian(sample) / 2147483648f),
        s_float32Little = new(4, ReadSingleLittleEndian),
        s_float32Big = new(4, ReadSingleBigEndian),
        s_float64Little = new(8, static sample => (float)ReadDoubleLittleEndian(sample)),
        s_float64Big = new(8, static sample => (float)ReadDoubleBigEndian(sample));

    /// <summary>24 bits with their sign in four bytes, least significant byte first.</summary>
    public static readonly SampleEncoding Int24InLowBytes = s_int24Little with { Bytes = 4 };

    /// <summary>Signed integers, or null if there is no such width.</summary>
    public static SampleEncoding? Integer(int bytes, bool bigEndian) => bytes switch
    {
        1 => Int8,
        2 => bigEndian ? s_int16Big : s_int16Little,
        3 => bigEndian ? s_int24Big : s_int24Little,
        4 => bigEndian ? s_int32Big : s_int32Little,
        _ => null,
    };

    /// <summary>IEEE floats, or null if there is no such width.</summary>
    public static SampleEncoding? Float(int bytes, bool bigEndian) => bytes switch
    {
        4 => bigEndian ? s_float32Big : s_float32Little,
        8 => bigEndian ? s_float64Big : s_float64Little,
        _ => null,
    };

    /// <summary>Decodes <paramref name="samples"/>.Length samples.</summary>
    public void Decode(ReadOnlySpan<byte> bytes, Span<float> samples)
    {
        for (int i = 0; i < samples.Length; i++)
        {
            samples[i] = Read(bytes.Slice(i * Bytes, Bytes));
        }
    }
}
