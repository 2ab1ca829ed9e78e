using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>Eight adjacent numbers; in 16 bits they are 16 bytes, loaded and stored at once.</summary>
internal struct Float8(Float4 a, Float4 b)
{
    /// <summary>
    /// <c>x Φ(x) = x/2 + x/2 tanh(x P(x²))</c> within 2.5e-5, plus the error of <c>tanh.approx</c>: less than 2^-11 of the tangent, hence 2^-12 of <c>x</c>.
    /// Except near zero, bf16 is less precise than that. <c>x²</c> is clamped to 40, beyond which the tangent is 1.
    /// </summary>
    private const string Gelu =
        "mul.f32 t, y, y; min.f32 t, t, 0f42200000; fma.rn.f32 p, t, 0fB9B84BF3, 0f3D17933E; fma.rn.f32 p, p, t, 0f3F4C297A; mul.f32 p, p, y; "
        + "tanh.approx.f32 p, p; mul.f32 t, y, 0f3F000000; fma.rn.f32 y, t, p, t; ";

    private const string Begin = "{ .reg .f32 y, t, p; .reg .b16 l, h; .reg .b32 e<4>; ";
    private const string Low = "cvt.rn.bf16.f32 l, y; ";
    private const string High = "cvt.rn.bf16.f32 h, y; ";
    private const string StoreAll = "st.global.v4.b32 [%0], {e0, e1, e2, e3}; }";

    public Float4 A = a;
    public Float4 B = b;

    public static Float8 operator +(Float8 x, Float8 y) => new(x.A + y.A, x.B + y.B);

    public static Float8 operator *(Float8 x, Float8 y) => new(x.A * y.A, x.B * y.B);

    /// <summary>Loads eight numbers of a 16-bit format, at a multiple of eight.</summary>
    public static Float8 LoadPacked<TFormat>(ArrayView<float> source, int index)
        where TFormat : struct, IFloat16Format
    {
        Float4 stored = source.Cast<Float4>()[index / 8];
        return new Float8(Packed4Float16<TFormat>.Widen(stored.X, stored.Y), Packed4Float16<TFormat>.Widen(stored.Z, stored.W));
    }

    /// <summary>Applies an activation and stores in a 16-bit format. The instructions are those of bf16, see <see cref="CudaAssembly"/>.</summary>
    /// <param name="destination">Memory to store to.</param>
    /// <param name="address">Address of <paramref name="destination"/>, on CUDA devices.</param>
    /// <param name="index">Index of the first number, a multiple of eight.</param>
    /// <param name="activation">An <see cref="Activation"/>.</param>
    /// <param name="values">The numbers.</param>
    public static void StorePacked<TFormat>(ArrayView<float> destination, long address, int index, int activation, Float8 values)
        where TFormat : struct, IFloat16Format
    {
        Float4 a = values.A, b = values.B;
        if (!CudaAsm.IsSupported)
        {
            destination.Cast<Packed4Float16<TFormat>>()[index / 4] = Packed4Float16<TFormat>.Round(Float4.Activate(a, activation));
            destination.Cast<Packed4Float16<TFormat>>()[index / 4 + 1] = Packed4Float16<TFormat>.Round(Float4.Activate(b, activation));
        }
        else if (activation == (int)Activation.Gelu && TFormat.Type == ElementType.BF16)
        {
            CudaAsm.Emit(
                Begin + "mov.f32 y, %1; " + Gelu + Low + "mov.f32 y, %2; " + Gelu + High + "mov.b32 e0, {l, h}; "
                + "mov.f32 y, %3; " + Gelu + Low + "mov.f32 y, %4; " + Gelu + High + "mov.b32 e1, {l, h}; "
                + "mov.f32 y, %5; " + Gelu + Low + "mov.f32 y, %6; " + Gelu + High + "mov.b32 e2, {l, h}; "
                + "mov.f32 y, %7; " + Gelu + Low + "mov.f32 y, %8; " + Gelu + High + "mov.b32 e3, {l, h}; " + StoreAll,
                address + 2L * index, a.X, a.Y, a.Z, a.W, b.X, b.Y, b.Z, b.W);
        }
        else
        {
            if (TFormat.Type == ElementType.F16)
            {
                a = Float4.Activate(a, activation);
                b = Float4.Activate(b, activation);
            }
            else if (activation == (int)Activation.Relu)
            {
                a = Float4.Max(a, default);
                b = Float4.Max(b, default);
            }

            CudaAsm.Emit(
                Begin + "cvt.rn.bf16x2.f32 e0, %2, %1; cvt.rn.bf16x2.f32 e1, %4, %3; cvt.rn.bf16x2.f32 e2, %6, %5; cvt.rn.bf16x2.f32 e3, %8, %7; " + StoreAll,
                address + 2L * index, a.X, a.Y, a.Z, a.W, b.X, b.Y, b.Z, b.W);
        }
    }

    public readonly float Sum() => A.Sum() + B.Sum();
}
