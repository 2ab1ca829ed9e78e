using System.Buffers.Binary;
using Data2Vec.Recognition.LanguageModels.KenLm;
using Microsoft.Win32.SafeHandles;

namespace Data2Vec.Recognition.LanguageModels.Conversion;

/// <summary>Writes a hash table of KenLM in bounded memory: the entries are sorted by their buckets first.</summary>
internal sealed class TableRegion : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly long _start;
    private readonly int _entryBytes;
    private readonly ulong _buckets;
    private readonly ExternalSorter _sorter;

    /// <param name="file">The file.</param>
    /// <param name="start">Where the table begins.</param>
    /// <param name="entries">The number of entries.</param>
    /// <param name="entryBytes">The bytes of an entry, of which the first 8 are its key.</param>
    /// <param name="files">Creates temporary files.</param>
    public TableRegion(SafeFileHandle file, long start, ulong entries, int entryBytes, TemporaryFiles files)
    {
        (_file, _start, _entryBytes) = (file, start, entryBytes);
        _buckets = ProbingTable.Buckets(entries, NGramConverter.BucketsPerEntry)
            ?? throw new NotSupportedException($"{entries} n-grams of one order are too many for a hash table");
        _sorter = new ExternalSorter(sizeof(ulong) + entryBytes, sizeof(ulong), files);
    }

    /// <summary>Where the table ends.</summary>
    public long End => _start + (long)_buckets * _entryBytes;

    /// <summary>Adds an entry.</summary>
    /// <param name="key">The key.</param>
    /// <param name="values">What follows the key.</param>
    public void Add(ulong key, ReadOnlySpan<byte> values)
    {
        Span<byte> record = stackalloc byte[_sorter.RecordBytes];
        BinaryPrimitives.WriteUInt64BigEndian(record, key % _buckets);
        BinaryPrimitives.WriteUInt64LittleEndian(record[sizeof(ulong)..], key);
        values.CopyTo(record[(2 * sizeof(ulong))..]);
        _sorter.Add(record);
    }

    /// <summary>Writes the table.</summary>
    public void Write()
    {
        _sorter.Finish();
        var region = new FileRegion(_file, _start);
        byte[] empty = new byte[_entryBytes];
        var overflow = new Queue<byte[]>();
        ulong next = 0;
        for (SortedRecords records = _sorter.Read(); records.Read();)
        {
            ReadOnlySpan<byte> entry = records.Current[sizeof(ulong)..];
            if (next == _buckets)
            {
                // The search goes on at the first bucket.
                overflow.Enqueue(entry.ToArray());
                continue;
            }

            for (ulong bucket = BinaryPrimitives.ReadUInt64BigEndian(records.Current); next < bucket; next++)
            {
                region.Write(empty);
            }

            region.Write(entry);
            next++;
        }

        for (; next < _buckets; next++)
        {
            region.Write(empty);
        }

        region.Finish();
        for (long position = _start; overflow.Count > 0; position += _entryBytes)
        {
            RandomAccess.Read(_file, empty, position);
            if (BinaryPrimitives.ReadUInt64LittleEndian(empty) == 0)
            {
                RandomAccess.Write(_file, overflow.Dequeue(), position);
            }
        }
    }

    public void Dispose() => _sorter.Dispose();
}
