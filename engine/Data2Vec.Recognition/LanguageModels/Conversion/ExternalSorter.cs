using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Data2Vec.Recognition.LanguageModels.Conversion;

/// <summary>Sorts any number of records of a fixed size by their first bytes, in bounded memory: what does not fit goes to a temporary file.</summary>
/// <param name="recordBytes">The bytes of a record.</param>
/// <param name="keyBytes">The bytes by which records are compared, the first byte first. They have at least 8 bytes.</param>
/// <param name="files">Creates the temporary file.</param>
internal sealed class ExternalSorter(int recordBytes, int keyBytes, TemporaryFiles files) : IDisposable
{
    private const int FirstBytes = 1 << 12, MaxBytes = 1 << 25, WriteBytes = 1 << 20;

    private readonly List<(long Start, long Bytes)> _runs = [];
    private byte[] _buffer = [];
    private Entry[] _entries = [];
    private int _used;
    private SafeFileHandle? _file;
    private long _fileLength;

    /// <summary>The bytes of a record.</summary>
    public int RecordBytes => recordBytes;

    /// <summary>Adds a record.</summary>
    public void Add(ReadOnlySpan<byte> record)
    {
        if (_buffer.Length - _used < recordBytes)
        {
            if (_buffer.Length < MaxBytes)
            {
                Array.Resize(ref _buffer, Math.Max(FirstBytes, 2 * _buffer.Length));
            }
            else
            {
                SortBuffer();
                Spill();
            }
        }

        record.CopyTo(_buffer.AsSpan(_used));
        _used += recordBytes;
    }

    /// <summary>Ends adding.</summary>
    public void Finish()
    {
        SortBuffer();
        if (_file is not null)
        {
            Spill();
            (_buffer, _entries) = ([], []);
        }
    }

    /// <summary>Reads the records in order. They can be read several times.</summary>
    public SortedRecords Read()
    {
        int count = _used / recordBytes;
        return _file is null
            ? new SortedRecords(recordBytes, keyBytes, [new RecordRun(i => i < count ? _buffer.AsMemory(_entries[i].Place * recordBytes, recordBytes) : default)])
            : new SortedRecords(recordBytes, keyBytes, [.. _runs.Select(run => new RecordRun(_file, run.Start, run.Bytes, recordBytes, _runs.Count))]);
    }

    public void Dispose()
    {
        _file?.Dispose();
        (_buffer, _entries) = ([], []);
    }

    private void SortBuffer()
    {
        int count = _used / recordBytes;
        if (_entries.Length < count)
        {
            _entries = new Entry[count];
        }

        for (int i = 0; i < count; i++)
        {
            _entries[i] = new Entry(BinaryPrimitives.ReadUInt64BigEndian(_buffer.AsSpan(i * recordBytes)), i);
        }

        _entries.AsSpan(0, count).Sort(Compare);
    }

    private int Compare(Entry a, Entry b) => a.Prefix != b.Prefix
        ? a.Prefix.CompareTo(b.Prefix)
        : Rest(a).SequenceCompareTo(Rest(b)) is var order and not 0 ? order : a.Place.CompareTo(b.Place);

    private ReadOnlySpan<byte> Rest(Entry entry) => _buffer.AsSpan(entry.Place * recordBytes + sizeof(ulong), keyBytes - sizeof(ulong));

    private void Spill()
    {
        _file ??= files.Create();
        int count = _used / recordBytes;
        byte[] sorted = new byte[WriteBytes / recordBytes * recordBytes];
        _runs.Add((_fileLength, _used));
        for (int i = 0; i < count;)
        {
            int filled = 0;
            for (; i < count && filled < sorted.Length; i++, filled += recordBytes)
            {
                _buffer.AsSpan(_entries[i].Place * recordBytes, recordBytes).CopyTo(sorted.AsSpan(filled));
            }

            RandomAccess.Write(_file, sorted.AsSpan(0, filled), _fileLength);
            _fileLength += filled;
        }

        _used = 0;
    }

    private readonly record struct Entry(ulong Prefix, int Place);
}

/// <summary>Creates temporary files beside a result. They are deleted when they are closed.</summary>
/// <param name="result">The path of the result.</param>
internal sealed class TemporaryFiles(string result)
{
    public SafeFileHandle Create() => File.OpenHandle(
        $"{result}.{Path.GetRandomFileName()}.tmp", FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.DeleteOnClose);
}
