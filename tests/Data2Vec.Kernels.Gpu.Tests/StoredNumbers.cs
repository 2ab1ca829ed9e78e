using System.Runtime.InteropServices;
using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>Numbers as they lie in a device's memory, by .NET's own conversions.</summary>
internal static class StoredNumbers
{
    /// <summary>Numbers that a format has, as they lie in memory: those of 16 bits two in the place of a float.</summary>
    public static float[] Stored(ElementType type, float[] values) => type == ElementType.F32 ? values
        : MemoryMarshal.Cast<ushort, float>([.. values.Select(value => Round(value, type)), .. new ushort[values.Length % 2]]).ToArray();

    /// <summary>The numbers that lie so in memory.</summary>
    public static float[] Widened(ElementType type, float[] stored) => type == ElementType.F32 ? stored
        : [.. MemoryMarshal.Cast<float, ushort>(stored).ToArray().Select(bits => Widen(bits, type))];

    public static float Widen(ushort bits, ElementType type) =>
        type == ElementType.F16 ? (float)BitConverter.UInt16BitsToHalf(bits) : BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>The nearest number of a format of 16 bits, as its bits.</summary>
    public static ushort Round(float value, ElementType type)
    {
        if (type == ElementType.F16)
        {
            return BitConverter.HalfToUInt16Bits((Half)value);
        }

        int bits = BitConverter.SingleToInt32Bits(value);
        return (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }

    /// <summary>The nearest number of tf32, of two the one further from zero.</summary>
    public static float RoundToTf32(float value) => BitConverter.Int32BitsToSingle((BitConverter.SingleToInt32Bits(value) + 0x1000) & ~0x1FFF);

    /// <summary>Some numbers that a format has; of f32 such that tf32 has not.</summary>
    public static float[] Some(int seed, int count, ElementType type, float scale = 1f) => Rounded(type, Numbers(seed, count, scale));

    /// <summary>What tensor cores take them for.</summary>
    public static float[] Taken(ElementType type, float[] values) => type == ElementType.F32 ? [.. values.Select(RoundToTf32)] : values;
}
