using System.Runtime.CompilerServices;

namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// The matrix tile in C#, for x64 without AVX2 and where the system refuses executable memory. It computes four rows by two vectors at a time,
/// which suits the 16 registers of SSE.
/// </summary>
internal static unsafe class PortableTile<S, V>
    where S : struct, ISimd<V>
    where V : unmanaged
{
    private const int Rows = 4;

    public static void Run(in TileArguments arguments, int rows, bool two, float* left, float* output)
    {
        for (; rows > 0; rows -= Rows, left += Rows * arguments.RowStride, output += Rows * arguments.OutputStride)
        {
            RunFour(arguments, rows, two ? S.Width : 0, left, output);
        }
    }

    /// <summary>
    /// Computes up to four rows. Missing rows and a missing second vector repeat the first ones and are not stored: that costs nothing,
    /// as fewer sums would have to wait for each other.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunFour(in TileArguments t, int rows, int second, float* left, float* output)
    {
        nint row1 = rows > 1 ? t.RowStride : 0, row2 = rows > 2 ? 2 * t.RowStride : 0, row3 = rows > 3 ? 3 * t.RowStride : 0;
        V s00 = S.Create(0f), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
        float* right = t.Panel;
        nint panelStride = t.PanelStride, depth = t.Depth;
        for (nint tap = t.Taps; tap > 0; tap--, left += t.TapStride)
        {
            float* a = left;
            for (nint k = depth; k > 0; k--, a++, right += panelStride)
            {
                V b0 = S.Load(right), b1 = S.Load(right + second);
                S.Prefetch((byte*)right + MatrixTiles.PrefetchBytes);
                V x = S.Create(*a);
                s00 = S.MultiplyAdd(x, b0, s00);
                s01 = S.MultiplyAdd(x, b1, s01);
                x = S.Create(a[row1]);
                s10 = S.MultiplyAdd(x, b0, s10);
                s11 = S.MultiplyAdd(x, b1, s11);
                x = S.Create(a[row2]);
                s20 = S.MultiplyAdd(x, b0, s20);
                s21 = S.MultiplyAdd(x, b1, s21);
                x = S.Create(a[row3]);
                s30 = S.MultiplyAdd(x, b0, s30);
                s31 = S.MultiplyAdd(x, b1, s31);
            }
        }

        bool add = t.Accumulate != 0;
        Store(output, second, s00, s01, add);
        if (rows > 1)
        {
            Store(output + t.OutputStride, second, s10, s11, add);
        }

        if (rows > 2)
        {
            Store(output + 2 * t.OutputStride, second, s20, s21, add);
        }

        if (rows > 3)
        {
            Store(output + 3 * t.OutputStride, second, s30, s31, add);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* output, int second, V first, V other, bool add)
    {
        if (add)
        {
            (first, other) = (S.Add(first, S.Load(output)), S.Add(other, S.Load(output + second)));
        }

        S.Store(output, first);
        S.Store(output + second, second == 0 ? first : other);
    }
}
