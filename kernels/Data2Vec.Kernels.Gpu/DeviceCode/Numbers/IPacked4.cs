namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>Four adjacent numbers as they are stored; <see cref="Float4"/> are those in f32.</summary>
internal interface IPacked4
{
    static abstract ElementType Type { get; }

    /// <summary>Bytes of one number.</summary>
    static abstract int Bytes { get; }

    /// <summary>Converts to floats, without the scale of 8-bit rows.</summary>
    Float4 Widen();
}

/// <summary>Four 8-bit integers, to be multiplied by the scale of their row.</summary>
internal struct Packed4Int8 : IPacked4
{
    public sbyte X;
    public sbyte Y;
    public sbyte Z;
    public sbyte W;

    public static ElementType Type => ElementType.I8;
    public static int Bytes => 1;

    public readonly Float4 Widen() => new(X, Y, Z, W);
}

/// <summary>Four adjacent numbers of a 16-bit floating-point format.</summary>
internal struct Packed4Float16<TFormat> : IPacked4
    where TFormat : struct, IFloat16Format
{
    public int Low;
    public int High;

    public static ElementType Type => TFormat.Type;
    public static int Bytes => 2;

    /// <summary>Rounds each number to the nearest.</summary>
    public static Packed4Float16<TFormat> Round(Float4 values) => new()
    {
        Low = TFormat.Pair(values.X, values.Y),
        High = TFormat.Pair(values.Z, values.W),
    };

    /// <summary>Converts the four numbers in the bits of two floats.</summary>
    public static Float4 Widen(float low, float high) =>
        new Packed4Float16<TFormat> { Low = (int)Interop.FloatAsInt(low), High = (int)Interop.FloatAsInt(high) }.Widen();

    /// <summary>Loads as <see cref="Float4.Load"/> does.</summary>
    public static Float4 Load(ArrayView<float> source, int index, int count, int aligned)
    {
        Float4 values = default;
        if (count > 0)
        {
            if (aligned != 0)
            {
                Packed4Float16<TFormat> stored = source.Cast<Packed4Float16<TFormat>>()[index / 4]; // copied first, to load all four at once
                values = stored.Widen();
            }
            else
            {
                ArrayView<int> pairs = source.Cast<int>();
                values.X = Number(pairs, index);
                values.Y = count > 1 ? Number(pairs, index + 1) : 0;
                values.Z = count > 2 ? Number(pairs, index + 2) : 0;
                values.W = count > 3 ? Number(pairs, index + 3) : 0;
            }
        }

        return values;
    }

    /// <summary>Rounds and stores as <see cref="Float4.Store"/> does.</summary>
    public static void Store(ArrayView<float> destination, int index, int count, int aligned, Float4 values)
    {
        Packed4Float16<TFormat> packed = Round(values);
        if (count > 0)
        {
            if (aligned != 0)
            {
                destination.Cast<Packed4Float16<TFormat>>()[index / 4] = packed;
            }
            else
            {
                ArrayView<short> numbers = destination.Cast<short>();
                numbers[index] = (short)packed.Low;
                if (count > 1)
                {
                    numbers[index + 1] = (short)(packed.Low >> 16);
                }

                if (count > 2)
                {
                    numbers[index + 2] = (short)packed.High;
                }

                if (count > 3)
                {
                    numbers[index + 3] = (short)(packed.High >> 16);
                }
            }
        }
    }

    public readonly Float4 Widen() => new(TFormat.Low(Low), TFormat.High(Low), TFormat.Low(High), TFormat.High(High));

    private static float Number(ArrayView<int> pairs, int index) => TFormat.Low(pairs[index / 2] >> (index & 1) * 16);
}
