using Data2Vec.Kernels.Cpu;

namespace Data2Vec.Kernels;

/// <summary>
/// Working memory that grows like a stack. The first inference of a size may need several blocks. The next one finds a single block of the
/// size that was needed, and allocates nothing.
/// </summary>
public abstract class Arena : IDisposable
{
    /// <summary>The alignment of every allocation, in bytes: a cache line.</summary>
    public const int Alignment = 64;

    private const long SmallestBlock = 1 << 20;

    private readonly List<Block> _blocks = [];
    private int _current = -1;
    private long _used;
    private long _before;
    private long _highest;
    private long _wanted = SmallestBlock;

    /// <summary>Whether there are several blocks, which <see cref="Reset"/> replaces with one.</summary>
    public bool IsDivided => _blocks.Count > 1;

    /// <summary>The current top, for <see cref="Release"/>.</summary>
    public long Mark() => _before + _used;

    /// <summary>Allocates memory with undefined contents, and returns its address.</summary>
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

    /// <summary>Releases everything allocated since the mark was taken.</summary>
    public void Release(long mark)
    {
        while (_current >= 0 && mark < _before)
        {
            _current--;
            _before -= _blocks[_current].Size;
        }

        _used = mark - _before;
    }

    /// <summary>Releases everything. One block that would have been large enough replaces several.</summary>
    public void Reset()
    {
        if (_blocks.Count > 1)
        {
            _wanted = Math.Min(_highest, LargestBlock);
            Free();
        }

        _current = -1;
        _used = _before = _highest = 0;
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        foreach (Block block in _blocks)
        {
            FreeBlock(block.Address);
        }

        _blocks.Clear();
    }

    /// <summary>The largest size of a block, in bytes.</summary>
    protected virtual long LargestBlock => long.MaxValue;

    /// <summary>Allocates memory whose addresses support arithmetic.</summary>
    /// <returns>The address of the first byte.</returns>
    protected abstract nint AllocateBlock(long bytes);

    /// <summary>Frees a block of <see cref="AllocateBlock"/>.</summary>
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
            // As much memory as an earlier inference took may no longer be free, and may not be needed.
            address = AllocateBlock(size = least);
        }

        _blocks.Add(new Block(address, size));
    }

    private readonly record struct Block(nint Address, long Size);
}

/// <summary>Working memory that the processor addresses.</summary>
public sealed unsafe class HostArena : Arena
{
    /// <summary>Kernels read whole vectors, so this many bytes after an allocation are readable.</summary>
    private const int Slack = 256;

    private readonly Dictionary<nint, long> _sizes = [];

    /// <inheritdoc/>
    protected override nint AllocateBlock(long bytes)
    {
        nint address = HostMemory.Allocate(bytes + Slack);
        _sizes.Add(address, bytes + Slack);
        return address;
    }

    /// <inheritdoc/>
    protected override void FreeBlock(nint address)
    {
        if (_sizes.Remove(address, out long bytes))
        {
            HostMemory.Free(address, bytes);
        }
    }
}
