using ILGPU;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>What an inference works with and hands on: a queue of the device, and memory on both sides.</summary>
internal sealed class Workspace
{
    private readonly Accelerator _accelerator;

    /// <summary>Whether the device may still read what is staged.</summary>
    private bool _isSending;

    public Workspace(GpuContext context)
    {
        _accelerator = context.Accelerator;
        AcceleratorStream? stream = null;
        _accelerator.Do(() => stream = _accelerator.CreateStream());
        Stream = stream!;
        Memory = new DeviceArena(context.Memory);
        Staging = new StagingArena(context.Memory);
    }

    public AcceleratorStream Stream { get; }

    public DeviceArena Memory { get; }

    /// <summary>What is copied from here to the device and back.</summary>
    public StagingArena Staging { get; }

    /// <summary>The bounds of sequences, which the host reads too.</summary>
    public HostArena Bounds { get; } = new();

    /// <summary>Queues a copy to the device.</summary>
    public unsafe void Send(float* staged, ArrayView<float> destination)
    {
        _isSending = true;
        _accelerator.Do(() => destination.CopyFromCPUUnsafeAsync(Stream, ref *staged, destination.Length));
    }

    /// <summary>Copies from the device when all before is done, and waits.</summary>
    public unsafe void Receive(ArrayView<float> source, float* staged)
    {
        _accelerator.Do(() => source.CopyToCPUUnsafeAsync(Stream, ref *staged, source.Length));
        Wait();
    }

    /// <summary>Makes it ready for another inference.</summary>
    public void Reset()
    {
        if (_isSending)
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
        _accelerator.Release(Stream);
    }

    /// <summary>Waits until all is done that was queued.</summary>
    private void Wait()
    {
        _accelerator.Do(Stream.Synchronize);
        Staging.Release(0);
        _isSending = false;
    }
}
