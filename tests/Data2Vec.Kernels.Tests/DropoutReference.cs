using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Data2Vec.Kernels.Tests;

/// <summary>Dropout by its definition, a decision at a time.</summary>
internal static unsafe class DropoutReference
{
    /// <summary>What the feature of a place is multiplied by.</summary>
    public static float Factor(float rate, ulong key, RowPlace place, int column)
    {
        uint block = (uint)(column / 128 * 16 + column % 16);
        Vector128<uint> words = Philox.Block(Vector128.Create((uint)place.Item, (uint)(place.Item >> 32), (uint)place.Row, block), key);
        uint word = words[column / 16 % 4], decision = column / 64 % 2 == 0 ? word & 0xFFFF : word >> 16;
        return decision < Math.Round(rate * 65536.0) ? 0 : 1 / (1 - rate);
    }

    /// <summary>What a head's probability is multiplied by, of a query and the key in a row of the same item.</summary>
    public static float Factor(float rate, ulong key, int head, RowPlace query, int keyRow) =>
        Factor(rate, Philox.Block(Vector128.Create((uint)head, 0, 0, uint.MaxValue), key).AsUInt64()[0], query, keyRow);

    /// <summary>Dropout whose places are never freed.</summary>
    public static Dropout Create(float rate, ulong key, RowPlace[] places)
    {
        var rows = (RowPlace*)NativeMemory.Alloc((nuint)places.Length, (nuint)sizeof(RowPlace));
        places.CopyTo(new Span<RowPlace>(rows, places.Length));
        return new Dropout(rate, key, rows);
    }
}
