namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>How rows lie in memory: a sum of these flags. Rows in f32 that are not aligned have none.</summary>
internal static class RowLayout
{
    /// <summary>Rows begin and end at multiples of four numbers.</summary>
    public const int Aligned4 = 1;

    /// <summary>Numbers are in bf16, two in the place of a float.</summary>
    public const int BFloat16 = 2;

    /// <summary>Rows of a 16-bit format begin and end at multiples of eight numbers.</summary>
    public const int Aligned8 = 4;

    /// <summary>Numbers are in f16, two in the place of a float.</summary>
    public const int Float16 = 8;

    /// <summary>The flag of a number format.</summary>
    public static int Format(ElementType type) => type == ElementType.BF16 ? BFloat16 : type == ElementType.F16 ? Float16 : 0;
}

/// <summary>Four adjacent floats, loaded and stored at once if aligned.</summary>
internal struct Float4(float x, float y, float z, float w) : IPacked4
{
    public float X = x;
    public float Y = y;
    public float Z = z;
    public float W = w;

    public static ElementType Type => ElementType.F32;
    public static int Bytes => 4;

    public static Float4 operator +(Float4 a, Float4 b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z, a.W + b.W);

    public static Float4 operator -(Float4 a, float b) => new(a.X - b, a.Y - b, a.Z - b, a.W - b);

    public static Float4 operator *(Float4 a, Float4 b) => new(a.X * b.X, a.Y * b.Y, a.Z * b.Z, a.W * b.W);

    public static Float4 operator *(Float4 a, float b) => new(a.X * b, a.Y * b, a.Z * b, a.W * b);

    public static Float4 All(float value) => new(value, value, value, value);

    /// <summary><c>sum + factor * values</c>.</summary>
    public static Float4 MultiplyAdd(Float4 sum, float factor, Float4 values) => new(
        sum.X + factor * values.X, sum.Y + factor * values.Y, sum.Z + factor * values.Z, sum.W + factor * values.W);

    public static Float4 Max(Float4 a, Float4 b) => new(
        DeviceMath.Max(a.X, b.X), DeviceMath.Max(a.Y, b.Y), DeviceMath.Max(a.Z, b.Z), DeviceMath.Max(a.W, b.W));

    public static Float4 Exp(Float4 x) => new(DeviceMath.Exp(x.X), DeviceMath.Exp(x.Y), DeviceMath.Exp(x.Z), DeviceMath.Exp(x.W));

    public static Float4 Activate(Float4 x, int activation)
    {
        if (activation == (int)Activation.Gelu)
        {
            x = new Float4(DeviceMath.Gelu(x.X), DeviceMath.Gelu(x.Y), DeviceMath.Gelu(x.Z), DeviceMath.Gelu(x.W));
        }
        else if (activation == (int)Activation.Relu)
        {
            x = Max(x, default);
        }

        return x;
    }

    /// <summary>Loads the first <paramref name="count"/> numbers at <paramref name="index"/>; the others are zero.</summary>
    /// <param name="source">The numbers, in f32.</param>
    /// <param name="index">Index of the first number.</param>
    /// <param name="count">Numbers to load; none if not positive.</param>
    /// <param name="aligned">Not zero if the count is not positive or at least four, and the index a multiple of four.</param>
    public static Float4 Load(ArrayView<float> source, int index, int count, int aligned)
    {
        Float4 values = default;
        if (count > 0)
        {
            if (aligned != 0)
            {
                values = source.Cast<Float4>()[index / 4];
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

    /// <summary>Stores the first <paramref name="count"/> numbers in f32.</summary>
    public static void Store(ArrayView<float> destination, int index, int count, int aligned, Float4 values)
    {
        if (count > 0)
        {
            if (aligned != 0)
            {
                destination.Cast<Float4>()[index / 4] = values;
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

    /// <summary>Loads numbers of the format and alignment that a <see cref="RowLayout"/> describes.</summary>
    public static Float4 LoadAs(ArrayView<float> source, int index, int count, int layout)
    {
        if ((layout & (RowLayout.BFloat16 + RowLayout.Float16)) == 0)
        {
            return Load(source, index, count, layout);
        }

        return (layout & RowLayout.BFloat16) != 0
            ? Packed4Float16<BFloat16Format>.Load(source, index, count, layout & RowLayout.Aligned4)
            : Packed4Float16<Float16Format>.Load(source, index, count, layout & RowLayout.Aligned4);
    }

    /// <summary>Stores numbers in the format that a <see cref="RowLayout"/> describes.</summary>
    public static void StoreAs(ArrayView<float> destination, int index, int count, int layout, Float4 values)
    {
        if ((layout & (RowLayout.BFloat16 + RowLayout.Float16)) == 0)
        {
            Store(destination, index, count, layout, values);
        }
        else if ((layout & RowLayout.BFloat16) != 0)
        {
            Packed4Float16<BFloat16Format>.Store(destination, index, count, layout & RowLayout.Aligned4, values);
        }
        else
        {
            Packed4Float16<Float16Format>.Store(destination, index, count, layout & RowLayout.Aligned4, values);
        }
    }

    public readonly Float4 Widen() => this;

    public readonly float Sum() => X + Y + (Z + W);
}

/// <summary>Four rows and four columns of a product, in registers.</summary>
internal struct Float4x4
{
    public Float4 A;
    public Float4 B;
    public Float4 C;
    public Float4 D;

    /// <summary>Adds the outer product of four numbers of a column and four of a row.</summary>
    public static Float4x4 MultiplyAdd(Float4x4 sum, Float4 column, Float4 row)
    {
        sum.A = Float4.MultiplyAdd(sum.A, column.X, row);
        sum.B = Float4.MultiplyAdd(sum.B, column.Y, row);
        sum.C = Float4.MultiplyAdd(sum.C, column.Z, row);
        sum.D = Float4.MultiplyAdd(sum.D, column.W, row);
        return sum;
    }

    /// <summary>Multiplies each row by its factor.</summary>
    public static Float4x4 Scale(Float4x4 block, Float4 factors)
    {
        block.A *= factors.X;
        block.B *= factors.Y;
        block.C *= factors.Z;
        block.D *= factors.W;
        return block;
    }

    public readonly Float4 Row(int row) => row == 0 ? A : row == 1 ? B : row == 2 ? C : D;
}
