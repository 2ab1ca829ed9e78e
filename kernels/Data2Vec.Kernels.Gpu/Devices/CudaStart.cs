using System.Runtime.InteropServices;

namespace Data2Vec.Kernels.Gpu;

/// <summary>Starts the CUDA driver to learn why it refuses. ILGPU reports only that there is no device.</summary>
internal static unsafe class CudaStart
{
    private static readonly Lazy<string?> s_problem = new(Start);

    /// <summary>Why the installed driver cannot be used, and the way out; null if it works or none is installed.</summary>
    public static string? Problem => s_problem.Value;

    /// <summary>The meaning of a result of <c>cuInit</c>, and the way out; null for success.</summary>
    internal static string? Describe(int result) => result switch
    {
        0 => null,
        34 => "the library is a stub for building programs, not a driver: remove the folder of stubs from LD_LIBRARY_PATH, or give the container access to the GPU",
        100 => "it finds no device; check CUDA_VISIBLE_DEVICES, and that a container has access to the GPU",
        802 => "the system is not ready yet: the fabric manager of NVSwitch must run first",
        803 => "its version differs from that of the kernel module, as after an update: restart the machine",
        804 => "the CUDA compatibility library does not support this device: remove the package cuda-compat, or its folder from LD_LIBRARY_PATH",
        999 => "unknown error; often the module nvidia_uvm must be loaded again, or the machine restarted",
        _ => "see this number under CUresult in the CUDA driver's documentation",
    };

    private static string? Start()
    {
        string name = GpuDevices.Library(GpuDevices.Cuda);
        if (!NativeLibrary.TryLoad(name, out nint library))
        {
            return null;
        }

        if (!NativeLibrary.TryGetExport(library, "cuInit", out nint start))
        {
            return $"{name} is not a CUDA driver";
        }

        int result = ((delegate* unmanaged<uint, int>)start)(0);
        return Describe(result) is { } reason ? $"the NVIDIA driver does not start: cuInit gives {result}; {reason}" : null;
    }
}
