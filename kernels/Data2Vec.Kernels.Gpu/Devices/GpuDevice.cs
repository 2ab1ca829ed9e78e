using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Data2Vec.Kernels.Gpu;

/// <summary>A device of this machine. <see cref="Problem"/> tells whether models can run on it.</summary>
public sealed class GpuDevice
{
    /// <summary>Shared memory of a group that the largest kernel needs, in bytes.</summary>
    private const int MinSharedMemory = 44 << 10;

    /// <summary>Memory that a base-size model needs in f32, with working memory, in bytes.</summary>
    private const long MinMemory = 1L << 30;

    private readonly Context _context;
    private readonly Device _device;

    internal GpuDevice(Context context, Device device, string name)
    {
        (_context, _device, Name) = (context, device, name);
        Problem = FindProblem();
        Drawback = FindDrawback();
    }

    /// <summary>The name that selects the device: <c>cuda:0</c>, <c>opencl:1</c>.</summary>
    public string Name { get; }

    /// <summary>A description for people.</summary>
    public string Description => _device switch
    {
        CudaDevice cuda => $"{cuda.Name}, {cuda.MemorySize >> 20} MiB, compute capability {cuda.Architecture}, {cuda.NumMultiprocessors} multiprocessors",
        CLDevice opencl =>
            $"{opencl.Name}, {opencl.MemorySize >> 20} MiB, OpenCL {opencl.DeviceVersion}, {opencl.NumMultiprocessors} compute units, {opencl.PlatformName}",
        _ => _device.Name,
    };

    /// <summary>Why models cannot run on the device, or null if they can.</summary>
    public string? Problem { get; }

    /// <summary>Why models should run on the CPU instead, or null if the device is the better choice.</summary>
    public string? Drawback { get; }

    /// <summary>Peak rate in f32 without tensor cores, in operations per second; null if unknown.</summary>
    public double? PeakFlops => _device is CudaDevice { Architecture: { } architecture } cuda
        ? 2e6 * cuda.ClockRate * cuda.NumMultiprocessors * (architecture.Major == 7 || architecture is { Major: 8, Minor: 0 } ? 64 : 128)
        : null;

    /// <summary>Opens the device.</summary>
    /// <exception cref="NotSupportedException">The device has a <see cref="Problem"/>, or its driver fails.</exception>
    public GpuBackend Open()
    {
        if (Problem is not null)
        {
            throw new NotSupportedException($"{Name}: {Problem}");
        }

        try
        {
            return new GpuBackend(Name, _device.CreateAccelerator(_context));
        }
        catch (AcceleratorException error)
        {
            throw new NotSupportedException($"{Name}: the driver cannot open the device: {error.Message}", error);
        }
    }

    private string? FindDrawback()
    {
        if (_device is CLDevice { DeviceType: not CLDeviceType.CL_DEVICE_TYPE_GPU and not CLDeviceType.CL_DEVICE_TYPE_ACCELERATOR })
        {
            return "it is the CPU, which is faster without OpenCL";
        }

        return _device.MemorySize < MinMemory ? $"it has less than {MinMemory >> 20} MiB of memory" : null;
    }

    private string? FindProblem()
    {
        if (_device is CudaDevice { Architecture: null } or CudaDevice { InstructionSet: null })
        {
            return "its CUDA driver is too old";
        }

        if (_device is CLDevice opencl)
        {
            if (opencl.DeviceVersion < CLDeviceVersion.CL20)
            {
                return $"OpenCL 2.0 is needed, it has {opencl.DeviceVersion}";
            }

            if (!opencl.Capabilities.GenericAddressSpace)
            {
                return "it lacks the generic address space of OpenCL";
            }
        }

        if (_device.MaxNumThreadsPerGroup < GpuContext.FullGroup)
        {
            return $"groups of {GpuContext.FullGroup} threads are needed, it allows {_device.MaxNumThreadsPerGroup}";
        }

        return _device.MaxSharedMemoryPerGroup < MinSharedMemory
            ? $"{MinSharedMemory >> 10} KiB of shared memory are needed, it has {_device.MaxSharedMemoryPerGroup >> 10} KiB"
            : null;
    }
}
