using System.Runtime.CompilerServices;
using Data2Vec.Kernels.Cpu.Dot;

namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// The innermost kernel of every matrix product: a tile of up to 14 rows by one or two vectors of columns, whose sums stay
/// in registers while it runs along the depth.
/// </summary>
/// <remarks>
/// Row <c>r</c> of the left side is <c>taps</c> stretches of <c>depth</c> numbers, <c>tapStride</c> apart, from
/// <c>a + r * rowStride</c>. So a linear layer (one tap), a strided convolution (neighbouring rows as taps) and a grouped
/// one (a few columns of neighbouring rows) are all the same product, and nothing is copied together first. Each sum is
/// formed in the order of the depth by fused multiply-adds, whatever the tile's height: a row's result does not depend on
/// which rows stand beside it.
/// </remarks>
internal static unsafe class MatrixTile<S, V>
    where S : struct, ISimd<V>
    where V : unmanaged
{
    /// <summary>
    /// How far ahead weights are asked for: a page, where the hardware's own looking ahead ends. Without it a short text took 1.3 times as
    /// long, weights being read from memory once for few rows.
    /// </summary>
    private const int PrefetchBytes = 4096;

    /// <summary>The kernels by height (index 1 to 14) for two vectors of columns.</summary>
    public static readonly delegate*<in TileArguments, float*, float*, void>[] TwoVectors = Table<Two>();

    /// <summary>The same for one vector of columns.</summary>
    public static readonly delegate*<in TileArguments, float*, float*, void>[] OneVector = Table<One>();

    /// <summary>Runs the tile of a height and width: of floats, or of <see cref="DotTiles.Functions"/> where they are given.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run(nint* dotFunctions, in TileArguments arguments, int height, bool two, float* left, float* output)
    {
        if (dotFunctions == null)
        {
            (two ? TwoVectors : OneVector)[height](arguments, left, output);
            return;
        }

        fixed (TileArguments* pinned = &arguments)
        {
            ((delegate* unmanaged[SuppressGCTransition]<TileArguments*, float*, float*, void>)dotFunctions[DotTiles.Index(height, two)])(pinned, left, output);
        }
    }

    private static delegate*<in TileArguments, float*, float*, void>[] Table<C>()
        where C : struct, ICount =>
        [
            null,
            &Run<One, C>,
            &Run<Two, C>,
            &Run<Three, C>,
            &Run<Four, C>,
            &Run<Five, C>,
            &Run<Six, C>,
            &Run<Seven, C>,
            &Run<Eight, C>,
            &Run<Nine, C>,
            &Run<Ten, C>,
            &Run<Eleven, C>,
            &Run<Twelve, C>,
            &Run<Thirteen, C>,
            &Run<Fourteen, C>,
        ];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<R, C>(in TileArguments t, float* a, float* c)
        where R : struct, ICount
        where C : struct, ICount
    {
        V zero = S.Create(0f);
        V s00 = zero, s01 = zero;
        V s10 = zero, s11 = zero;
        V s20 = zero, s21 = zero;
        V s30 = zero, s31 = zero;
        V s40 = zero, s41 = zero;
        V s50 = zero, s51 = zero;
        V s60 = zero, s61 = zero;
        V s70 = zero, s71 = zero;
        V s80 = zero, s81 = zero;
        V s90 = zero, s91 = zero;
        V sa0 = zero, sa1 = zero;
        V sb0 = zero, sb1 = zero;
        V sc0 = zero, sc1 = zero;
        V sd0 = zero, sd1 = zero;
        if (t.Accumulate)
        {
            float* from = c;
            {
                s00 = S.Load(from);
                if (C.Value > 1)
                {
                    s01 = S.Load(from + S.Width);
                }
            }

            if (R.Value > 1)
            {
                from += t.OutputStride;
                s10 = S.Load(from);
                if (C.Value > 1)
                {
                    s11 = S.Load(from + S.Width);
                }
            }

            if (R.Value > 2)
            {
                from += t.OutputStride;
                s20 = S.Load(from);
                if (C.Value > 1)
                {
                    s21 = S.Load(from + S.Width);
                }
            }

            if (R.Value > 3)
            {
                from += t.OutputStride;
                s30 = S.Load(from);
                if (C.Value > 1)
                {
                    s31 = S.Load(from + S.Width);
                }
            }

            if (R.Value > 4)
            {
                from += t.OutputStride;
                s40 = S.Load(from);
                if (C.Value > 1)
                {
                    s41 = S.Load(from + S.Width);
                }
            }

            if (R.Value > 5)
            {
                from += t.OutputStride;
                s50 = S.Load(from);
                if (C.Value > 1)
                {
                    s51 = S.Load(from + S.Width);
                }
            }

            if (R.Value > 6)
            {
                from += t.OutputStride;
                s60 = S.Load(from);
                if (C.Value > 1)
                {
                    s61 = S.Load(from + S.Width);
                }
            }

            if (R.Value > 7)
            {
                from += t.OutputStride;
                s70 = S.Load(from);
                if (C.Value > 1)
                {
                    s71 = S.Load(from + S.Width);
                }
            }

            if (R.Value > 8)
            {
                from += t.OutputStride;
                s80 = S.Load(from);
                if (C.Value > 1)
                {
                    s81 = S.Load(from + S.Width);
                }
            }

            if (R.Value > 9)
            {
                from += t.OutputStride;
                s90 = S.Load(from);
                if (C.Value > 1)
                {
                    s91 = S.Load(from + S.Width);
                }
            }

            if (R.Value > 10)
            {
                from += t.OutputStride;
                sa0 = S.Load(from);
                if (C.Value > 1)
                {
                    sa1 = S.Load(from + S.Width);
                }
            }

            if (R.Value > 11)
            {
                from += t.OutputStride;
                sb0 = S.Load(from);
                if (C.Value > 1)
                {
                    sb1 = S.Load(from + S.Width);
                }
            }

            if (R.Value > 12)
            {
                from += t.OutputStride;
                sc0 = S.Load(from);
                if (C.Value > 1)
                {
                    sc1 = S.Load(from + S.Width);
                }
            }

            if (R.Value > 13)
            {
                from += t.OutputStride;
                sd0 = S.Load(from);
                if (C.Value > 1)
                {
                    sd1 = S.Load(from + S.Width);
                }
            }

        }

        float* b = t.Panel;
        nint one = t.RowStride * sizeof(float);
        nint two = 2 * one;
        nint bStep = t.PanelStride * sizeof(float);
        for (int tap = 0; tap < t.Taps; tap++)
        {
            byte* a0 = (byte*)(a + tap * t.TapStride);
            byte* a3 = a0 + two + one;
            byte* a6 = a3 + two + one;
            byte* a9 = a6 + two + one;
            byte* ac = a9 + two + one;
            for (int k = t.Depth; k > 0; k--)
            {
                V b0 = S.Load(b);
                V b1 = C.Value > 1 ? S.Load(b + S.Width) : zero;
                S.Prefetch((byte*)b + PrefetchBytes);
                if (C.Value > 1)
                {
                    S.Prefetch((byte*)b + PrefetchBytes + S.Width * sizeof(float));
                }

                V x;
                {
                    x = S.Create(*(float*)a0);
                    s00 = S.MultiplyAdd(x, b0, s00);
                    if (C.Value > 1)
                    {
                        s01 = S.MultiplyAdd(x, b1, s01);
                    }
                }

                if (R.Value > 1)
                {
                    x = S.Create(*(float*)(a0 + one));
                    s10 = S.MultiplyAdd(x, b0, s10);
                    if (C.Value > 1)
                    {
                        s11 = S.MultiplyAdd(x, b1, s11);
                    }
                }

                if (R.Value > 2)
                {
                    x = S.Create(*(float*)(a0 + two));
                    s20 = S.MultiplyAdd(x, b0, s20);
                    if (C.Value > 1)
                    {
                        s21 = S.MultiplyAdd(x, b1, s21);
                    }
                }

                if (R.Value > 3)
                {
                    x = S.Create(*(float*)a3);
                    s30 = S.MultiplyAdd(x, b0, s30);
                    if (C.Value > 1)
                    {
                        s31 = S.MultiplyAdd(x, b1, s31);
                    }
                }

                if (R.Value > 4)
                {
                    x = S.Create(*(float*)(a3 + one));
                    s40 = S.MultiplyAdd(x, b0, s40);
                    if (C.Value > 1)
                    {
                        s41 = S.MultiplyAdd(x, b1, s41);
                    }
                }

                if (R.Value > 5)
                {
                    x = S.Create(*(float*)(a3 + two));
                    s50 = S.MultiplyAdd(x, b0, s50);
                    if (C.Value > 1)
                    {
                        s51 = S.MultiplyAdd(x, b1, s51);
                    }
                }

                if (R.Value > 6)
                {
                    x = S.Create(*(float*)a6);
                    s60 = S.MultiplyAdd(x, b0, s60);
                    if (C.Value > 1)
                    {
                        s61 = S.MultiplyAdd(x, b1, s61);
                    }
                }

                if (R.Value > 7)
                {
                    x = S.Create(*(float*)(a6 + one));
                    s70 = S.MultiplyAdd(x, b0, s70);
                    if (C.Value > 1)
                    {
                        s71 = S.MultiplyAdd(x, b1, s71);
                    }
                }

                if (R.Value > 8)
                {
                    x = S.Create(*(float*)(a6 + two));
                    s80 = S.MultiplyAdd(x, b0, s80);
                    if (C.Value > 1)
                    {
                        s81 = S.MultiplyAdd(x, b1, s81);
                    }
                }

                if (R.Value > 9)
                {
                    x = S.Create(*(float*)a9);
                    s90 = S.MultiplyAdd(x, b0, s90);
                    if (C.Value > 1)
                    {
                        s91 = S.MultiplyAdd(x, b1, s91);
                    }
                }

                if (R.Value > 10)
                {
                    x = S.Create(*(float*)(a9 + one));
                    sa0 = S.MultiplyAdd(x, b0, sa0);
                    if (C.Value > 1)
                    {
                        sa1 = S.MultiplyAdd(x, b1, sa1);
                    }
                }

                if (R.Value > 11)
                {
                    x = S.Create(*(float*)(a9 + two));
                    sb0 = S.MultiplyAdd(x, b0, sb0);
                    if (C.Value > 1)
                    {
                        sb1 = S.MultiplyAdd(x, b1, sb1);
                    }
                }

                if (R.Value > 12)
                {
                    x = S.Create(*(float*)ac);
                    sc0 = S.MultiplyAdd(x, b0, sc0);
                    if (C.Value > 1)
                    {
                        sc1 = S.MultiplyAdd(x, b1, sc1);
                    }
                }

                if (R.Value > 13)
                {
                    x = S.Create(*(float*)(ac + one));
                    sd0 = S.MultiplyAdd(x, b0, sd0);
                    if (C.Value > 1)
                    {
                        sd1 = S.MultiplyAdd(x, b1, sd1);
                    }
                }

                a0 += sizeof(float);
                a3 += sizeof(float);
                a6 += sizeof(float);
                a9 += sizeof(float);
                ac += sizeof(float);
                b = (float*)((byte*)b + bStep);
            }
        }

        {
            S.Store(c, s00);
            if (C.Value > 1)
            {
                S.Store(c + S.Width, s01);
            }
        }

        if (R.Value > 1)
        {
            c += t.OutputStride;
            S.Store(c, s10);
            if (C.Value > 1)
            {
                S.Store(c + S.Width, s11);
            }
        }

        if (R.Value > 2)
        {
            c += t.OutputStride;
            S.Store(c, s20);
            if (C.Value > 1)
            {
                S.Store(c + S.Width, s21);
            }
        }

        if (R.Value > 3)
        {
            c += t.OutputStride;
            S.Store(c, s30);
            if (C.Value > 1)
            {
                S.Store(c + S.Width, s31);
            }
        }

        if (R.Value > 4)
        {
            c += t.OutputStride;
            S.Store(c, s40);
            if (C.Value > 1)
            {
                S.Store(c + S.Width, s41);
            }
        }

        if (R.Value > 5)
        {
            c += t.OutputStride;
            S.Store(c, s50);
            if (C.Value > 1)
            {
                S.Store(c + S.Width, s51);
            }
        }

        if (R.Value > 6)
        {
            c += t.OutputStride;
            S.Store(c, s60);
            if (C.Value > 1)
            {
                S.Store(c + S.Width, s61);
            }
        }

        if (R.Value > 7)
        {
            c += t.OutputStride;
            S.Store(c, s70);
            if (C.Value > 1)
            {
                S.Store(c + S.Width, s71);
            }
        }

        if (R.Value > 8)
        {
            c += t.OutputStride;
            S.Store(c, s80);
            if (C.Value > 1)
            {
                S.Store(c + S.Width, s81);
            }
        }

        if (R.Value > 9)
        {
            c += t.OutputStride;
            S.Store(c, s90);
            if (C.Value > 1)
            {
                S.Store(c + S.Width, s91);
            }
        }

        if (R.Value > 10)
        {
            c += t.OutputStride;
            S.Store(c, sa0);
            if (C.Value > 1)
            {
                S.Store(c + S.Width, sa1);
            }
        }

        if (R.Value > 11)
        {
            c += t.OutputStride;
            S.Store(c, sb0);
            if (C.Value > 1)
            {
                S.Store(c + S.Width, sb1);
            }
        }

        if (R.Value > 12)
        {
            c += t.OutputStride;
            S.Store(c, sc0);
            if (C.Value > 1)
            {
                S.Store(c + S.Width, sc1);
            }
        }

        if (R.Value > 13)
        {
            c += t.OutputStride;
            S.Store(c, sd0);
            if (C.Value > 1)
            {
                S.Store(c + S.Width, sd1);
            }
        }
    }

    /// <summary>A number known to the compiler, so that each height gets code of its own.</summary>
    private interface ICount
    {
        static abstract int Value { get; }
    }

    private readonly struct One : ICount
    {
        public static int Value => 1;
    }

    private readonly struct Two : ICount
    {
        public static int Value => 2;
    }

    private readonly struct Three : ICount
    {
        public static int Value => 3;
    }

    private readonly struct Four : ICount
    {
        public static int Value => 4;
    }

    private readonly struct Five : ICount
    {
        public static int Value => 5;
    }

    private readonly struct Six : ICount
    {
        public static int Value => 6;
    }

    private readonly struct Seven : ICount
    {
        public static int Value => 7;
    }

    private readonly struct Eight : ICount
    {
        public static int Value => 8;
    }

    private readonly struct Nine : ICount
    {
        public static int Value => 9;
    }

    private readonly struct Ten : ICount
    {
        public static int Value => 10;
    }

    private readonly struct Eleven : ICount
    {
        public static int Value => 11;
    }

    private readonly struct Twelve : ICount
    {
        public static int Value => 12;
    }

    private readonly struct Thirteen : ICount
    {
        public static int Value => 13;
    }

    private readonly struct Fourteen : ICount
    {
        public static int Value => 14;
    }
}
