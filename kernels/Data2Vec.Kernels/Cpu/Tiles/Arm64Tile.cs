using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// The matrix tile of Arm64, whose 32 registers of four floats hold the sums of eight rows by two vectors, eight vectors of the left side and two of the
/// right side. A multiply-add takes one factor from a lane, so each row is loaded once for four steps along the depth.
/// </summary>
internal static unsafe class Arm64Tile
{
    /// <summary>The most rows of a tile.</summary>
    public const int Rows = 8;

    private const int Lanes = 4;

    /// <summary>An even number of rows that code is compiled for.</summary>
    private interface IHeight
    {
        static abstract int Rows { get; }
    }

    public static void Run(in TileArguments arguments, int rows, bool two, float* left, float* output)
    {
        int second = two ? Lanes : 0;
        if (rows > 6)
        {
            Run<Eight>(arguments, rows, second, left, output);
        }
        else if (rows > 4)
        {
            Run<Six>(arguments, rows, second, left, output);
        }
        else if (rows > 2)
        {
            Run<Four>(arguments, rows, second, left, output);
        }
        else
        {
            Run<Two>(arguments, rows, second, left, output);
        }
    }

    /// <summary>
    /// Computes as many rows as the height, or one less. Instead of the missing row it repeats the one before, and instead of a missing second vector the
    /// first one.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<H>(in TileArguments t, int rows, int second, float* left, float* output)
        where H : struct, IHeight
    {
        // Distances in bytes can be part of the address of a load.
        nint row = t.RowStride * sizeof(float), row1 = rows > 1 ? row : 0, row2 = 2 * row, row3 = rows > 3 ? 3 * row : row2;
        nint row4 = 4 * row, row5 = rows > 5 ? 5 * row : row4, row6 = 6 * row, row7 = rows > 7 ? 7 * row : row6;
        nint next = t.OutputStride;

        // Vectors in a struct would not all be kept in registers.
        Vector128<float> s00 = default, s10 = default, s20 = default, s30 = default, s40 = default, s50 = default, s60 = default, s70 = default;
        Vector128<float> s01 = default, s11 = default, s21 = default, s31 = default, s41 = default, s51 = default, s61 = default, s71 = default;
        byte* right = (byte*)t.Panel;
        nint secondBytes = second * sizeof(float), panelBytes = t.PanelStride * sizeof(float), depth = t.Depth, tapStride = t.TapStride;
        for (nint tap = t.Taps; tap > 0; tap--, left += tapStride)
        {
            byte* a = (byte*)left;
            nint k = depth;
            for (; k >= Lanes; k -= Lanes, a += Lanes * sizeof(float))
            {
                Vector128<float> x0 = Vector(a), x1 = Vector(a + row1), x2 = default, x3 = default, x4 = default, x5 = default, x6 = default, x7 = default;
                if (H.Rows > 2)
                {
                    (x2, x3) = (Vector(a + row2), Vector(a + row3));
                }

                if (H.Rows > 4)
                {
                    (x4, x5) = (Vector(a + row4), Vector(a + row5));
                }

                if (H.Rows > 6)
                {
                    (x6, x7) = (Vector(a + row6), Vector(a + row7));
                }

                Add<H>(
                    ref s00, ref s01, ref s10, ref s11, ref s20, ref s21, ref s30, ref s31, ref s40, ref s41, ref s50, ref s51, ref s60, ref s61, ref s70, ref s71,
                    ref right, secondBytes, panelBytes, x0, x1, x2, x3, x4, x5, x6, x7, 0);
                Add<H>(
                    ref s00, ref s01, ref s10, ref s11, ref s20, ref s21, ref s30, ref s31, ref s40, ref s41, ref s50, ref s51, ref s60, ref s61, ref s70, ref s71,
                    ref right, secondBytes, panelBytes, x0, x1, x2, x3, x4, x5, x6, x7, 1);
                Add<H>(
                    ref s00, ref s01, ref s10, ref s11, ref s20, ref s21, ref s30, ref s31, ref s40, ref s41, ref s50, ref s51, ref s60, ref s61, ref s70, ref s71,
                    ref right, secondBytes, panelBytes, x0, x1, x2, x3, x4, x5, x6, x7, 2);
                Add<H>(
                    ref s00, ref s01, ref s10, ref s11, ref s20, ref s21, ref s30, ref s31, ref s40, ref s41, ref s50, ref s51, ref s60, ref s61, ref s70, ref s71,
                    ref right, secondBytes, panelBytes, x0, x1, x2, x3, x4, x5, x6, x7, 3);
            }

            for (; k > 0; k--, a += sizeof(float))
            {
                Vector128<float> x0 = Scalar(a), x1 = Scalar(a + row1), x2 = default, x3 = default, x4 = default, x5 = default, x6 = default, x7 = default;
                if (H.Rows > 2)
                {
                    (x2, x3) = (Scalar(a + row2), Scalar(a + row3));
                }

                if (H.Rows > 4)
                {
                    (x4, x5) = (Scalar(a + row4), Scalar(a + row5));
                }

                if (H.Rows > 6)
                {
                    (x6, x7) = (Scalar(a + row6), Scalar(a + row7));
                }

                Add<H>(
                    ref s00, ref s01, ref s10, ref s11, ref s20, ref s21, ref s30, ref s31, ref s40, ref s41, ref s50, ref s51, ref s60, ref s61, ref s70, ref s71,
                    ref right, secondBytes, panelBytes, x0, x1, x2, x3, x4, x5, x6, x7, 0);
            }
        }

        bool add = t.Accumulate != 0;
        Store(output, second, s00, s01, add);
        if (rows > 1)
        {
            Store(output + next, second, s10, s11, add);
        }

        if (H.Rows > 2)
        {
            Store(output + 2 * next, second, s20, s21, add);
            if (rows > 3)
            {
                Store(output + 3 * next, second, s30, s31, add);
            }
        }

        if (H.Rows > 4)
        {
            Store(output + 4 * next, second, s40, s41, add);
            if (rows > 5)
            {
                Store(output + 5 * next, second, s50, s51, add);
            }
        }

        if (H.Rows > 6)
        {
            Store(output + 6 * next, second, s60, s61, add);
            if (rows > 7)
            {
                Store(output + 7 * next, second, s70, s71, add);
            }
        }
    }

