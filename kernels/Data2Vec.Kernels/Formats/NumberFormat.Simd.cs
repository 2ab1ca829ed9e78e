using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Data2Vec.Kernels;

/// <content>The conversions of activations for the processor's dot products, which exist only with AVX-512.</content>
public static unsafe partial class NumberFormat
{
    /// <summary>Rounds a row to bf16, and fills it up with zeros.</summary>
    /// <param name="from">The numbers.</param>
    /// <param name="to">Receives the bf16; may begin where <paramref name="from"/> does.</param>
    /// <param name="count">The number of numbers.</param>
    /// <param name="padded">The number of bf16 to write.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void RoundToBFloat16(float* from, ushort* to, int count, int padded)
    {
        int i = 0;
        for (; i <= count - 32; i += 32)
        {
            Vector512.Narrow(Round(Vector512.Load((uint*)from + i)), Round(Vector512.Load((uint*)from + i + 16))).Store(to + i);
        }

        for (; i < count; i++)
        {
            to[i] = RoundToBFloat16(from[i]);
        }

        new Span<ushort>(to + i, padded - i).Clear();
    }

    /// <summary>Rounds two rows to bf16 and interleaves them: each word has an element of the first row, then the same of the second.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="second">The second row; null for zeros.</param>
    /// <param name="to">Receives the words.</param>
    /// <param name="count">The numbers of a row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void InterleaveBFloat16(float* first, float* second, uint* to, int count)
    {
        int i = 0;
        for (; i <= count - 16; i += 16)
        {
            Vector512<uint> upper = second == null ? default : Round(Vector512.Load((uint*)second + i)) << 16;
            (Round(Vector512.Load((uint*)first + i)) | upper).Store(to + i);
        }

        for (; i < count; i++)
        {
            uint upper = second == null ? 0u : (uint)RoundToBFloat16(second[i]) << 16;
            to[i] = RoundToBFloat16(first[i]) | upper;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Round(Vector512<uint> bits)
    {
        Vector512<uint> rounded = (bits + Vector512.Create(0x7FFFu) + ((bits >> 16) & Vector512<uint>.One)) >> 16;
        Vector512<float> number = bits.AsSingle();
        return Vector512.ConditionalSelect(Vector512.Equals(number, number).AsUInt32(), rounded, (bits >> 16) | Vector512.Create(0x40u));
    }
}
