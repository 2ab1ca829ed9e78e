using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// Draws what <see cref="Dropout"/> drops. A block of <see cref="Philox"/> has eight decisions of 16 bits, each a column of one row. The counter of a block
/// is the item (two words), the row in the item, and the number of the block. Column <c>c</c> of a group of 128 takes the half <c>c / 64</c>, the lower first,
/// of word <c>c / 16 % 4</c> of block <c>c % 16</c>: so vectors of any width hold the decisions of neighbouring columns.
/// </summary>
/// <param name="rate">The share that is dropped; decisions below this share of 2^16 drop.</param>
/// <param name="key">The key of the generator.</param>
internal readonly unsafe struct DropoutMask<S, V>(float rate, ulong key)
    where S : struct, ISimd<V>
    where V : unmanaged
{
    /// <summary>The columns whose decisions are drawn together.</summary>
    public const int Group = 128;

    private const int Blocks = 16, HalfGroup = Group / 2, Rounds = 10;

    private readonly uint _threshold = (uint)MathF.Round(rate * (1 << 16));
    private readonly float _factor = 1f / (1f - rate);

    /// <summary>The mask of the features of a tensor.</summary>
    public static DropoutMask<S, V> OfFeatures(Dropout dropout) => new(dropout.Rate, dropout.Key);

    /// <summary>The mask of a head's attention probabilities: a row for each query, a column for each key. Each head has its own key.</summary>
    public static DropoutMask<S, V> OfHead(Dropout dropout, int head) =>
        new(dropout.Rate, dropout.IsNone ? 0 : Philox.Block(Vector128.Create((uint)head, 0, 0, uint.MaxValue), dropout.Key).AsUInt64()[0]);

    /// <summary>Multiplies numbers of one row by 0, or by <c>1 / (1 - rate)</c>.</summary>
    /// <param name="place">The place of the row.</param>
    /// <param name="column">The column of the first number.</param>
    /// <param name="values">The numbers.</param>
    /// <param name="count">How many there are.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(RowPlace place, int column, float* values, int count)
    {
        float* factors = stackalloc float[Group + Blocks];
        while (count > 0)
        {
            int skip = column % Group, some = Math.Min(count, Group - skip);
            Columns(place, column / Group, factors);
            for (int i = 0; i < some; i += S.Width)
            {
                RowKernels<S, V>.StoreFirst(values + i, S.Multiply(S.Load(values + i), S.Load(factors + skip + i)), some - i);
            }

            column += some;
            values += some;
            count -= some;
        }
    }

    /// <summary>The factors of one group of columns and of some rows of an item, column by column.</summary>
    /// <param name="place">The place of the first row.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="group">The number of the group.</param>
    /// <param name="factors">Receives 128 columns of rows, the latter filled up to a whole vector.</param>
    /// <param name="stride">The distance of two columns in <paramref name="factors"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Rows(RowPlace place, int rows, int group, float* factors, nint stride)
    {
        for (int block = 0; block < Blocks; block++)
        {
            for (int row = 0; row < rows; row += S.Width)
            {
                V numbers = S.AddWords(S.CreateWord((uint)(place.Row + row)), S.WordIndices);
                Draw(place.Item, numbers, S.CreateWord((uint)(group * Blocks + block)), factors + block * stride + row, Blocks * stride);
            }
        }
    }

    /// <summary>The factors of one group of columns of one row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Columns(RowPlace place, int group, float* factors)
    {
        for (int block = 0; block < Blocks; block += S.Width)
        {
            V numbers = S.AddWords(S.CreateWord((uint)(group * Blocks + block)), S.WordIndices);
            Draw(place.Item, S.CreateWord((uint)place.Row), numbers, factors + block, Blocks);
        }
    }

    /// <summary>
    /// One block for each lane. A round multiplies words to 64 bits, which vectors do with every second word, so the lanes are computed in two halves. What
    /// the other words hold meanwhile has no effect.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Draw(long item, V rows, V blocks, float* factors, nint wordStride)
    {
        V multiplier0 = S.CreateWord(Philox.Multiplier0), multiplier1 = S.CreateWord(Philox.Multiplier1);
        V a0 = S.CreateWord((uint)item), a1 = S.CreateWord((uint)(item >> 32)), a2 = rows, a3 = blocks;
        V b0 = a0, b1 = a1, b2 = S.OddWords(rows), b3 = S.OddWords(blocks);
        uint key0 = (uint)key, key1 = (uint)(key >> 32);
        for (int round = 0; round < Rounds; round++)
        {
            V k0 = S.CreateWord(key0), k1 = S.CreateWord(key1);
            V p = S.MultiplyEvenWords(a0, multiplier0), q = S.MultiplyEvenWords(a2, multiplier1);
            a0 = S.Xor(S.Xor(S.OddWords(q), a1), k0);
            a2 = S.Xor(S.Xor(S.OddWords(p), a3), k1);
            a1 = q;
            a3 = p;
            p = S.MultiplyEvenWords(b0, multiplier0);
            q = S.MultiplyEvenWords(b2, multiplier1);
            b0 = S.Xor(S.Xor(S.OddWords(q), b1), k0);
            b2 = S.Xor(S.Xor(S.OddWords(p), b3), k1);
            b1 = q;
            b3 = p;
            key0 += Philox.Weyl0;
            key1 += Philox.Weyl1;
        }

        nint half = wordStride * (HalfGroup / Blocks);
        Store(S.JoinEvenWords(a0, b0), factors, half);
        Store(S.JoinEvenWords(a1, b1), factors + wordStride, half);
        Store(S.JoinEvenWords(a2, b2), factors + 2 * wordStride, half);
        Store(S.JoinEvenWords(a3, b3), factors + 3 * wordStride, half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Store(V words, float* factors, nint half)
    {
        V factor = S.Create(_factor), threshold = S.CreateWord(_threshold);
        S.Store(factors, S.KeepAtLeast(factor, S.LowHalves(words), threshold));
        S.Store(factors + half, S.KeepAtLeast(factor, S.HighHalves(words), threshold));
    }
}
