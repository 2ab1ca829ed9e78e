using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>Pinned memory of the host, from which and to which a device copies by itself.</summary>
internal sealed unsafe class StagingArena(Accelerator accelerator) : Arena
{
    private readonly Dictionary<nint, PageLockedArray1D<byte>> _blocks = [];

    protected override nint AllocateBlock(long bytes)
    {
        // Pinning asks CUDA for the thread's context, which another thread may have made.
        accelerator.Bind();
        PageLockedArray1D<byte> block = accelerator.AllocatePageLocked1D<byte>(bytes, uninitialized: true);
        nint address = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(block.Span));
        _blocks.Add(address, block);
        return address;
    }

    protected override void FreeBlock(nint address)
    {
        accelerator.Bind();
        _blocks.Remove(address, out PageLockedArray1D<byte>? block);
        block!.Dispose();
    }
}
