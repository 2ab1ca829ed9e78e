using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>Pinned memory of the host, from which and to which a device copies by itself.</summary>
internal sealed class StagingArena(Accelerator accelerator) : Arena
{
    private readonly Dictionary<nint, PageLockedArray1D<byte>> _blocks = [];

    protected override nint AllocateBlock(long bytes)
    {
        PageLockedArray1D<byte> block = accelerator.AllocatePageLocked1D<byte>(bytes, uninitialized: true);
        nint address = block.ArrayView.LoadEffectiveAddressAsPtr();
        _blocks.Add(address, block);
        return address;
    }

    protected override void FreeBlock(nint address)
    {
        _blocks.Remove(address, out PageLockedArray1D<byte>? block);
        block!.Dispose();
    }
}
