using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Data2Vec.ModelFile;

/// <summary>CRC-32C (Castagnoli): reflected, polynomial 0x1EDC6F41, initial value and final exclusive or all ones.</summary>
internal static class Crc32C
{
    private const uint Polynomial = 0x82F63B78;

    // A CRC instruction starts every cycle, but its result takes three: four independent lanes keep the unit busy.
    private const int LaneBytes = 16 * 1024;
    private const int BlockBytes = 4 * LaneBytes;

    private static readonly uint s_laneShift = PowerOfX(8L * LaneBytes);

    public static uint Compute(ReadOnlySpan<byte> data) => Append(0, data);

    /// <summary>The CRC of bytes whose CRC is <paramref name="crc"/> followed by <paramref name="data"/>.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        uint state = ~crc;
        for (; data.Length >= BlockBytes; data = data[BlockBytes..])
        {
            state = AppendBlock(state, data);
        }

        for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
        {
            state = BitOperations.Crc32C(state, MemoryMarshal.Read<ulong>(data));
        }

        foreach (byte value in data)
        {
            state = BitOperations.Crc32C(state, value);
        }

        return ~state;
    }

    /// <summary>The CRC of two runs of bytes, one after the other, from the CRC of each.</summary>
    public static uint Combine(uint first, uint second, long secondLength) =>
        Multiply(first, PowerOfX(8 * secondLength)) ^ second;

    // A program checks its model once, at the start, so tiered compilation would leave this unoptimized.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint AppendBlock(uint state, ReadOnlySpan<byte> block)
    {
        ref byte start = ref MemoryMarshal.GetReference(block[..BlockBytes]);
        uint lane0 = state, lane1 = 0, lane2 = 0, lane3 = 0;
        for (nint i = 0; i < LaneBytes; i += sizeof(ulong))
        {
            ref byte at = ref Unsafe.Add(ref start, i);
            lane0 = BitOperations.Crc32C(lane0, Unsafe.ReadUnaligned<ulong>(ref at));
            lane1 = BitOperations.Crc32C(lane1, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, LaneBytes)));
            lane2 = BitOperations.Crc32C(lane2, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, 2 * LaneBytes)));
            lane3 = BitOperations.Crc32C(lane3, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, 3 * LaneBytes)));
        }

        uint joined = Multiply(lane0, s_laneShift) ^ lane1;
        joined = Multiply(joined, s_laneShift) ^ lane2;
        return Multiply(joined, s_laneShift) ^ lane3;
    }

    // Multiplies polynomials over GF(2) modulo that of the CRC, reflected: the highest bit is the coefficient of x^0.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint Multiply(uint a, uint b)
    {
        uint product = 0;
        for (int bit = 31; bit >= 0; bit--)
        {
            product ^= b & (0 - ((a >> bit) & 1));
            b = (b >> 1) ^ (Polynomial & (0 - (b & 1)));
        }

        return product;
    }

    // Appending n zero bits to a message multiplies its remainder by x^n.
    private static uint PowerOfX(long exponent)
    {
        uint result = 1u << 31;
        for (uint square = 1u << 30; exponent != 0; exponent >>= 1, square = Multiply(square, square))
        {
            if ((exponent & 1) != 0)
            {
                result = Multiply(result, square);
            }
        }

        return result;
    }
}
