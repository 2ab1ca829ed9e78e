using System.Runtime.InteropServices;
using Data2Vec.Kernels.Gpu.DeviceCode;
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

    /// <summary>Some numbers that a format has; of f32 those that tf32 has.</summary>
    public static float[] Rounded(int seed, int count, ElementType type, float scale = 1f) => [.. Numbers(seed, count, scale).Select(value => type switch
    {
        ElementType.F32 => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(value) & ~0x1FFF),
        _ => Widen(Round(value, type), type),
    })];

    /// <summary>What numbers of a format are called in layouts.</summary>
    public static int Layout(ElementType type) => type switch { ElementType.F32 => 0, ElementType.F16 => Four.HalfFloat, _ => Four.BFloat };

    /// <summary>The format of a type of device code.</summary>
    public static ElementType TypeOf<TNumbers>() =>
        typeof(TNumbers) == typeof(HalfFloat) || typeof(TNumbers) == typeof(ShortFour<HalfFloat>) ? ElementType.F16
        : typeof(TNumbers) == typeof(Four) ? ElementType.F32
        : ElementType.BF16;
}
