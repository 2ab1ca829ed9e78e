using System.Runtime.CompilerServices;

namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// The transforms of Winograd's F(4x4, 3x3) (Lavin and Gray 2016): 6 x 6 products for each channel give 4 x 4 outputs of a 3 x 3 convolution, which
/// takes 144 multiplications otherwise.
/// </summary>
/// <remarks>
/// The points of interpolation are 0, ±3/4, ±3/2 and infinity. All coefficients are exact in f32, and the error of a layer is less than half that of the
/// usual points 0, ±1, ±2.
/// </remarks>
internal static class WinogradTransform
{
    /// <summary>Outputs along a side of a tile.</summary>
    public const int Outputs = 4;

    /// <summary>Inputs along a side of a tile.</summary>
    public const int Inputs = 6;

    /// <summary>The products of a tile.</summary>
    public const int Positions = Inputs * Inputs;

    /// <summary>The weights along a side of the kernel.</summary>
    public const int Kernel = 3;

    /// <summary>The positive points.</summary>
    public const float A = 0.75f, B = 1.5f;

    private const float A2 = A * A, B2 = B * B, A3 = A2 * A, B3 = B2 * B, Product = A2 * B2, Sum = A2 + B2;

    /// <summary>Transforms the inputs along one dimension.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Input<S, V>(V d0, V d1, V d2, V d3, V d4, V d5, float* to, nint stride)
        where S : struct, ISimd<V>
        where V : unmanaged
    {
        S.Store(to, S.MultiplyAdd(S.Create(-Sum), d2, S.MultiplyAdd(S.Create(Product), d0, d4)));
        V even = S.MultiplyAdd(S.Create(-B2), d2, d4), odd = S.MultiplyAdd(S.Create(-B2), d1, d3);
        S.Store(to + stride, S.MultiplyAdd(S.Create(A), odd, even));
        S.Store(to + 2 * stride, S.MultiplyAdd(S.Create(-A), odd, even));
        even = S.MultiplyAdd(S.Create(-A2), d2, d4);
        odd = S.MultiplyAdd(S.Create(-A2), d1, d3);
        S.Store(to + 3 * stride, S.MultiplyAdd(S.Create(B), odd, even));
        S.Store(to + 4 * stride, S.MultiplyAdd(S.Create(-B), odd, even));
        S.Store(to + 5 * stride, S.MultiplyAdd(S.Create(-Sum), d3, S.MultiplyAdd(S.Create(Product), d1, d5)));
    }

    /// <summary>Transforms the products along one dimension to outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output<S, V>(V m0, V m1, V m2, V m3, V m4, V m5, out V y0, out V y1, out V y2, out V y3)
        where S : struct, ISimd<V>
        where V : unmanaged
    {
        V even = S.Add(m1, m2), odd = S.Subtract(m1, m2), even2 = S.Add(m3, m4), odd2 = S.Subtract(m3, m4);
        y0 = S.Add(m0, S.Add(even, even2));
        y1 = S.MultiplyAdd(S.Create(B), odd2, S.Multiply(S.Create(A), odd));
        y2 = S.MultiplyAdd(S.Create(B2), even2, S.Multiply(S.Create(A2), even));
        y3 = S.MultiplyAdd(S.Create(B3), odd2, S.MultiplyAdd(S.Create(A3), odd, m5));
    }
}
