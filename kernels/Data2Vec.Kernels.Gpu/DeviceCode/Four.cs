using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>Four neighbouring numbers, loaded and stored at once where they are aligned.</summary>
internal struct Four(float x, float y, float z, float w) : IStoredFour
{
    /// <summary>Of how numbers lie in memory: all fours are whole, and at multiples of four.</summary>
    public const int Aligned = 1;

    /// <summary>Of how numbers lie in memory: they are in bf16, two in the place of a float.</summary>
    public const int BFloat = 2;

    /// <summary>Of how numbers of 16 bits lie in memory: all eights are whole, and at multiples of eight.</summary>
    public const int Eights = 4;

    /// <summary>Of how numbers lie in memory: they are in f16, two in the place of a float.</summary>
    public const int HalfFloat = 8;

    public float X = x;
    public float Y = y;
    public float Z = z;
    public float W = w;

    public static ElementType Type => ElementType.F32;

    public static int Bytes => 4;

    public static Four operator +(Four a, Four b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z, a.W + b.W);

    public static Four operator -(Four a, float b) => new(a.X - b, a.Y - b, a.Z - b, a.W - b);

    public static Four operator *(Four a, Four b) => new(a.X * b.X, a.Y * b.Y, a.Z * b.Z, a.W * b.W);

    public static Four operator *(Four a, float b) => new(a.X * b, a.Y * b, a.Z * b, a.W * b);

    /// <summary><see cref="BFloat"/>, <see cref="HalfFloat"/>, or 0 of a type of numbers.</summary>
    public static int Format(ElementType type) => type == ElementType.BF16 ? BFloat : type == ElementType.F16 ? HalfFloat : 0;

    public static Four All(float value) => new(value, value, value, value);

    /// <summary><c>sum + factor * values</c>.</summary>
    public static Four MultiplyAdd(Four sum, float factor, Four values) => new(
        sum.X + factor * values.X, sum.Y + factor * values.Y, sum.Z + factor * values.Z, sum.W + factor * values.W);

    public static Four Max(Four a, Four b) => new(
        DeviceMath.Max(a.X, b.X), DeviceMath.Max(a.Y, b.Y), DeviceMath.Max(a.Z, b.Z), DeviceMath.Max(a.W, b.W));

    public static Four Exp(Four x) => new(DeviceMath.Exp(x.X), DeviceMath.Exp(x.Y), DeviceMath.Exp(x.Z), DeviceMath.Exp(x.W));

    public static Four Activate(Four x, int activation)
    {
        if (activation == (int)Activation.Gelu)
        {
            x = new Four(DeviceMath.Gelu(x.X), DeviceMath.Gelu(x.Y), DeviceMath.Gelu(x.Z), DeviceMath.Gelu(x.W));
        }
        else if (activation == (int)Activation.Relu)
        {
            x = Max(x, default);
        }

        return x;
    }

    /// <summary>The numbers at <paramref name="index"/>, zeros for those past the first <paramref name="count"/>.</summary>
    /// <param name="source">Where they are.</param>
    /// <param name="index">The first.</param>
    /// <param name="count">How many there are; 0 or less for none.</param>
    /// <param name="aligned">1 where all four are there or none, at a multiple of four; else 0.</param>
    public static Four Load(ArrayView<float> source, int index, int count, int aligned)
    {
        Four values = default;
        if (count > 0)
        {
            if (aligned != 0)
            {
                values = source.Cast<Four>()[index / 4];
            }
            else
            {
                values.X = source[index];
                values.Y = count > 1 ? source[index + 1] : 0;
                values.Z = count > 2 ? source[index + 2] : 0;
                values.W = count > 3 ? source[index + 3] : 0;
            }
        }

        return values;
    }

    /// <summary>Stores the first <paramref name="count"/>.</summary>
    public static void Store(ArrayView<float> destination, int index, int count, int aligned, Four values)
    {
        if (count > 0)
        {
            if (aligned != 0)
            {
                destination.Cast<Four>()[index / 4] = values;
            }
            else
            {
                destination[index] = values.X;
                if (count > 1)
                {
                    destination[index + 1] = values.Y;
                }

                if (count > 2)
                {
                    destination[index + 2] = values.Z;
                }

                if (count > 3)
                {
                    destination[index + 3] = values.W;
                }
            }
        }
    }

    /// <summary>The same of numbers in f32, bf16 or f16.</summary>
    /// <param name="source">Where they are.</param>
    /// <param name="index">The first.</param>
    /// <param name="count">How many there are; 0 or less for none.</param>
    /// <param name="layout"><see cref="Aligned"/>, <see cref="BFloat"/> or <see cref="HalfFloat"/>, sums of these, or 0.</param>
    public static Four LoadAs(ArrayView<float> source, int index, int count, int layout)
    {
        if ((layout & (BFloat + HalfFloat)) == 0)
        {
            return Load(source, index, count, layout);
        }

        return (layout & BFloat) != 0
            ? LoadShorts<BFloat>(source, index, count, layout & Aligned)
            : LoadShorts<HalfFloat>(source, index, count, layout & Aligned);
    }

    /// <summary>Stores the first <paramref name="count"/> in f32, bf16 or f16.</summary>
    public static void StoreAs(ArrayView<float> destination, int index, int count, int layout, Four values)
    {
        if ((layout & (BFloat + HalfFloat)) == 0)
        {
            Store(destination, index, count, layout, values);
        }
        else if ((layout & BFloat) != 0)
        {
            StoreShorts(destination, index, count, layout & Aligned, ShortFour<BFloat>.Round(values));
        }
        else
        {
            StoreShorts(destination, index, count, layout & Aligned, ShortFour<HalfFloat>.Round(values));
        }
    }

    public readonly Four Widen() => this;

    public readonly float Sum() => X + Y + (Z + W);

    private static Four LoadShorts<TShort>(ArrayView<float> source, int index, int count, int aligned)
        where TShort : struct, IShort
    {
        Four values = default;
        if (count > 0)
        {
            if (aligned != 0)
            {
                ShortFour<TShort> stored = source.Cast<ShortFour<TShort>>()[index / 4]; // copied first, so that the four are loaded at once
                values = stored.Widen();
            }
            else
            {
                ArrayView<int> pairs = source.Cast<int>();
                values.X = ShortFour<TShort>.Number(pairs, index);
                values.Y = count > 1 ? ShortFour<TShort>.Number(pairs, index + 1) : 0;
                values.Z = count > 2 ? ShortFour<TShort>.Number(pairs, index + 2) : 0;
                values.W = count > 3 ? ShortFour<TShort>.Number(pairs, index + 3) : 0;
            }
        }

        return values;
    }

    private static void StoreShorts<TShort>(ArrayView<float> destination, int index, int count, int aligned, ShortFour<TShort> values)
        where TShort : struct, IShort
    {
        if (count > 0)
        {
            if (aligned != 0)
            {
                destination.Cast<ShortFour<TShort>>()[index / 4] = values;
            }
            else
            {
                ArrayView<short> numbers = destination.Cast<short>();
                numbers[index] = (short)values.Low;
                if (count > 1)
                {
                    numbers[index + 1] = (short)(values.Low >> 16);
                }

                if (count > 2)
                {
                    numbers[index + 2] = (short)values.High;
                }

                if (count > 3)
                {
                    numbers[index + 3] = (short)(values.High >> 16);
                }
            }
        }
    }
}
