using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>What an inference works with and hands on: a queue of the device, and memory on both sides.</summary>
internal sealed class Workspace(GpuContext context)
{
    public AcceleratorStream Stream { get; } = context.Accelerator.CreateStream();

    public DeviceArena Memory { get; } = new(context.Memory);

    /// <summary>What is copied from here to the device and back.</summary>
    public StagingArena Staging { get; } = new(context.Accelerator);

    /// <summary>The bounds of sequences, which the host reads too.</summary>
    public HostArena Bounds { get; } = new();

    /// <summary>Whether the device may still read what is staged.</summary>
    public bool IsSending { get; set; }

    /// <summary>Waits until all is done that was queued.</summary>
    public void Wait()
    {
        Stream.Synchronize();
        Staging.Release(0);
        IsSending = false;
    }

    /// <summary>Makes it ready for another inference.</summary>
    public void Reset()
    {
        if (IsSending)
        {
            Wait();
        }

        Memory.Reset();
        Staging.Reset();
        Bounds.Reset();
    }

    /// <summary>Frees the memory.</summary>
    public void Free()
    {
        Memory.Dispose();
        Staging.Dispose();
        Bounds.Dispose();
        Stream.Dispose();
    }
}
