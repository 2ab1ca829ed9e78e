using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu;

/// <summary>Functions of the CUDA driver that ILGPU does not expose.</summary>
internal static unsafe class CudaDriver
{
    private const int MaxDynamicSharedMemory = 8;

    private static readonly Lazy<nint> s_library = new(() => NativeLibrary.Load(GpuDevices.Library("cuda")));

    /// <summary>The address of a function.</summary>
    /// <exception cref="EntryPointNotFoundException">The driver does not have it.</exception>
    public static nint Function(string name) => NativeLibrary.GetExport(s_library.Value, name);

    /// <summary>Lets a kernel use more than 48 KiB of dynamic shared memory.</summary>
    /// <exception cref="NotSupportedException">The device has less.</exception>
    public static void AllowSharedMemory(CudaKernel kernel, int bytes)
    {
        var set = (delegate* unmanaged<nint, int, int, int>)Function("cuFuncSetAttribute");
        if (set(kernel.FunctionPtr, MaxDynamicSharedMemory, bytes) is var error and not 0)
        {
            throw new NotSupportedException($"the driver refuses {bytes} bytes of shared memory with CUDA error {error}");
        }
    }
}
