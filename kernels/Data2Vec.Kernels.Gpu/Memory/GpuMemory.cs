using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu;

/// <summary>Allocates device and pinned memory. Errors tell how much was requested and how much is free.</summary>
/// <param name="accelerator">The device.</param>
/// <param name="freeIdle">Frees cached memory.</param>
internal sealed class GpuMemory(Accelerator accelerator, Action freeIdle)
{
    /// <summary>Allocates device memory with undefined contents.</summary>
    /// <exception cref="InsufficientMemoryException">The device has less memory.</exception>
    public MemoryBuffer1D<T, Stride1D.Dense> Allocate<T>(long count)
        where T : unmanaged => Allocate(() => accelerator.Allocate1D<T>(Math.Max(count, 1)), count * Interop.SizeOf<T>(), "device memory");

    /// <summary>Allocates pinned host memory with undefined contents.</summary>
    /// <exception cref="InsufficientMemoryException">The host has less memory.</exception>
    public PageLockedArray1D<byte> AllocatePinned(long bytes) =>
        Allocate(() => accelerator.AllocatePageLocked1D<byte>(bytes, uninitialized: true), bytes, "pinned memory");

    /// <summary>Frees an allocation.</summary>
    public void Release(IDisposable memory) => accelerator.Release(memory);

    private T Allocate<T>(Func<T> allocate, long bytes, string kind)
    {
        // Drivers need the context to be current on this thread.
        accelerator.Run(accelerator.Bind);
        try
        {
            return allocate();
        }
        catch (Exception error) when (error is AcceleratorException or OutOfMemoryException)
        {
            freeIdle();
        }

        try
        {
            return allocate();
        }
        catch (Exception error) when (error is AcceleratorException or OutOfMemoryException)
        {
            throw new InsufficientMemoryException(
                $"{accelerator.Name}: cannot allocate {bytes >> 20} MiB of {kind}: {Free()}; use smaller batches or another device.", error);
        }
    }

    private string Free()
    {
        try
        {
            return accelerator is CudaAccelerator cuda
                ? $"{cuda.GetFreeMemory() >> 20} of {accelerator.MemorySize >> 20} MiB are free"
                : $"the device has {accelerator.MemorySize >> 20} MiB";
        }
        catch (AcceleratorException error)
        {
            return $"the device failed: {error.Message}";
        }
    }
}
