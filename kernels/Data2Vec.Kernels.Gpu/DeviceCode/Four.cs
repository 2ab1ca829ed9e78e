using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>Four neighbouring numbers, loaded and stored at once where they are aligned.</summary>
internal struct Four(float x, float y, float z, float w)
{
    /// <summary>Of how numbers lie in memory: all fours are whole, and at multiples of four.</summary>
    public const int Aligned = 1;

    /// <summary>Of how numbers lie in memory: they are in bf16, two in the place of a float.</summary>
    public const int BFloat = 2;

    public float X = x;
    public float Y = y;
    public float Z = z;
    public float W = w;

    public static Four operator +(Four a, Four b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z, a.W + b.W);

    public static Four operator -(Four a, float b) => new(a.X - b, a.Y - b, a.Z - b, a.W - b);

    public static Four operator *(Four a, Four b) => new(a.X * b.X, a.Y * b.Y, a.Z * b.Z, a.W * b.W);

    public static Four operator *(Four a, float b) => new(a.X * b, a.Y * b, a.Z * b, a.W * b);

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

    /// <summary>The same of numbers in f32 or bf16.</summary>
    /// <param name="source">Where they are.</param>
    /// <param name="index">The first.</param>
    /// <param name="count">How many there are; 0 or less for none.</param>
    /// <param name="layout"><see cref="Aligned"/>, <see cref="BFloat"/>, the sum of both, or 0.</param>
    public static Four LoadAs(ArrayView<float> source, int index, int count, int layout)
    {
        if ((layout & BFloat) == 0)
        {
            return Load(source, index, count, layout);
        }

        Four values = default;
        if (count > 0)
        {
            if ((layout & Aligned) != 0)
            {
                BFloatFour stored = source.Cast<BFloatFour>()[index / 4];
                values = stored.Widen();
            }
            else
            {
                ArrayView<int> pairs = source.Cast<int>();
                values.X = BFloatFour.Number(pairs, index);
                values.Y = count > 1 ? BFloatFour.Number(pairs, index + 1) : 0;
                values.Z = count > 2 ? BFloatFour.Number(pairs, index + 2) : 0;
                values.W = count > 3 ? BFloatFour.Number(pairs, index + 3) : 0;
            }
        }

        return values;
    }

    /// <summary>Stores the first <paramref name="count"/> in f32 or bf16.</summary>
    public static void StoreAs(ArrayView<float> destination, int index, int count, int layout, Four values)
    {
        if ((layout & BFloat) == 0)
        {
            Store(destination, index, count, layout, values);
        }
        else if (count > 0)
        {
            if ((layout & Aligned) != 0)
            {
                destination.Cast<BFloatFour>()[index / 4] = BFloatFour.Round(values);
            }
            else
            {
                ArrayView<short> numbers = destination.Cast<short>();
                numbers[index] = (short)DeviceMath.BFloat(values.X);
                if (count > 1)
                {
                    numbers[index + 1] = (short)DeviceMath.BFloat(values.Y);
                }

                if (count > 2)
                {
                    numbers[index + 2] = (short)DeviceMath.BFloat(values.Z);
                }

                if (count > 3)
                {
                    numbers[index + 3] = (short)DeviceMath.BFloat(values.W);
                }
            }
        }
    }

    public readonly float Sum() => X + Y + (Z + W);
}
