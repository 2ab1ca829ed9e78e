using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Data2Vec.Kernels.Cpu.Dot;

/// <summary>Floats to bf16, rounded to the nearest and ties to even.</summary>
internal static unsafe class Bf16
{
    /// <summary>Turns neighbouring numbers into units.</summary>
    /// <param name="from">The numbers.</param>
    /// <param name="to">Receives them; may begin where <paramref name="from"/> does.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="padded">How many are written; those behind are zero.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(float* from, ushort* to, int count, int padded)
    {
        int i = 0;
        for (; i <= count - 32; i += 32)
        {
            Vector512.Narrow(Rounded(Vector512.Load((uint*)from + i)), Rounded(Vector512.Load((uint*)from + i + 16))).Store(to + i);
        }

        for (; i < count; i++)
        {
            to[i] = (ushort)Rounded(from[i]);
        }

        for (; i < padded; i++)
        {
            to[i] = 0;
        }
    }

    /// <summary>Turns the numbers of two rows into units of one of each.</summary>
    /// <param name="first">A row, the lower halves.</param>
    /// <param name="second">The next, or null for zeros.</param>
    /// <param name="to">Receives the units.</param>
    /// <param name="count">Numbers of a row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Interleave(float* first, float* second, uint* to, int count)
    {
        int i = 0;
        for (; i <= count - 16; i += 16)
        {
            Vector512<uint> upper = second == null ? default : Rounded(Vector512.Load((uint*)second + i)) << 16;
            (Rounded(Vector512.Load((uint*)first + i)) | upper).Store(to + i);
        }

        for (; i < count; i++)
        {
            uint upper = second == null ? 0 : Rounded(second[i]) << 16;
            to[i] = Rounded(first[i]) | upper;
        }
    }

    private static uint Rounded(float number) => Rounded(Vector512.Create(BitConverter.SingleToUInt32Bits(number)))[0];

    /// <summary>The upper halves, rounded; what is not a number stays so.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Rounded(Vector512<uint> bits)
    {
        Vector512<uint> rounded = (bits + Vector512.Create(0x7FFFu) + ((bits >> 16) & Vector512<uint>.One)) >> 16;
        Vector512<float> number = bits.AsSingle();
        return Vector512.ConditionalSelect(Vector512.Equals(number, number).AsUInt32(), rounded, (bits >> 16) | Vector512.Create(0x40u));
    }
}
