using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu;

/// <summary>A device's memory; a complaint says how much was wanted and how much there is.</summary>
/// <param name="accelerator">The device.</param>
/// <param name="freeIdle">Frees what is kept for later alone.</param>
internal sealed class GpuMemory(Accelerator accelerator, Action freeIdle)
{
    /// <summary>Allocates memory, its contents undefined.</summary>
    /// <exception cref="InsufficientMemoryException">The device has not as much.</exception>
    public MemoryBuffer1D<T, Stride1D.Dense> Allocate<T>(long count)
        where T : unmanaged => Allocate(() => accelerator.Allocate1D<T>(Math.Max(count, 1)), count * Interop.SizeOf<T>(), "device memory");

    /// <summary>Allocates memory of the host that the device copies from and to by itself, its contents undefined.</summary>
    /// <exception cref="InsufficientMemoryException">There is not as much.</exception>
    public PageLockedArray1D<byte> AllocatePinned(long bytes) =>
        Allocate(() => accelerator.AllocatePageLocked1D<byte>(bytes, uninitialized: true), bytes, "pinned memory");

    /// <summary>Frees what was allocated.</summary>
    public void Release(IDisposable memory) => accelerator.Release(memory);

    private T Allocate<T>(Func<T> allocate, long bytes, string kind)
    {
        // Drivers ask for the thread's context, which another thread may have made.
        accelerator.Do(accelerator.Bind);
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
                $"{accelerator.Name}: {bytes >> 20} MiB of {kind} are wanted, {Free()}; use smaller batches, or another device.", error);
        }
    }

    private string Free()
    {
        try
        {
            return accelerator is CudaAccelerator cuda
                ? $"{cuda.GetFreeMemory() >> 20} MiB of the device's {accelerator.MemorySize >> 20} are free"
                : $"the device has {accelerator.MemorySize >> 20}";
        }
        catch (AcceleratorException error)
        {
            return $"and the device failed: {error.Message}";
        }
    }
}
