namespace Data2Vec.Kernels;

/// <summary>
/// Working memory that grows like a stack. The first inference of a size may need several blocks; the next one finds a
/// single block of the size that was needed, and allocates nothing.
/// </summary>
internal abstract class Arena : IDisposable
{
    /// <summary>Every allocation begins at a cache line.</summary>
    public const int Alignment = 64;

    private const long SmallestBlock = 1 << 20;

    private readonly List<Block> _blocks = [];
    private int _current = -1;
    private long _used;
    private long _before;
    private long _highest;
    private long _wanted = SmallestBlock;

    /// <summary>Whether there are several blocks, in place of which <see cref="Reset"/> leaves one.</summary>
    public bool IsDivided => _blocks.Count > 1;

    /// <summary>The present top, for <see cref="Release"/>.</summary>
    public long Mark() => _before + _used;

    /// <summary>The address of memory for <paramref name="bytes"/> bytes, undefined in content.</summary>
    public nint Allocate(long bytes)
    {
        bytes = (bytes + Alignment - 1) & ~(Alignment - 1L);
        while (_current < 0 || _used + bytes > _blocks[_current].Size)
        {
            if (_current + 1 == _blocks.Count)
            {
                AddBlock(bytes);
            }

            if (_current >= 0)
            {
                _before += _blocks[_current].Size;
            }

            _current++;
            _used = 0;
        }

        nint memory = _blocks[_current].Address + (nint)_used;
        _used += bytes;
        _highest = Math.Max(_highest, _before + _used);
        return memory;
    }

    /// <summary>Gives back all that was allocated since the mark was taken.</summary>
    public void Release(long mark)
    {
        while (_current >= 0 && mark < _before)
        {
            _current--;
            _before -= _blocks[_current].Size;
        }

        _used = mark - _before;
    }

    /// <summary>Gives everything back. In place of several blocks there will be one that would have done.</summary>
    public void Reset()
    {
        if (_blocks.Count > 1)
        {
            _wanted = Math.Min(_highest, LargestBlock);
            Dispose();
        }

        _current = -1;
        _used = _before = _highest = 0;
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        foreach (Block block in _blocks)
        {
            FreeBlock(block.Address);
        }

        _blocks.Clear();
    }

    /// <summary>The most bytes that one block may have.</summary>
    protected virtual long LargestBlock => long.MaxValue;

    /// <summary>Allocates memory that addresses can count through.</summary>
    /// <returns>The address of the first byte.</returns>
    protected abstract nint AllocateBlock(long bytes);

    /// <summary>Frees what <see cref="AllocateBlock"/> returned.</summary>
    protected abstract void FreeBlock(nint address);

    private void AddBlock(long least)
    {
        long size = Math.Max(least, _blocks.Count == 0 ? _wanted : SmallestBlock);
        nint address;
        try
        {
            address = AllocateBlock(size);
        }
        catch (OutOfMemoryException) when (size > least)
        {
            // What an earlier inference took may not be there any more, nor be needed.
            address = AllocateBlock(size = least);
        }

        _blocks.Add(new Block(address, size));
    }

    private readonly record struct Block(nint Address, long Size);
}
