using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Data2Vec.Recognition.LanguageModels.KenLm;

namespace Data2Vec.Recognition.LanguageModels.Arpa;

/// <summary>A growing <see cref="ProbingTable"/> outside the managed heap.</summary>
/// <param name="entryBytes">The bytes of an entry, of which 8 are its key.</param>
/// <param name="expected">How many entries are expected. Memory grows with the entries that come, whatever is expected.</param>
internal sealed unsafe class NativeTable(int entryBytes, long expected) : IDisposable
{
    private const float BucketsPerEntry = 1.5f;
    private const long FirstEntries = 1 << 10;
    private const int Growth = 4;

    private byte* _start;
    private ulong _buckets;
    private long _room;

    ~NativeTable() => Free();

    public long Count { get; private set; }

    /// <summary>The table, until the next entry is added.</summary>
    public ProbingTable Table => new(_start, _buckets, entryBytes);

    /// <summary>Finds the entry of a key.</summary>
    /// <returns>The entry; null if there is none.</returns>
    public byte* Find(ulong key) => _buckets == 0 ? null : Table.Find(key);

    /// <summary>Adds a key that is not there.</summary>
    /// <returns>The entry, with zeros behind the key.</returns>
    public byte* Add(ulong key)
    {
        if (Count == _room)
        {
            Grow();
        }

        Count++;
        return Place(key);
    }

    /// <summary>Makes a table of no entries one that can be searched.</summary>
    public void EnsureBuckets()
    {
        if (_buckets == 0)
        {
            Grow();
        }
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private byte* Place(ulong key)
    {
        ulong bucket = key % _buckets;
        while (Unsafe.ReadUnaligned<ulong>(_start + bucket * (uint)entryBytes) != 0)
        {
            bucket = bucket + 1 == _buckets ? 0 : bucket + 1;
        }

        byte* entry = _start + bucket * (uint)entryBytes;
        Unsafe.WriteUnaligned(entry, key);
        return entry;
    }

    private void Grow()
    {
        byte* old = _start;
        ulong oldBuckets = _buckets;
        long room = Math.Max(checked(_room * Growth), FirstEntries);
        _room = expected > _room && expected <= room ? expected : expected <= _room ? _room + Math.Max(_room / 2, FirstEntries) : room;
        _buckets = ProbingTable.Buckets((ulong)_room, BucketsPerEntry) ?? throw new InsufficientMemoryException("the model has too many n-grams");
        byte* grown = (byte*)NativeMemory.AllocZeroed(checked((nuint)_buckets), (nuint)entryBytes);
        _start = grown;
        for (ulong i = 0; i < oldBuckets; i++)
        {
            byte* entry = old + i * (uint)entryBytes;
            if (Unsafe.ReadUnaligned<ulong>(entry) is var key and not 0)
            {
                new ReadOnlySpan<byte>(entry, entryBytes).CopyTo(new Span<byte>(Place(key), entryBytes));
            }
        }

        NativeMemory.Free(old);
    }

    private void Free()
    {
        NativeMemory.Free(_start);
        _start = null;
        _buckets = 0;
    }
}
