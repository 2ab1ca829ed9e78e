using System.Runtime.CompilerServices;

namespace Data2Vec.Kernels.Cpu;

/// <summary>Elementary functions on vectors, accurate to a few units in the last place of a float.</summary>
internal static class VectorMath
{
    /// <summary>Arguments are clamped to this: below it, <c>exp</c> leaves the normal floats.</summary>
    private const float LowestExponent = -87f;

    /// <summary>
    /// <c>exp(x)</c> for <c>x &lt;= 0</c>: <c>x = n ln 2 + r</c>, then a minimax polynomial of degree 6 in <c>r</c>
    /// (relative error 2e-9 before rounding).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp<S, V>(V x)
        where S : struct, ISimd<V>
        where V : unmanaged
    {
        x = S.Max(S.Create(LowestExponent), x);
        V n = S.Round(S.Multiply(x, S.Create(1.44269504f)));
        V r = S.MultiplyAdd(n, S.Create(-0.693145752f), x);
        r = S.MultiplyAdd(n, S.Create(-1.42860677e-6f), r);
        V p = S.Create(0.001383684459f);
        p = S.MultiplyAdd(p, r, S.Create(0.008374815807f));
        p = S.MultiplyAdd(p, r, S.Create(0.04166822508f));
        p = S.MultiplyAdd(p, r, S.Create(0.166664198f));
        p = S.MultiplyAdd(p, r, S.Create(0.4999999106f));
        p = S.MultiplyAdd(p, r, S.Create(1f));
        p = S.MultiplyAdd(p, r, S.Create(1f));
        return S.Multiply(p, S.PowerOfTwo(n));
    }

    /// <summary>The exact GELU <c>x Φ(x)</c>. In floats the error is below 2.5e-7 of <c>x</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Gelu<S, V>(V x)
        where S : struct, ISimd<V>
        where V : unmanaged => S.Multiply(x, NormalCumulative<S, V>(x));

    /// <summary>The derivative of the exact GELU: <c>Φ(x) + x φ(x)</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V GeluDerivative<S, V>(V x)
        where S : struct, ISimd<V>
        where V : unmanaged
    {
        // Beyond the limits the density is less than the smallest float.
        V z = S.Min(S.Create(16f), S.Max(S.Create(-16f), x));
        V density = S.Multiply(S.Create(0.3989422804f), Exp<S, V>(S.Multiply(S.Multiply(z, z), S.Create(-0.5f))));
        return S.MultiplyAdd(z, density, NormalCumulative<S, V>(x));
    }

    /// <summary>
    /// <c>Φ(x) = 1/2 + x P(x²) / Q(x²)</c> on <c>|x| &lt;= 5.5</c>, fitted to an error of 2e-8. Beyond that, it is within 2e-8 of 0 or 1.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V NormalCumulative<S, V>(V x)
        where S : struct, ISimd<V>
        where V : unmanaged
    {
        V z = S.Min(S.Create(5.5f), S.Max(S.Create(-5.5f), x));
        V t = S.Multiply(z, z);
        V p = S.Create(2.2215736805719644e-08f);
        p = S.MultiplyAdd(p, t, S.Create(6.530741302412935e-06f));
        p = S.MultiplyAdd(p, t, S.Create(0.00018286002159584314f));
        p = S.MultiplyAdd(p, t, S.Create(0.004761628806591034f));
        p = S.MultiplyAdd(p, t, S.Create(0.03514252230525017f));
        p = S.MultiplyAdd(p, t, S.Create(0.3989419937133789f));
        V q = S.Create(1.1953922012253315e-06f);
        q = S.MultiplyAdd(q, t, S.Create(7.861078483983874e-05f));
        q = S.MultiplyAdd(q, t, S.Create(0.001962445443496108f));
        q = S.MultiplyAdd(q, t, S.Create(0.029398806393146515f));
        q = S.MultiplyAdd(q, t, S.Create(0.2547528147697449f));
        q = S.MultiplyAdd(q, t, S.Create(1f));
        V phi = S.MultiplyAdd(z, S.Divide(p, q), S.Create(0.5f));
        return S.Max(S.Create(0f), phi);
    }
}
