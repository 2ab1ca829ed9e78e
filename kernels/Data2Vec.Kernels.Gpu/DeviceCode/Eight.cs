using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>Eight neighbouring numbers; where all are there in 16 bits each, 16 bytes that are loaded and stored at once.</summary>
internal struct Eight(Four a, Four b)
{
    /// <summary>
    /// <c>x Φ(x) = x/2 + x/2 tanh(x P(x²))</c> within 2.5e-5, and what <c>tanh.approx</c> is off, less than 2^-11 of it, hence 2^-12 of <c>x</c>: where the result is not near zero, bf16 has fewer bits. All is
    /// that of <c>x²</c> up to 40, beyond which the hyperbolic tangent is 1.
    /// </summary>
    private const string Gelu =
        "mul.f32 t, y, y; min.f32 t, t, 0f42200000; fma.rn.f32 p, t, 0fB9B84BF3, 0f3D17933E; fma.rn.f32 p, p, t, 0f3F4C297A; mul.f32 p, p, y; "
        + "tanh.approx.f32 p, p; mul.f32 t, y, 0f3F000000; fma.rn.f32 y, t, p, t; ";

    private const string Begin = "{ .reg .f32 y, t, p; .reg .b16 l, h; .reg .b32 e<4>; ";
    private const string Low = "cvt.rn.bf16.f32 l, y; ";
    private const string High = "cvt.rn.bf16.f32 h, y; ";
    private const string StoreAll = "st.global.v4.b32 [%0], {e0, e1, e2, e3}; }";

    public Four A = a;
    public Four B = b;

    public static Eight operator +(Eight x, Eight y) => new(x.A + y.A, x.B + y.B);

    public static Eight operator *(Eight x, Eight y) => new(x.A * y.A, x.B * y.B);

    /// <summary>Eight numbers of 16 bits, at a multiple of eight.</summary>
    public static Eight LoadWhole<TShort>(ArrayView<float> source, int index)
        where TShort : struct, IShort
    {
        Four stored = source.Cast<Four>()[index / 8];
        return new Eight(ShortFour<TShort>.Widen(stored.X, stored.Y), ShortFour<TShort>.Widen(stored.Z, stored.W));
    }

    /// <summary>Applies an activation and stores all eight in 16 bits each; the instructions are those of bf16, see <see cref="CudaAssembly"/>.</summary>
    /// <param name="destination">Where they go.</param>
    /// <param name="address">Its address, on devices of CUDA.</param>
    /// <param name="index">The first, a multiple of eight.</param>
    /// <param name="activation">Which <see cref="Activation"/>.</param>
    /// <param name="values">The numbers.</param>
    public static void StoreWhole<TShort>(ArrayView<float> destination, long address, int index, int activation, Eight values)
        where TShort : struct, IShort
    {
        Four a = values.A, b = values.B;
        if (!CudaAsm.IsSupported)
        {
            destination.Cast<ShortFour<TShort>>()[index / 4] = ShortFour<TShort>.Round(Four.Activate(a, activation));
            destination.Cast<ShortFour<TShort>>()[index / 4 + 1] = ShortFour<TShort>.Round(Four.Activate(b, activation));
        }
        else if (activation == (int)Activation.Gelu && TShort.Type == ElementType.BF16)
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
            if (TShort.Type == ElementType.F16)
            {
                a = Four.Activate(a, activation);
                b = Four.Activate(b, activation);
            }
            else if (activation == (int)Activation.Relu)
            {
                a = Four.Max(a, default);
                b = Four.Max(b, default);
            }

            CudaAsm.Emit(
                Begin + "cvt.rn.bf16x2.f32 e0, %2, %1; cvt.rn.bf16x2.f32 e1, %4, %3; cvt.rn.bf16x2.f32 e2, %6, %5; cvt.rn.bf16x2.f32 e3, %8, %7; " + StoreAll,
                address + 2L * index, a.X, a.Y, a.Z, a.W, b.X, b.Y, b.Z, b.W);
        }
    }

    public readonly float Sum() => A.Sum() + B.Sum();
}
