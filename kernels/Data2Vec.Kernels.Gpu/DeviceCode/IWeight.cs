using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>Four neighbouring weights in the format that they are stored in.</summary>
internal interface IWeight
{
    /// <summary>The numbers that they stand for, but for a row's scale.</summary>
    Four Widen();
}

/// <summary>IEEE 754 binary32.</summary>
internal struct SingleWeight : IWeight
{
    public float X;
    public float Y;
    public float Z;
    public float W;

    public readonly Four Widen() => new(X, Y, Z, W);
}

/// <summary>IEEE 754 binary16; finite numbers alone.</summary>
internal struct HalfWeight : IWeight
{
    public ushort X;
    public ushort Y;
    public ushort Z;
    public ushort W;

    public readonly Four Widen() => new(Widen(X), Widen(Y), Widen(Z), Widen(W));

    /// <summary>Not every OpenCL device has the format: its bits are put together.</summary>
    private static float Widen(int bits)
    {
        int exponent = bits >> 10 & 31, fraction = bits & 1023;
        float size = exponent == 0
            ? fraction * 5.9604645e-8f
            : Interop.IntAsFloat((uint)((exponent + 112) << 23 | fraction << 13));
        return bits > 0x7FFF ? -size : size;
    }
}

/// <summary>bfloat16: the upper half of a binary32.</summary>
internal struct BFloatWeight : IWeight
{
    public ushort X;
    public ushort Y;
    public ushort Z;
    public ushort W;

    public readonly Four Widen() => new(DeviceMath.Widen(X), DeviceMath.Widen(Y), DeviceMath.Widen(Z), DeviceMath.Widen(W));
}

/// <summary>Whole numbers that a row's scale multiplies.</summary>
internal struct ByteWeight : IWeight
{
    public sbyte X;
    public sbyte Y;
    public sbyte Z;
    public sbyte W;

    public readonly Four Widen() => new(X, Y, Z, W);
}
