namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>A 16-bit floating-point format. A 32-bit pair has the first number in its lower half.</summary>
internal interface IFloat16Format
{
    static abstract ElementType Type { get; }

    static abstract float Low(int pair);

    static abstract float High(int pair);

    /// <summary>Rounds two numbers to nearest, ties to even.</summary>
    static abstract int Pair(float low, float high);
}

/// <summary>bfloat16: the upper half of a binary32.</summary>
internal struct BFloat16Format : IFloat16Format
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

/// <summary>IEEE 754 binary16. Numbers beyond the largest finite one, 65,504, are clamped to it.</summary>
/// <remarks>
/// Converts bit by bit: ILGPU rejects its half type on OpenCL devices without f16, and passes results of CUDA instructions through local memory.
/// </remarks>
internal struct Float16Format : IFloat16Format
{
    private const float Max = 65504f;

    public static ElementType Type => ElementType.F16;

    public static float Low(int pair) => Widen(pair & 0xFFFF);

    public static float High(int pair) => Widen((int)((uint)pair >> 16));

    public static int Pair(float low, float high) => Round(high) << 16 | Round(low);

    private static float Widen(int bits)
    {
        // Subnormal numbers, below 2^-14, are multiples of 2^-24, the spacing of floats from 2^-14 on.
        int size = (bits & 0x7FFF) << 13, exponent = bits & 0x7C00;
        float number = exponent == 0
            ? Interop.IntAsFloat((uint)(size + (113 << 23))) - 6.1035156e-5f
            : Interop.IntAsFloat((uint)(size + ((exponent == 0x7C00 ? 224 : 112) << 23)));
        return Interop.IntAsFloat(Interop.FloatAsInt(number) | (uint)(bits & 0x8000) << 16);
    }

    private static int Round(float x)
    {
        // Subnormal numbers, below 2^-14, are multiples of 2^-24, the spacing of floats from 0.5 to 1.
        x = x > Max ? Max : x < -Max ? -Max : x;
        int bits = (int)Interop.FloatAsInt(x), size = bits & 0x7FFFFFFF, sign = (int)((uint)bits >> 16) & 0x8000;
        int normal = (size + 0xFFF + (size >> 13 & 1) - (112 << 23)) >> 13;
        int subnormal = (int)Interop.FloatAsInt(Interop.IntAsFloat((uint)size) + 0.5f) - 0x3F000000;
        return sign | (size > 0x7F800000 ? 0x7E00 : size < 0x38800000 ? subnormal : normal);
    }
}
