using System.Runtime.InteropServices;
using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>Numbers as stored in device memory, converted by .NET.</summary>
internal static class StoredNumbers
{
    /// <summary>Numbers in their stored format; 16-bit numbers lie two in the place of a float.</summary>
    public static float[] Stored(ElementType type, float[] values) => type == ElementType.F32 ? values
        : MemoryMarshal.Cast<ushort, float>([.. values.Select(value => Round(value, type)), .. new ushort[values.Length % 2]]).ToArray();

    /// <summary>Converts stored numbers to floats.</summary>
    public static float[] Widened(ElementType type, float[] stored) => type == ElementType.F32 ? stored
        : [.. MemoryMarshal.Cast<float, ushort>(stored).ToArray().Select(bits => Widen(bits, type))];

    public static float Widen(ushort bits, ElementType type) =>
        type == ElementType.F16 ? (float)BitConverter.UInt16BitsToHalf(bits) : BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>The bits of the nearest number of a 16-bit format.</summary>
    public static ushort Round(float value, ElementType type)
    {
        if (type == ElementType.F16)
        {
            return BitConverter.HalfToUInt16Bits((Half)value);
        }

        int bits = BitConverter.SingleToInt32Bits(value);
        return (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }

    /// <summary>The nearest tf32, ties away from zero.</summary>
    public static float RoundToTf32(float value) => BitConverter.Int32BitsToSingle((BitConverter.SingleToInt32Bits(value) + 0x1000) & ~0x1FFF);

    /// <summary>Random numbers of a format; for f32 they are not all tf32.</summary>
    public static float[] Some(int seed, int count, ElementType type, float scale = 1f) => Rounded(type, Numbers(seed, count, scale));

    /// <summary>Numbers as tensor cores round them.</summary>
    public static float[] Taken(ElementType type, float[] values) => type == ElementType.F32 ? [.. values.Select(RoundToTf32)] : values;
}
