using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>Four neighbouring numbers of 16 bits.</summary>
internal struct ShortFour<TShort> : IStoredFour
    where TShort : struct, IShort
{
    public int Low;
    public int High;

    public static ElementType Type => TShort.Type;

    public static int Bytes => 2;

    /// <summary>The nearest to each of four numbers.</summary>
    public static ShortFour<TShort> Round(Four values) => new()
    {
        Low = TShort.Pair(values.X, values.Y),
        High = TShort.Pair(values.Z, values.W),
    };

    /// <summary>The four that lie in the bits of two floats.</summary>
    public static Four Widen(float low, float high) => new ShortFour<TShort> { Low = (int)Interop.FloatAsInt(low), High = (int)Interop.FloatAsInt(high) }.Widen();

    public readonly Four Widen() => new(TShort.Low(Low), TShort.High(Low), TShort.Low(High), TShort.High(High));

    /// <summary>One number of many.</summary>
    public static float Number(ArrayView<int> pairs, int index) => TShort.Low(pairs[index / 2] >> (index & 1) * 16);
}
