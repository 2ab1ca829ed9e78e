using ILGPU;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>What an inference works with and hands on: a queue of the device, and memory on both sides.</summary>
internal sealed class Workspace
{
    private readonly Accelerator _accelerator;

    public Workspace(GpuContext context)
    {
        _accelerator = context.Accelerator;
        AcceleratorStream? stream = null;
        _accelerator.Do(() => stream = _accelerator.CreateStream());
        Stream = stream!;
        Queue = new LaunchQueue(context, Stream);
        Memory = new DeviceArena(context.Memory);
        Staging = new StagingArena(context.Memory);
    }

    public AcceleratorStream Stream { get; }

    /// <summary>What is queued there.</summary>
    public LaunchQueue Queue { get; }

    public DeviceArena Memory { get; }

    /// <summary>What is copied from here to the device and back.</summary>
    public StagingArena Staging { get; }

    /// <summary>The bounds of sequences, which the host reads too.</summary>
    public HostArena Bounds { get; } = new();

    /// <summary>Copies from the device when all before is done, and waits.</summary>
    public unsafe void Receive(ArrayView<float> source, float* staged)
    {
        Queue.Receive(source, staged);
        Wait();
        Queue.Begin();
    }

    /// <summary>Makes it ready for another inference.</summary>
    public void Reset()
    {
        Queue.Discard();
        if (Queue.IsBusy)
        {
            Wait();
        }

        if (Memory.IsDivided || Staging.IsDivided)
        {
            // There will be other blocks instead, in which the addresses of graphs mean nothing.
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

    /// <summary>Waits until all is done that was queued.</summary>
    private void Wait()
    {
        Queue.Wait();
        Staging.Release(0);
    }
}
