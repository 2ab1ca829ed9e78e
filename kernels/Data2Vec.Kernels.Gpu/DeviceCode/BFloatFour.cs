using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>Four neighbouring numbers in bf16, two in each of these, the first in the lower half.</summary>
internal struct BFloatFour
{
    public int Low;
    public int High;

    /// <summary>The nearest to each of four numbers.</summary>
    public static BFloatFour Round(Four values) => new()
    {
        Low = DeviceMath.BFloats(values.X, values.Y),
        High = DeviceMath.BFloats(values.Z, values.W),
    };

    /// <summary>The four that lie in the bits of two floats.</summary>
    public static Four Widen(float low, float high) => new BFloatFour { Low = (int)Interop.FloatAsInt(low), High = (int)Interop.FloatAsInt(high) }.Widen();

    public readonly Four Widen() => new(Upper(Low << 16), Upper(Low), Upper(High << 16), Upper(High));

    /// <summary>One number of many, two in each of these.</summary>
    public static float Number(ArrayView<int> pairs, int index) => DeviceMath.Widen(pairs[index / 2] >> (index & 1) * 16);

    private static float Upper(int bits) => Interop.IntAsFloat((uint)bits & 0xFFFF0000);
}