    /// <summary>Adds the products of one step along the depth, and moves on to the next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<H>(
        ref Vector128<float> s00, ref Vector128<float> s01, ref Vector128<float> s10, ref Vector128<float> s11,
        ref Vector128<float> s20, ref Vector128<float> s21, ref Vector128<float> s30, ref Vector128<float> s31,
        ref Vector128<float> s40, ref Vector128<float> s41, ref Vector128<float> s50, ref Vector128<float> s51,
        ref Vector128<float> s60, ref Vector128<float> s61, ref Vector128<float> s70, ref Vector128<float> s71,
        ref byte* right, nint secondBytes, nint panelBytes, Vector128<float> x0, Vector128<float> x1, Vector128<float> x2, Vector128<float> x3,
        Vector128<float> x4, Vector128<float> x5, Vector128<float> x6, Vector128<float> x7, [ConstantExpected(Max = Lanes - 1)] byte lane)
        where H : struct, IHeight
    {
        Vector128<float> b0 = Vector(right), b1 = Vector(right + secondBytes);
        right += panelBytes;
        s00 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(s00, b0, x0, lane);
        s01 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(s01, b1, x0, lane);
        s10 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(s10, b0, x1, lane);
        s11 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(s11, b1, x1, lane);
        if (H.Rows > 2)
        {
            s20 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(s20, b0, x2, lane);
            s21 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(s21, b1, x2, lane);
            s30 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(s30, b0, x3, lane);
            s31 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(s31, b1, x3, lane);
        }

        if (H.Rows > 4)
        {
            s40 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(s40, b0, x4, lane);
            s41 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(s41, b1, x4, lane);
            s50 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(s50, b0, x5, lane);
            s51 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(s51, b1, x5, lane);
        }

        if (H.Rows > 6)
        {
            s60 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(s60, b0, x6, lane);
            s61 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(s61, b1, x6, lane);
            s70 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(s70, b0, x7, lane);
            s71 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(s71, b1, x7, lane);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* output, int second, Vector128<float> a, Vector128<float> b, bool add)
    {
        if (add)
        {
            (a, b) = (a + Vector128.Load(output), b + Vector128.Load(output + second));
        }

        a.Store(output);
        b.Store(output + second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Vector(byte* address) => Vector128.Load((float*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Scalar(byte* address) => Vector128.CreateScalarUnsafe(*(float*)address);

    private readonly struct Two : IHeight
    {
        public static int Rows => 2;
    }

    private readonly struct Four : IHeight
    {
        public static int Rows => 4;
    }

    private readonly struct Six : IHeight
    {
        public static int Rows => 6;
    }

    private readonly struct Eight : IHeight
    {
        public static int Rows => 8;
    }
}
