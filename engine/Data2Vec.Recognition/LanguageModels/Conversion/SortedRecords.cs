using Microsoft.Win32.SafeHandles;

namespace Data2Vec.Recognition.LanguageModels.Conversion;

/// <summary>Merges sorted runs of records.</summary>
internal sealed class SortedRecords
{
    private readonly int _keyBytes;
    private readonly RecordRun[] _heap;
    private readonly byte[] _current;
    private int _runs;

    public SortedRecords(int recordBytes, int keyBytes, RecordRun[] runs)
    {
        _keyBytes = keyBytes;
        _current = new byte[recordBytes];
        _heap = [.. runs.Where(run => run.Read())];
        _runs = _heap.Length;
        for (int i = _runs / 2 - 1; i >= 0; i--)
        {
            Sink(i);
        }
    }

    /// <summary>The record that was read.</summary>
    public ReadOnlySpan<byte> Current => _current;

    /// <summary>Reads the next record.</summary>
    /// <returns>False at the end.</returns>
    public bool Read()
    {
        if (_runs == 0)
        {
            return false;
        }

        _heap[0].Current.CopyTo(_current);
        if (!_heap[0].Read())
        {
            _heap[0] = _heap[--_runs];
        }

        Sink(0);
        return true;
    }

    private void Sink(int place)
    {
        for (int child; (child = 2 * place + 1) < _runs; place = child)
        {
            if (child + 1 < _runs && IsLess(child + 1, child))
            {
                child++;
            }

            if (!IsLess(child, place))
            {
                break;
            }

            (_heap[place], _heap[child]) = (_heap[child], _heap[place]);
        }
    }

    private bool IsLess(int a, int b) => _heap[a].Current[.._keyBytes].SequenceCompareTo(_heap[b].Current[.._keyBytes]) < 0;
}

/// <summary>A sorted run of records, in memory or in a file.</summary>
internal sealed class RecordRun
{
    private const int MaxBytes = 1 << 25, MostBufferBytes = 1 << 20, LeastBufferBytes = 1 << 14;

    private readonly Func<int, ReadOnlyMemory<byte>>? _memory;
    private readonly SafeFileHandle? _file;
    private readonly byte[] _buffer = [];
    private readonly int _recordBytes;
    private long _start, _left;
    private int _place, _used;
    private ReadOnlyMemory<byte> _current;

    /// <summary>A run in memory.</summary>
    /// <param name="memory">Gives the records by their places; nothing after the last.</param>
    public RecordRun(Func<int, ReadOnlyMemory<byte>> memory) => _memory = memory;

    /// <summary>A run in a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="start">Where the run begins.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="recordBytes">The bytes of a record.</param>
    /// <param name="runs">How many runs share the memory for reading.</param>
    public RecordRun(SafeFileHandle file, long start, long bytes, int recordBytes, int runs)
    {
        (_file, _start, _left, _recordBytes) = (file, start, bytes, recordBytes);
        _buffer = new byte[Math.Clamp(MaxBytes / runs, LeastBufferBytes, MostBufferBytes) / recordBytes * recordBytes];
    }

    public ReadOnlySpan<byte> Current => _current.Span;

    public bool Read()
    {
        if (_memory is not null)
        {
            _current = _memory(_place++);
            return !_current.IsEmpty;
        }

        if (_place == _used && !Fill())
        {
            return false;
        }

        _current = _buffer.AsMemory(_place, _recordBytes);
        _place += _recordBytes;
        return true;
    }

    private bool Fill()
    {
        _place = 0;
        _used = (int)Math.Min(_buffer.Length, _left);
        for (int done = 0; done < _used;)
        {
            int read = RandomAccess.Read(_file!, _buffer.AsSpan(done, _used - done), _start + done);
            done += read > 0 ? read : throw new IOException("a temporary file was cut off");
        }

        _start += _used;
        _left -= _used;
        return _used > 0;
    }
}
