using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>What is asked of a driver, with complaints that name the device.</summary>
internal static class AcceleratorExtensions
{
    /// <summary>Does something with a device.</summary>
    /// <exception cref="DeviceException">Its driver refuses.</exception>
    public static void Do(this Accelerator accelerator, Action work)
    {
        try
        {
            work();
        }
        catch (AcceleratorException error)
        {
            throw new DeviceException($"{accelerator.Name}: the device failed: {error.Message}", error);
        }
    }

    /// <summary>Frees something of a device; the thread need not be one that used it. What a device that failed held is gone anyway.</summary>
    public static void Release(this Accelerator accelerator, IDisposable resource)
    {
        try
        {
            accelerator.Bind();
            resource.Dispose();
        }
        catch (AcceleratorException)
        {
        }
    }
}
