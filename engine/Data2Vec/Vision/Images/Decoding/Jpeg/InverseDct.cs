namespace Data2Vec.Vision.Images;

/// <summary>
/// The inverse discrete cosine transform of 8 x 8 blocks in integers, after Loeffler, Ligtenberg and Moschytz (1989). Constants have 13
/// fraction bits and the columns' results 2, so that samples equal those of libjpeg's accurate integer transform.
/// </summary>
internal static class InverseDct
{
    private const int ConstantBits = 13, ColumnBits = 2;

    private const int C0298 = 2446, C0390 = 3196, C0541 = 4433, C0765 = 6270, C0899 = 7373, C1175 = 9633, C1501 = 12299, C1847 = 15137, C1961 = 16069,
        C2053 = 16819, C2562 = 20995, C3072 = 25172; // sums of cosines times 8192

    /// <summary>Computes samples.</summary>
    /// <param name="block">The 64 coefficients in the order of rows.</param>
    /// <param name="quantization">The step of each coefficient.</param>
    /// <param name="target">The samples; rows are <paramref name="stride"/> apart.</param>
    /// <param name="stride">The samples from one row of the target to the next.</param>
    public static void Transform(ReadOnlySpan<short> block, ReadOnlySpan<ushort> quantization, Span<byte> target, int stride)
    {
        block = block[..64];
        quantization = quantization[..64];
        if (block[1..].IndexOfAnyExcept((short)0) < 0)
        {
            int flat = ((block[0] * quantization[0] << ColumnBits) + (1 << (ColumnBits + 2))) >> (ColumnBits + 3);
            byte sample = Sample(flat);
            for (int y = 0; y < 8; y++)
            {
                target.Slice(y * stride, 8).Fill(sample);
            }

            return;
        }

        Span<int> work = stackalloc int[64];
        for (int x = 0; x < 8; x++)
        {
            int v0 = block[x] * quantization[x];
            if (((ushort)block[x + 8] | (ushort)block[x + 16] | (ushort)block[x + 24] | (ushort)block[x + 32] | (ushort)block[x + 40]
                | (ushort)block[x + 48] | (ushort)block[x + 56]) == 0)
            {
                v0 <<= ColumnBits;
                for (int i = x; i < 64; i += 8)
                {
                    work[i] = v0;
                }

                continue;
            }

            Transform(
                v0, block[x + 8] * quantization[x + 8], block[x + 16] * quantization[x + 16], block[x + 24] * quantization[x + 24],
                block[x + 32] * quantization[x + 32], block[x + 40] * quantization[x + 40], block[x + 48] * quantization[x + 48],
                block[x + 56] * quantization[x + 56], ConstantBits - ColumnBits, work[x..], 8);
        }

        Span<int> row = stackalloc int[8];
        for (int y = 0; y < 8; y++)
        {
            ReadOnlySpan<int> from = work.Slice(y * 8, 8);
            Transform(from[0], from[1], from[2], from[3], from[4], from[5], from[6], from[7], ConstantBits + ColumnBits + 3, row, 1);
            Span<byte> samples = target.Slice(y * stride, 8);
            for (int x = 0; x < 8; x++)
            {
                samples[x] = Sample(row[x]);
            }
        }
    }

    private static byte Sample(int value) => (byte)Math.Clamp(value + 128, 0, 255);

    /// <summary>Transforms eight values, and rounds away some fraction bits.</summary>
    private static void Transform(int v0, int v1, int v2, int v3, int v4, int v5, int v6, int v7, int bits, Span<int> target, int step)
    {
        // The even part.
        int z = (v2 + v6) * C0541;
        int even2 = z - v6 * C1847, even3 = z + v2 * C0765;
        int even0 = (v0 + v4) << ConstantBits, even1 = (v0 - v4) << ConstantBits;
        int half = 1 << (bits - 1);
        int a0 = even0 + even3 + half, a3 = even0 - even3 + half, a1 = even1 + even2 + half, a2 = even1 - even2 + half;

        // The odd part.
        int z1 = -(v7 + v1) * C0899, z2 = -(v5 + v3) * C2562;
        int z5 = (v7 + v3 + v5 + v1) * C1175;
        int z3 = z5 - (v7 + v3) * C1961, z4 = z5 - (v5 + v1) * C0390;
        int b0 = v7 * C0298 + z1 + z3, b1 = v5 * C2053 + z2 + z4, b2 = v3 * C3072 + z2 + z3, b3 = v1 * C1501 + z1 + z4;

        target[7 * step] = (a0 - b3) >> bits;
        target[0] = (a0 + b3) >> bits;
        target[step] = (a1 + b2) >> bits;
        target[6 * step] = (a1 - b2) >> bits;
        target[2 * step] = (a2 + b1) >> bits;
        target[5 * step] = (a2 - b1) >> bits;
        target[3 * step] = (a3 + b0) >> bits;
        target[4 * step] = (a3 - b0) >> bits;
    }
}
