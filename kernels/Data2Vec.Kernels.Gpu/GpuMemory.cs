using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu;

/// <summary>A device's memory; a complaint says how much was wanted and how much there is.</summary>
internal sealed class GpuMemory(Accelerator accelerator)
{
    /// <summary>Allocates memory, its contents undefined.</summary>
    /// <exception cref="InsufficientMemoryException">The device has not as much.</exception>
    public MemoryBuffer1D<T, Stride1D.Dense> Allocate<T>(long count)
        where T : unmanaged
    {
        try
        {
            return accelerator.Allocate1D<T>(Math.Max(count, 1));
        }
        catch (AcceleratorException error)
        {
            throw new InsufficientMemoryException(
                $"{accelerator.Name}: {count * Interop.SizeOf<T>() >> 20} MiB of device memory are wanted, {Free()}; use smaller batches, or another device.", error);
        }
    }

    /// <summary>Frees memory; the thread need not be one that used the device.</summary>
    public void Release(MemoryBuffer buffer)
    {
        accelerator.Bind();
        buffer.Dispose();
    }

    private string Free() => accelerator is CudaAccelerator cuda
        ? $"{cuda.GetFreeMemory() >> 20} MiB of {accelerator.MemorySize >> 20} are free"
        : $"the device has {accelerator.MemorySize >> 20}";
}
