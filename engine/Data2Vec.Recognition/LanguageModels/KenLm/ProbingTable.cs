using System.Runtime.CompilerServices;

namespace Data2Vec.Recognition.LanguageModels.KenLm;

/// <summary>An open hash table with linear probing: entries begin with their key of 64 bits, and 0 is an empty entry.</summary>
/// <param name="start">The entries.</param>
/// <param name="buckets">Their number, at least 1.</param>
/// <param name="entryBytes">The bytes of an entry.</param>
internal readonly unsafe struct ProbingTable(byte* start, ulong buckets, int entryBytes)
{
    /// <summary>The key of an n-gram with one older word.</summary>
    /// <param name="key">The key of the n-gram; that of a word is its id.</param>
    /// <param name="olderWord">The word.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Combine(ulong key, int olderWord) => unchecked((key * 8978948897894561157) ^ ((1 + (ulong)(uint)olderWord) * 17894857484156487943));

    /// <summary>The key of an n-gram.</summary>
    /// <param name="words">Its words, newest first.</param>
    public static ulong Key(ReadOnlySpan<int> words)
    {
        ulong key = (uint)words[0];
        foreach (int older in words[1..])
        {
            key = Combine(key, older);
        }

        return key;
    }

    /// <summary>The buckets of a table in a file.</summary>
    /// <returns>The number; null if it is absurd.</returns>
    public static ulong? Buckets(ulong entries, float multiplier)
    {
        float wanted = multiplier * entries;
        return entries < 1UL << 57 && wanted < 1UL << 58 ? Math.Max(entries + 1, (ulong)wanted) : null;
    }

    /// <summary>Finds the entry of a key.</summary>
    /// <returns>The entry; null if there is none. A damaged table may have no empty entry, so that the search ends after all buckets.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Find(ulong key)
    {
        ulong bucket = key % buckets;
        byte* entry = start + bucket * (ulong)entryBytes;
        for (ulong step = 0; step < buckets; step++)
        {
            ulong found = Unsafe.ReadUnaligned<ulong>(entry);
            if (found == 0)
            {
                return null;
            }

            if (found == key)
            {
                return entry;
            }

            entry += entryBytes;
            if (++bucket == buckets)
            {
                bucket = 0;
                entry = start;
            }
        }

        return null;
    }
}
