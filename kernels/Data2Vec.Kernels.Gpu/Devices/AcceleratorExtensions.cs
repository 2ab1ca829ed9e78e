namespace Data2Vec.Kernels.Gpu;

/// <summary>Driver calls whose errors name the device.</summary>
internal static class AcceleratorExtensions
{
    /// <summary>Calls the driver.</summary>
    /// <exception cref="DeviceException">The driver fails.</exception>
    public static void Run(this Accelerator accelerator, Action work)
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

    /// <summary>Frees a resource of a device, from any thread. Ignores errors of a failed device, whose memory is gone.</summary>
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
