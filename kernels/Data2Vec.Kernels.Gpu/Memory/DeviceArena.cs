using ILGPU;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// Working memory on a device. Not all devices have addresses: an address here is the number of a block, counted from 1, and
/// the place within it.
/// </summary>
internal sealed class DeviceArena(GpuMemory memory) : Arena
{
    /// <summary>Bits of an address that are the place within a block, in bytes.</summary>
    public const int OffsetBits = 40;

    private readonly List<MemoryBuffer1D<float, Stride1D.Dense>?> _buffers = [];

    /// <summary>The distance of rows: multiples of 16 bytes; rows of one number in f32 are packed, as there are many where they are samples.</summary>
    public static int Stride(int columns, ElementType type = ElementType.F32) =>
        type != ElementType.F32 ? (columns + 7) / 8 * 8 : columns == 1 ? 1 : (columns + 3) / 4 * 4;

    /// <summary>What lies at the place that an address names in a block.</summary>
    public static ArrayView<float> Place(ArrayView<float> block, nint address, long count) =>
        block.SubView((address & ((1L << OffsetBits) - 1)) / sizeof(float), count);

    /// <summary>What lies at an address.</summary>
    public ArrayView<float> View(nint address, long count) => Place(_buffers[(int)(address >> OffsetBits) - 1]!.View, address, count);

    /// <summary>Places in a block are 32-bit numbers of elements on the device.</summary>
    protected override long LargestBlock => (long)int.MaxValue * sizeof(float);

    protected override nint AllocateBlock(long bytes)
    {
        if (bytes > LargestBlock)
        {
            throw new InsufficientMemoryException($"One tensor would take {bytes >> 20} MiB, more than a device can address; use smaller inputs.");
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
