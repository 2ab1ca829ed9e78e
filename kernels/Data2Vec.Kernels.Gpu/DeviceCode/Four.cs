using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>Four neighbouring numbers, loaded and stored at once where they are aligned.</summary>
internal struct Four(float x, float y, float z, float w)
{
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

    public readonly float Sum() => X + Y + (Z + W);
}
