using System.Buffers.Binary;

namespace Data2Vec.Vision.Images;

/// <summary>Unpacks samples of 1, 2, 4, 8 or 16 bits.</summary>
internal static class SampleUnpacking
{
    /// <summary>Unpacks the samples of a row. In a byte, the first sample has the upper bits.</summary>
    /// <param name="row">The packed row.</param>
    /// <param name="bits">The bits of a sample.</param>
    /// <param name="samples">The samples; their count is how many are unpacked.</param>
    /// <param name="isLittleEndian">The order of the two bytes of a sample of 16 bits.</param>
    public static void Unpack(ReadOnlySpan<byte> row, int bits, Span<ushort> samples, bool isLittleEndian = false)
    {
        for (int i = 0; i < samples.Length && bits == 16; i++)
        {
            samples[i] = isLittleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(row[(2 * i)..]) : BinaryPrimitives.ReadUInt16BigEndian(row[(2 * i)..]);
        }

        for (int i = 0; i < samples.Length && bits < 16; i++)
        {
            samples[i] = Unpack(row, bits, i);
        }
    }

    /// <summary>Unpacks a sample of at most 8 bits.</summary>
    public static byte Unpack(ReadOnlySpan<byte> row, int bits, int index) =>
        (byte)(bits == 8 ? row[index] : (row[index * bits >> 3] >> (8 - bits - (index * bits & 7))) & ((1 << bits) - 1));

    /// <summary>Brings a sample to 8 bits: 16 bits keep the upper 8, and fewer bits are spread over 0 to 255.</summary>
    public static byte ToByte(int sample, int bits) => bits switch
    {
        16 => (byte)(sample >> 8),
        8 => (byte)sample,
        _ => (byte)(sample * 255 / ((1 << bits) - 1)),
    };
}
