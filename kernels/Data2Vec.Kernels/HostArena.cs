using System.Runtime.InteropServices;

namespace Data2Vec.Kernels;

/// <summary>Working memory in the processor's reach.</summary>
internal sealed unsafe class HostArena : Arena
{
    /// <summary>Kernels read whole vectors: this much behind an allocation is there to be read.</summary>
    private const int Slack = 256;

    protected override nint AllocateBlock(long bytes) => (nint)NativeMemory.AlignedAlloc((nuint)(bytes + Slack), 4096);

    protected override void FreeBlock(nint address) => NativeMemory.AlignedFree((void*)address);
}
