using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// How a row of numbers became unsigned bytes for the processor's dot products, which exist only with AVX-512. The few numbers that are much larger than
/// all others stay numbers, as in LLM.int8 (Dettmers et al. 2022): one scale for them and the others would leave little of the others.
/// </summary>
internal unsafe struct ByteRow
{
    /// <summary>The most numbers of a row that stay numbers.</summary>
    public const int MostLarge = 8;

    /// <summary>How often the range may be halved by leaving large numbers out.</summary>
    private const int MostHalvings = 6;

    private const int Width = 16;

    /// <summary>The factor from bytes, less <see cref="Zero"/>, to numbers.</summary>
    public float Scale;

    /// <summary>The byte that stands for zero.</summary>
    public int Zero;

    /// <summary>The number of large numbers.</summary>
    public int LargeCount;

    /// <summary>The large numbers.</summary>
    public fixed float Large[MostLarge];

    /// <summary>Their places in the row.</summary>
    public fixed uint Places[MostLarge];

    /// <summary>Quantizes a row to unsigned bytes, and fills it up with what stands for zero.</summary>
    /// <param name="from">The numbers; up to a multiple of 16 can be read.</param>
    /// <param name="to">Receives the bytes.</param>
    /// <param name="count">The number of numbers.</param>
    /// <param name="padded">The number of bytes to write.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ByteRow Quantize(float* from, byte* to, int count, int padded)
    {
        ByteRow row = default;
        Vector512<float> least = default, most = default;
        for (int i = 0; i < count; i += Width)
        {
            // The native minimum and maximum would lose NaN.
            Vector512<float> v = Load(from, i, count);
            (least, most) = (Vector512.Min(least, v), Vector512.Max(most, v));
        }

        (float low, float high) = Range(least, most);
        float largest = MathF.Max(-low, high);
        if (!float.IsFinite(largest))
        {
            row.Scale = float.NaN;
            new Span<byte>(to, padded).Clear();
            return row;
        }

        float limit = largest;
        for (int halvings = 0; halvings < MostHalvings && CountAbove(from, count, limit / 2) <= MostLarge; halvings++)
        {
            limit /= 2;
        }

        if (limit < largest)
        {
            (low, high) = KeepLarge(ref row, from, count, limit);
        }

        // The range contains zero, which becomes a byte exactly.
        float inverse = high > low ? byte.MaxValue / (high - low) : 0;
        inverse = float.IsFinite(inverse) ? inverse : 0;
        row.Scale = inverse > 0 ? 1 / inverse : 0;
        row.Zero = (int)MathF.Round(-low * inverse);
        int done = 0;
        for (; done <= count - 4 * Width; done += 4 * Width)
        {
            Vector512<int> a = Quantize(from + done, limit, inverse, row.Zero), b = Quantize(from + done + Width, limit, inverse, row.Zero);
            Vector512<int> c = Quantize(from + done + 2 * Width, limit, inverse, row.Zero), d = Quantize(from + done + 3 * Width, limit, inverse, row.Zero);
            Vector512.Narrow(Vector512.Narrow(a.AsUInt32(), b.AsUInt32()), Vector512.Narrow(c.AsUInt32(), d.AsUInt32())).Store(to + done);
        }

        for (; done < count; done++)
        {
            float number = MathF.Abs(from[done]) <= limit ? from[done] : 0;
            to[done] = (byte)Math.Min(byte.MaxValue, (int)MathF.Round(number * inverse) + row.Zero);
        }

        new Span<byte>(to + done, padded - done).Fill((byte)row.Zero);
        return row;
    }

    /// <summary>Converts the sums of a row's products to numbers.</summary>
    /// <param name="sums">The sums, i32; receives the numbers.</param>
    /// <param name="columns">The number of sums, a multiple of 16.</param>
    /// <param name="row">The row.</param>
    /// <param name="columnSums">The sums of the weights alone.</param>
    /// <param name="columnScales">The factors from bytes of the weights to numbers.</param>
    /// <param name="words">The weights: for every word of the row, the columns side by side.</param>
    /// <param name="stride">From the columns of a word of the row to those of the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dequantize(float* sums, int columns, in ByteRow row, int* columnSums, float* columnScales, float* words, nint stride)
    {
        const int BytesPerWord = sizeof(int), TopByte = 24, BitsPerByte = 8;
        Vector512<int> zero = Vector512.Create(row.Zero);
        Vector512<float> scale = Vector512.Create(row.Scale);
        for (int i = 0; i < columns; i += Width)
        {
            Vector512<int> whole = Vector512.Load((int*)sums + i) - Vector512.Load(columnSums + i) * zero;
            Vector512<float> number = Vector512.ConvertToSingle(whole) * scale;
            for (int large = 0; large < row.LargeCount; large++)
            {
                uint place = row.Places[large];
                Vector512<int> four = Vector512.Load((int*)words + (nint)(place / BytesPerWord) * stride + i);
                Vector512<int> weight = (four << (int)(TopByte - BitsPerByte * (place % BytesPerWord))) >> TopByte;
                number = Vector512.MultiplyAddEstimate(Vector512.ConvertToSingle(weight), Vector512.Create(row.Large[large]), number);
            }

            (number * Vector512.Load(columnScales + i)).Store(sums + i);
        }
    }

    private static (float Low, float High) Range(Vector512<float> least, Vector512<float> most)
    {
        (float low, float high) = (0, 0);
        for (int lane = 0; lane < Width; lane++)
        {
            (low, high) = (MathF.Min(low, least[lane]), MathF.Max(high, most[lane]));
        }

        return (low, high);
    }

    private static int CountAbove(float* from, int count, float limit)
    {
        Vector512<float> limits = Vector512.Create(limit);
        Vector512<int> above = default;
        for (int i = 0; i < count; i += Width)
        {
            above -= Vector512.GreaterThan(Vector512.Abs(Load(from, i, count)), limits).AsInt32();
        }

        return Vector512.Sum(above);
    }

    /// <summary>Keeps the numbers above a limit, and returns the range of the others.</summary>
    private static (float Low, float High) KeepLarge(ref ByteRow row, float* from, int count, float limit)
    {
        Vector512<float> limits = Vector512.Create(limit), least = default, most = default;
        for (int i = 0; i < count; i += Width)
        {
            Vector512<float> v = Load(from, i, count), isLarge = Vector512.GreaterThan(Vector512.Abs(v), limits);
            for (ulong lanes = isLarge.ExtractMostSignificantBits(); lanes != 0; lanes &= lanes - 1)
            {
                int place = i + BitOperations.TrailingZeroCount(lanes);
                row.Large[row.LargeCount] = from[place];
                row.Places[row.LargeCount++] = (uint)place;
            }

            v = Vector512.AndNot(v, isLarge);
            (least, most) = (Vector512.Min(least, v), Vector512.Max(most, v));
        }

        return Range(least, most);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Quantize(float* from, float limit, float inverse, int zero)
    {
        Vector512<float> v = Vector512.Load(from);
        v &= Vector512.LessThanOrEqual(Vector512.Abs(v), Vector512.Create(limit));
        Vector512<int> whole = Vector512.ConvertToInt32Native(Vector512.Round(v * Vector512.Create(inverse))) + Vector512.Create(zero);
        return Vector512.Min(whole, Vector512.Create((int)byte.MaxValue));
    }

    /// <summary>A vector, whose lanes past the end are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Load(float* from, int start, int count) => Simd512.KeepFirst(Vector512.Load(from + start), count - start);
}
