using System.Runtime.CompilerServices;

namespace Data2Vec.Kernels.Cpu;

/// <summary>Elementary functions on vectors, accurate to a few units in the last place of a float.</summary>
internal static class VectorMath
{
    /// <summary>Below this, <c>exp</c> leaves the normal floats; the functions here stop at it.</summary>
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

    /// <summary>
    /// The exact GELU <c>x Φ(x)</c>. With <c>z = |x|</c> and the tail <c>T = Φ(-z)</c> it is <c>max(x, 0) - z T</c>, and
    /// <c>T = exp(-z²/2) t P(t)</c> with <c>t = 1 / (1 + z/4)</c>, where <c>P</c> was fitted to the scaled tail on
    /// <c>0 &lt;= z &lt; 130</c> with a relative error of 2e-8. So the tail keeps its relative accuracy (5e-7), which
    /// <c>1 + erf</c> would cancel away.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Gelu<S, V>(V x)
        where S : struct, ISimd<V>
        where V : unmanaged
    {
        V z = S.Min(S.Create(16f), S.Abs(x)); // Φ(-16) is less than any float can hold
        V t = S.Divide(S.Create(1f), S.MultiplyAdd(z, S.Create(0.25f), S.Create(1f)));
        V u = S.Subtract(t, S.Create(0.5f));
        V p = S.Create(0.02064686827f);
        p = S.MultiplyAdd(p, u, S.Create(0.008198414929f));
        p = S.MultiplyAdd(p, u, S.Create(-0.05029768124f));
        p = S.MultiplyAdd(p, u, S.Create(-0.05558764935f));
        p = S.MultiplyAdd(p, u, S.Create(0.06014069915f));
        p = S.MultiplyAdd(p, u, S.Create(0.2415774912f));
        p = S.MultiplyAdd(p, u, S.Create(0.3730507791f));
        p = S.MultiplyAdd(p, u, S.Create(0.3871376812f));
        p = S.MultiplyAdd(p, u, S.Create(0.3039482534f));
        p = S.MultiplyAdd(p, u, S.Create(0.188821286f));

        // z² does not fit a float: exp(-z²/2) is corrected by what the rounding of z² left out.
        V square = S.Multiply(z, z);
        V rest = S.MultiplyAdd(z, z, S.Subtract(S.Create(0f), square));
        V e = Exp<S, V>(S.Multiply(square, S.Create(-0.5f)));
        e = S.MultiplyAdd(e, S.Multiply(rest, S.Create(-0.5f)), e);

        V tail = S.Multiply(S.Multiply(p, t), e);
        return S.Subtract(S.Max(S.Create(0f), x), S.Multiply(z, tail));
    }
}
