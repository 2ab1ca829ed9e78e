using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Data2Vec.Kernels.Gpu;

/// <summary>A device that was found, whether models can run on it or not.</summary>
public sealed class GpuDevice
{
    /// <summary>Shared memory of a group that the largest kernel takes.</summary>
    private const int MinSharedMemory = 44 << 10;

    /// <summary>Memory that a model of base size takes in f32, with what an inference needs.</summary>
    private const long MinMemory = 1L << 30;

    private readonly Context _context;
    private readonly Device _device;

    internal GpuDevice(Context context, Device device, string name)
    {
        (_context, _device, Name) = (context, device, name);
        Problem = FindProblem();
        Drawback = FindDrawback();
    }

    /// <summary>What it is chosen by: <c>cuda:0</c>, <c>opencl:1</c>.</summary>
    public string Name { get; }

    /// <summary>The device in words.</summary>
    public string Description => _device switch
    {
        CudaDevice cuda => $"{cuda.Name}, {cuda.MemorySize >> 20} MiB, compute capability {cuda.Architecture}, {cuda.NumMultiprocessors} multiprocessors",
        CLDevice opencl => $"{opencl.Name}, {opencl.MemorySize >> 20} MiB, OpenCL {opencl.DeviceVersion}, {opencl.NumMultiprocessors} compute units, {opencl.PlatformName}",
        _ => _device.Name,
    };

    /// <summary>Why models cannot run on it, or null where they can.</summary>
    public string? Problem { get; }

    /// <summary>Why a model should rather run on the processor, or null where the device is the better choice.</summary>
    public string? Drawback { get; }

    /// <summary>Operations a second in single precision, without tensor cores; null where it is not known.</summary>
    public double? PeakFlops => _device is CudaDevice { Architecture: { } architecture } cuda
        ? 2e6 * cuda.ClockRate * cuda.NumMultiprocessors * (architecture.Major == 7 || architecture is { Major: 8, Minor: 0 } ? 64 : 128)
        : null;

    /// <summary>Makes the device ready.</summary>
    /// <exception cref="NotSupportedException">It has a <see cref="Problem"/>, or its driver fails.</exception>
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
            throw new NotSupportedException($"{Name}: the driver cannot make the device ready: {error.Message}", error);
        }
    }

    private string? FindDrawback()
    {
        if (_device is CLDevice { DeviceType: not CLDeviceType.CL_DEVICE_TYPE_GPU and not CLDeviceType.CL_DEVICE_TYPE_ACCELERATOR })
        {
            return "it is the processor, which is faster without OpenCL";
        }

        return _device.MemorySize < MinMemory ? $"it has less than {MinMemory >> 20} MiB of memory" : null;
    }

    private string? FindProblem()
    {
        if (_device is CudaDevice { Architecture: null } or CudaDevice { InstructionSet: null })
        {
            return "its driver is too old";
        }

        if (_device is CLDevice opencl)
        {
            if (opencl.DeviceVersion < CLDeviceVersion.CL20)
            {
                return $"OpenCL 2.0 is needed, it has {opencl.DeviceVersion}";
            }

            if (!opencl.Capabilities.GenericAddressSpace)
            {
                return "it lacks OpenCL's generic address space";
            }
        }

        if (_device.MaxNumThreadsPerGroup < GpuContext.FullGroup)
        {
            return $"groups of {GpuContext.FullGroup} threads are needed, it allows {_device.MaxNumThreadsPerGroup}";
        }

        return _device.MaxSharedMemoryPerGroup < MinSharedMemory
            ? $"{MinSharedMemory >> 10} KiB of shared memory are needed, it has {_device.MaxSharedMemoryPerGroup >> 10}"
            : null;
    }
}
