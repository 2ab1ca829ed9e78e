namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// Working memory on a device. OpenCL buffers have no addresses: an address here is the number of a block, counted from 1, and the byte offset in it.
/// </summary>
internal sealed class DeviceArena(GpuMemory memory) : Arena
{
    /// <summary>Bits of an address that hold the byte offset.</summary>
    public const int OffsetBits = 40;

    private readonly List<MemoryBuffer1D<float, Stride1D.Dense>?> _buffers = [];

    /// <summary>The distance between rows, a multiple of 16 bytes. Rows of a single f32, such as audio samples, are packed.</summary>
    public static int Stride(int columns, ElementType type = ElementType.F32) =>
        type != ElementType.F32 ? (columns + 7) / 8 * 8 : columns == 1 ? 1 : (columns + 3) / 4 * 4;

    /// <summary>The memory at an address in its block.</summary>
    public static ArrayView<float> View(ArrayView<float> block, nint address, long count) =>
        block.SubView((address & ((1L << OffsetBits) - 1)) / sizeof(float), count);

    /// <summary>The memory at an address.</summary>
    public ArrayView<float> View(nint address, long count) => View(_buffers[(int)(address >> OffsetBits) - 1]!.View, address, count);

    /// <summary>Kernels index elements of a block with 32-bit integers.</summary>
    protected override long LargestBlock => (long)int.MaxValue * sizeof(float);

    protected override nint AllocateBlock(long bytes)
    {
        if (bytes > LargestBlock)
        {
            throw new InsufficientMemoryException($"A tensor of {bytes >> 20} MiB is larger than a device can address; use smaller inputs.");
        }

        int free = _buffers.IndexOf(null);
        int index = free < 0 ? _buffers.Count : free;
        MemoryBuffer1D<float, Stride1D.Dense> buffer = memory.Allocate<float>(bytes / sizeof(float));
        if (free < 0)
        {
            _buffers.Add(buffer);
        }
        else
        {
            _buffers[index] = buffer;
        }

        return (nint)((index + 1L) << OffsetBits);
    }

    protected override void FreeBlock(nint address)
    {
        int index = (int)(address >> OffsetBits) - 1;
        memory.Release(_buffers[index]!);
        _buffers[index] = null;
    }
}
