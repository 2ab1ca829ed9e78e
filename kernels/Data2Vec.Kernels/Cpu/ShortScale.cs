using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// Scales of rows and columns of numbers that are multiplied as integers of 16 bits. By the inequality of Cauchy and Schwarz, no sum of products is larger
/// than the product of the norms of what is multiplied of a row and of a column; their limits keep it within 32 bits. So no sum overflows, whatever the
/// numbers are.
/// </summary>
/// <remarks>
/// Scales are powers of two, so that whole numbers and most bf16 are exact. Of a row of normally distributed numbers, rounding loses about 2e-4 of the norm; bf16
/// loses 2e-3.
/// </remarks>
internal static unsafe class ShortScale
{
    /// <summary>The largest norm of the integers of a row that one sum is over. Rounding adds to it up to half the root of their number.</summary>
    public const float RowLimit = 65_500;

    /// <summary>The largest norm of the integers of a column that one sum is over, before rounding.</summary>
    public const float ColumnLimit = 32_700;

    /// <summary>The most numbers that one sum is over.</summary>
    private const int MostNumbers = 2 * PanelMatrix.DepthBlock;

    private const float LargestFactor = 1e36f, LeastSquarable = 1e-12f, MostSquarable = 1e12f;

    private const int Width = 16;

    /// <summary>The factor from numbers to integers: 0 if all numbers are, and NaN if one is not finite.</summary>
    /// <param name="largest">The largest magnitude.</param>
    /// <param name="squares">The largest sum of the squares of the numbers that one sum is over.</param>
    /// <param name="limit">The largest norm of their integers.</param>
    public static float Factor(float largest, float squares, float limit)
    {
        // The largest magnitude may leave out numbers that are none.
        if (float.IsNaN(squares) || !float.IsFinite(largest))
        {
            return float.NaN;
        }

        if (largest == 0)
        {
            return 0;
        }

        // Squares of very large or small numbers have no place in a float. Then the norm is at most that of as many of the largest number.
        float byNorm = largest is > LeastSquarable and < MostSquarable ? limit / MathF.Sqrt(squares) : limit / MathF.Sqrt(MostNumbers) / largest;
        float factor = MathF.Min(MathF.Min(byNorm, short.MaxValue / largest), LargestFactor);
        const int Exponent = 0x7F800000;
        return BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(factor) & Exponent);
    }

    /// <summary>The scale from integers to numbers that belongs to a factor from numbers to integers.</summary>
    public static float Of(float factor) => factor == 0 ? 0 : 1 / factor;

    /// <summary>Rounds a row to integers, and fills it up with zeros. Needs AVX-512.</summary>
    /// <param name="from">The numbers; up to a multiple of 16 can be read.</param>
    /// <param name="to">Receives the integers.</param>
    /// <param name="count">The number of numbers.</param>
    /// <param name="padded">The number of integers to write.</param>
    /// <param name="numbersPerSum">What <see cref="PanelMatrix.NumbersPerSum"/> says.</param>
    /// <returns>The scale of the row: NaN, with zeros for the integers, if a number is not finite.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Quantize(float* from, short* to, int count, int padded, int numbersPerSum)
    {
        Vector512<float> largest = default;
        float mostSquares = 0;
        for (int start = 0; start < count; start += numbersPerSum)
        {
            Vector512<float> squares = default;
            int end = Math.Min(count, start + numbersPerSum);
            for (int i = start; i < end; i += Width)
            {
                Vector512<float> v = Load(from, i, end);
                largest = Vector512.MaxNative(largest, Vector512.Abs(v));
                squares = Vector512.MultiplyAddEstimate(v, v, squares);
            }

            mostSquares = MathF.Max(mostSquares, Vector512.Sum(squares));
        }

        float factor = Factor(Simd512.MaxOfAll(largest), mostSquares, RowLimit);
        if (float.IsNaN(factor))
        {
            new Span<short>(to, padded).Clear();
            return float.NaN;
        }

        Vector512<float> factors = Vector512.Create(factor);
        int done = 0;
        for (; done <= count - 2 * Width; done += 2 * Width)
        {
            Vector512<int> a = Round(Vector512.Load(from + done) * factors), b = Round(Vector512.Load(from + done + Width) * factors);
            Vector512.Narrow(a, b).Store(to + done);
        }

        for (; done < count; done++)
        {
            to[done] = (short)MathF.Round(from[done] * factor);
        }

        new Span<short>(to + done, padded - done).Clear();
        return Of(factor);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Round(Vector512<float> numbers) => Avx512F.ConvertToVector512Int32(numbers);

    /// <summary>A vector, whose lanes past the end are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Load(float* from, int start, int count) => Simd512.KeepFirst(Vector512.Load(from + start), count - start);
}
