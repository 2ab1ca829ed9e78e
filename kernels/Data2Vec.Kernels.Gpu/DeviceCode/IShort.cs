using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>A floating-point format of 16 bits, two numbers in each of 32, the first in the lower half.</summary>
internal interface IShort
{
    static abstract float Low(int pair);

    static abstract float High(int pair);

    /// <summary>The nearest to each of two numbers, of two the one that is even.</summary>
    static abstract int Pair(float low, float high);
}

/// <summary>bfloat16: the upper half of a binary32.</summary>
internal struct BFloat : IShort
{
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
internal struct HalfFloat : IShort
{
    private const float Greatest = 65504f;

    public static float Low(int pair) => Widen(pair & 0xFFFF);

    public static float High(int pair) => Widen((int)((uint)pair >> 16));

    public static int Pair(float low, float high) => Round(high) << 16 | Round(low);

    /// <summary>Not every OpenCL device has the format: its bits are put together.</summary>
    private static float Widen(int bits)
    {
        if (CudaAsm.IsSupported)
        {
            return Interop.IntAsFloat((ushort)bits);
        }

        int exponent = bits >> 10 & 31, fraction = bits & 1023;
        float size = exponent == 0
            ? fraction * 5.9604645e-8f
            : Interop.IntAsFloat((uint)((exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13));
        return bits > 0x7FFF ? -size : size;
    }

    private static int Round(float x)
    {
        x = x > Greatest ? Greatest : x < -Greatest ? -Greatest : x;
        if (CudaAsm.IsSupported)
        {
            return Interop.FloatAsInt((ILGPU.Half)x);
        }

        // Below 2^-14 numbers are multiples of 2^-24, as floats from 0.5 to 1 are.
        int bits = (int)Interop.FloatAsInt(x), size = bits & 0x7FFFFFFF, sign = (int)((uint)bits >> 16) & 0x8000;
        int normal = (size + 0xFFF + (size >> 13 & 1) - (112 << 23)) >> 13;
        int small = (int)Interop.FloatAsInt(Interop.IntAsFloat((uint)size) + 0.5f) - 0x3F000000;
        return sign | (size > 0x7F800000 ? 0x7E00 : size < 0x38800000 ? small : normal);
    }
}
