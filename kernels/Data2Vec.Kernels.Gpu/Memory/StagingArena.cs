using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Data2Vec.Kernels.Gpu;

/// <summary>Pinned host memory for transfers.</summary>
internal sealed unsafe class StagingArena(GpuMemory memory) : Arena
{
    private readonly Dictionary<nint, PageLockedArray1D<byte>> _blocks = [];

    protected override nint AllocateBlock(long bytes)
    {
        PageLockedArray1D<byte> block = memory.AllocatePinned(bytes);
        nint address = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(block.Span));
        _blocks.Add(address, block);
        return address;
    }

    protected override void FreeBlock(nint address)
    {
        _blocks.Remove(address, out PageLockedArray1D<byte>? block);
        memory.Release(block!);
    }
}
