using System.Runtime.InteropServices;
using Data2Vec.Kernels.Gpu.DeviceCode;
using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>Numbers as they lie in a device's memory, by .NET's own conversions.</summary>
internal static class StoredNumbers
{
    /// <summary>Bytes of numbers that a format has, filled up to whole floats.</summary>
    public static byte[] Store(ReadOnlySpan<float> values, ElementType type)
    {
        if (type == ElementType.F32)
        {
            return MemoryMarshal.AsBytes(values).ToArray();
        }

        var bits = new ushort[(values.Length + 1) / 2 * 2];
        for (int i = 0; i < values.Length; i++)
        {
            bits[i] = type == ElementType.F16 ? BitConverter.HalfToUInt16Bits((Half)values[i]) : (ushort)(BitConverter.SingleToUInt32Bits(values[i]) >> 16);
        }

        return MemoryMarshal.AsBytes<ushort>(bits).ToArray();
    }

    /// <summary>The first numbers of some bytes.</summary>
    public static float[] Load(ReadOnlySpan<byte> bytes, ElementType type, int count)
    {
        if (type == ElementType.F32)
        {
            return MemoryMarshal.Cast<byte, float>(bytes)[..count].ToArray();
        }

        var values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = Widen(MemoryMarshal.Cast<byte, ushort>(bytes)[i], type);
        }

        return values;
    }

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
