using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>A floating-point format of 16 bits, two numbers in each of 32, the first in the lower half.</summary>
internal interface IShort
{
    static abstract ElementType Type { get; }

    static abstract float Low(int pair);

    static abstract float High(int pair);

    /// <summary>The nearest to each of two numbers, of two the one that is even.</summary>
    static abstract int Pair(float low, float high);
}

/// <summary>bfloat16: the upper half of a binary32.</summary>
internal struct BFloat : IShort
{
    public static ElementType Type => ElementType.BF16;

    public static float Low(int pair) => Interop.IntAsFloat((uint)pair << 16);

    public static float High(int pair) => Interop.IntAsFloat((uint)pair & 0xFFFF0000);

    public static int Pair(float low, float high) => Round(high) << 16 | Round(low);

    private static int Round(float x)
    {
        int bits = (int)Interop.FloatAsInt(x);
        int rounded = (int)((uint)(bits + 0x7FFF + ((int)((uint)bits >> 16) & 1)) >> 16);
        return (bits & 0x7FFFFFFF) > 0x7F800000 ? 0x7FC0 : rounded;
    }
}

/// <summary>IEEE 754 binary16. Numbers beyond its greatest, 65,504, become that one.</summary>
/// <remarks>
/// Bits are put together: ILGPU refuses all that names the format for devices of OpenCL that have not got it, and passes what it takes out of
/// instructions of CUDA through local memory.
/// </remarks>
internal struct HalfFloat : IShort
{
    private const float Greatest = 65504f;

    public static ElementType Type => ElementType.F16;

    public static float Low(int pair) => Widen(pair & 0xFFFF);

    public static float High(int pair) => Widen((int)((uint)pair >> 16));

    public static int Pair(float low, float high) => Round(high) << 16 | Round(low);

    private static float Widen(int bits)
    {
        // Below 2^-14 numbers are multiples of 2^-24, as what is between floats from 2^-14 on.
        int size = (bits & 0x7FFF) << 13, exponent = bits & 0x7C00;
        float number = exponent == 0
            ? Interop.IntAsFloat((uint)(size + (113 << 23))) - 6.1035156e-5f
            : Interop.IntAsFloat((uint)(size + ((exponent == 0x7C00 ? 224 : 112) << 23)));
        return Interop.IntAsFloat(Interop.FloatAsInt(number) | (uint)(bits & 0x8000) << 16);
    }

    private static int Round(float x)
    {
        // Below 2^-14 numbers are multiples of 2^-24, as floats from 0.5 to 1 are.
        x = x > Greatest ? Greatest : x < -Greatest ? -Greatest : x;
        int bits = (int)Interop.FloatAsInt(x), size = bits & 0x7FFFFFFF, sign = (int)((uint)bits >> 16) & 0x8000;
        int normal = (size + 0xFFF + (size >> 13 & 1) - (112 << 23)) >> 13;
        int small = (int)Interop.FloatAsInt(Interop.IntAsFloat((uint)size) + 0.5f) - 0x3F000000;
        return sign | (size > 0x7F800000 ? 0x7E00 : size < 0x38800000 ? small : normal);
    }
}
