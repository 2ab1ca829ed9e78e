namespace Data2Vec.Kernels.Gpu;

/// <summary>The queue and memory of an inference, reused by later ones.</summary>
internal sealed class Workspace
{
    private readonly Accelerator _accelerator;

    public Workspace(GpuContext context)
    {
        _accelerator = context.Accelerator;
        AcceleratorStream? stream = null;
        _accelerator.Run(() => stream = _accelerator.CreateStream());
        Stream = stream!;
        Queue = new LaunchQueue(context, Stream);
        Memory = new DeviceArena(context.Memory);
        Staging = new StagingArena(context.Memory);
    }

    public AcceleratorStream Stream { get; }

    public LaunchQueue Queue { get; }

    public DeviceArena Memory { get; }

    /// <summary>Pinned memory for transfers.</summary>
    public StagingArena Staging { get; }

    /// <summary>Sequence starts, which the host reads too.</summary>
    public HostArena Bounds { get; } = new();

    /// <summary>Copies from the device after all earlier operations, and waits.</summary>
    public unsafe void Receive(ArrayView<float> source, float* staged)
    {
        Queue.Receive(source, staged);
        Wait();
        Queue.Begin();
    }

    /// <summary>Prepares for another inference.</summary>
    public void Reset()
    {
        Queue.Discard();
        if (Queue.IsBusy)
        {
            Wait();
        }

        if (Memory.IsDivided || Staging.IsDivided)
        {
            // A single new block replaces them, which invalidates the addresses in graphs.
            Queue.Dispose();
        }

        Memory.Reset();
        Staging.Reset();
        Bounds.Reset();
    }

    /// <summary>Frees the memory.</summary>
    public void Free()
    {
        Queue.Dispose();
        Memory.Dispose();
        Staging.Dispose();
        Bounds.Dispose();
        _accelerator.Release(Stream);
    }

    /// <summary>Waits for all queued operations.</summary>
    private void Wait()
    {
        Queue.Wait();
        Staging.Release(0);
    }
}
