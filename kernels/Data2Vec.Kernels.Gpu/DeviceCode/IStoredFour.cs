namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>Four neighbouring numbers in the format that they are stored in: <see cref="Four"/> those of f32.</summary>
internal interface IStoredFour
{
    static abstract ElementType Type { get; }

    /// <summary>Of one number.</summary>
    static abstract int Bytes { get; }

    /// <summary>The numbers that they stand for, but for a row's scale.</summary>
    Four Widen();
}

/// <summary>Whole numbers that a row's scale multiplies.</summary>
internal struct ByteFour : IStoredFour
{
    public sbyte X;
    public sbyte Y;
    public sbyte Z;
    public sbyte W;

    public static ElementType Type => ElementType.I8;

    public static int Bytes => 1;

    public readonly Four Widen() => new(X, Y, Z, W);
}
