using System.Runtime.CompilerServices;

namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// Widens parts of panels to floats. Products whose weights have another number format do so with what they read next: the floats stay in the
/// cache while a block of rows is multiplied by them, and memory delivers a half or a quarter of the bytes.
/// </summary>
internal static unsafe class PanelWidening<S, V>
    where S : struct, ISimd<V>
    where V : unmanaged
{
    /// <summary>Widens some columns of a panel. The whole numbers of i8 are not scaled.</summary>
    /// <param name="type">The format of the panel.</param>
    /// <param name="words">The first word.</param>
    /// <param name="width">The width of the panel.</param>
    /// <param name="depth">The number of columns: whole words, or the last columns of the panel.</param>
    /// <param name="to">Receives the floats, for each column those of its outputs.</param>
    public static void Run(ElementType type, float* words, int width, int depth, float* to)
    {
        switch (type)
        {
            case ElementType.BF16:
                Widen<BFloat16>(words, width, depth, to);
                break;
            case ElementType.F16:
                Widen<Float16>(words, width, depth, to);
                break;
            default:
                Widen<Int8>(words, width, depth, to);
                break;
        }
    }

    /// <summary>Rounds some columns of a panel of two elements in a word to words of two integers of 16 bits.</summary>
    /// <param name="type">The format of the panel.</param>
    /// <param name="words">The first word.</param>
    /// <param name="width">The width of the panel.</param>
    /// <param name="depth">The number of words of an output.</param>
    /// <param name="factors">Multiplies the numbers of each output.</param>
    /// <param name="to">Receives the words.</param>
    public static void ToShorts(ElementType type, float* words, int width, int depth, float* factors, float* to)
    {
        if (type == ElementType.BF16)
        {
            ToShorts<BFloat16>(words, width, depth, factors, to);
        }
        else
        {
            ToShorts<Float16>(words, width, depth, factors, to);
        }
    }

    /// <summary>
    /// The largest magnitude and the sum of the squares of each output's numbers in a panel of two elements in a word. The largest magnitude may leave out NaN.
    /// </summary>
    public static void Measure(ElementType type, float* words, int width, int depth, float* largest, float* squares)
    {
        if (type == ElementType.BF16)
        {
            Measure<BFloat16>(words, width, depth, largest, squares);
        }
        else
        {
            Measure<Float16>(words, width, depth, largest, squares);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToShorts<TFormat>(float* words, int width, int depth, float* factors, float* to)
        where TFormat : struct, IFormat
    {
        V first = S.Load(factors), second = S.Load(factors + (width - S.Width));
        for (; depth > 0; depth--)
        {
            for (int i = 0; i < width; i += S.Width, words += S.Width, to += S.Width)
            {
                V word = S.Load(words), factor = i == 0 ? first : i == width - S.Width ? second : S.Load(factors + i);
                S.Prefetch((byte*)words + MatrixTiles.PrefetchBytes);
                V low = S.RoundToWords(S.Multiply(TFormat.Widen(word, 0), factor)), high = S.RoundToWords(S.Multiply(TFormat.Widen(word, 1), factor));
                S.Store(to, S.Xor(S.LowHalves(low), S.ShiftLeft(high, 16)));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Measure<TFormat>(float* words, int width, int depth, float* largest, float* squares)
        where TFormat : struct, IFormat
    {
        for (int i = 0; i < width; i += S.Width)
        {
            V most = S.Create(0f), sum = S.Create(0f);
            for (int word = 0; word < depth; word++)
            {
                V both = S.Load(words + (nint)word * width + i);
                S.Prefetch((byte*)(words + (nint)word * width + i) + MatrixTiles.PrefetchBytes);
                for (int element = 0; element < TFormat.PerWord; element++)
                {
                    V number = TFormat.Widen(both, element);
                    most = S.Max(most, S.Abs(number));
                    sum = S.MultiplyAdd(number, number, sum);
                }
            }

            S.Store(largest + i, most);
            S.Store(squares + i, sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen<TFormat>(float* words, int width, int depth, float* to)
        where TFormat : struct, IFormat
    {
        for (; depth > 0; depth -= TFormat.PerWord, to += TFormat.PerWord * width)
        {
            for (int i = 0; i < width; i += S.Width, words += S.Width)
            {
                V word = S.Load(words);
                S.Prefetch((byte*)words + MatrixTiles.PrefetchBytes);
                for (int element = 0; element < TFormat.PerWord; element++)
                {
                    if (element < depth)
                    {
                        S.Store(to + element * width + i, TFormat.Widen(word, element));
                    }
                }
            }
        }
    }

    /// <summary>A format of several elements in a word.</summary>
    private interface IFormat
    {
        static abstract int PerWord { get; }

        static abstract V Widen(V words, int element);
    }

    private readonly struct BFloat16 : IFormat
    {
        public static int PerWord => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Widen(V words, int element) => S.ShiftLeft(element == 0 ? words : S.HighHalves(words), 16);
    }

    private readonly struct Int8 : IFormat
    {
        public static int PerWord => 4;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Widen(V words, int element) => S.ToFloats(S.ShiftLeft(words, 24 - 8 * element), 24);
    }

    private readonly struct Float16 : IFormat
    {
        /// <summary>f32 has 112 more exponents below 1 than f16.</summary>
        private const uint Bias = 112 << 23, FirstNormal = 1 << 23, FirstInfinite = 31 << 23;

        public static int PerWord => 2;

        /// <summary>
        /// Exponent and fraction move to their places in f32, where the exponent gets another bias. A subnormal number has no leading 1: it is read as
        /// 2^-14 and its fraction, less 2^-14.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Widen(V words, int element)
        {
            V upper = element == 0 ? S.ShiftLeft(words, 16) : S.Xor(words, S.LowHalves(words));
            V unsigned = S.HighHalves(S.ShiftLeft(upper, 1)), sign = S.Xor(upper, S.ShiftLeft(unsigned, 15)), magnitude = S.ShiftLeft(unsigned, 12);
            V normal = S.AddWords(magnitude, S.CreateWord(Bias));
            V subnormal = S.Subtract(S.AddWords(normal, S.CreateWord(FirstNormal)), S.CreateWord(Bias + FirstNormal));
            normal = S.AddWords(normal, S.KeepAtLeast(S.CreateWord(Bias), magnitude, S.CreateWord(FirstInfinite)));
            V number = S.Xor(subnormal, S.KeepAtLeast(S.Xor(subnormal, normal), magnitude, S.CreateWord(FirstNormal)));
            return S.Xor(number, sign);
        }
    }
}
