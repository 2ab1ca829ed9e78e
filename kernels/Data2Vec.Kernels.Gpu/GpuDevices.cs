using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Data2Vec.Kernels.Gpu;

/// <summary>The devices of this machine that CUDA and OpenCL know.</summary>
public static class GpuDevices
{
    private const string Cuda = "cuda";
    private const string OpenCl = "opencl";

    private static readonly Lazy<Context> s_context = new(CreateContext);
    private static readonly Lazy<GpuDevice[]> s_devices = new(() =>
    [
        .. s_context.Value.Devices.OfType<CudaDevice>().Select((device, i) => new GpuDevice(s_context.Value, device, $"{Cuda}:{i}")),
        .. s_context.Value.Devices.OfType<CLDevice>().Select((device, i) => new GpuDevice(s_context.Value, device, $"{OpenCl}:{i}")),
    ]);

    /// <summary>All that were found, those of CUDA first.</summary>
    public static IReadOnlyList<GpuDevice> All => s_devices.Value;

    /// <summary>The first that a model should run on, or null where there is none.</summary>
    public static GpuDevice? Best => All.FirstOrDefault(device => device is { Problem: null, IsProcessor: false });

    /// <summary>Why there is no device of a kind; null where there is one.</summary>
    /// <param name="kind"><c>cuda</c> or <c>opencl</c>.</param>
    public static string? WhyNone(string kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        (string library, string driver) = kind == Cuda ? ("libcuda.so.1", "driver of NVIDIA") : ("libOpenCL.so.1", "OpenCL loader");
        if (All.Any(device => device.Name.StartsWith(kind, StringComparison.Ordinal)))
        {
            return null;
        }

        return OperatingSystem.IsLinux() && !NativeLibrary.TryLoad(library, out _)
            ? $"there is no {driver}: {library} was not found"
            : $"the {driver} finds no device";
    }

    /// <summary>A device by its name.</summary>
    /// <param name="name"><c>cuda</c>, <c>cuda:1</c>, <c>opencl</c>, <c>opencl:1</c>; without a number, the first that can be used.</param>
    /// <exception cref="ArgumentException">The name is none of these.</exception>
    /// <exception cref="NotSupportedException">There is no such device; the message says why.</exception>
    public static GpuDevice Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string[] parts = name.Split(':');
        bool hasNumber = parts.Length == 2 && parts[1].Length > 0 && parts[1].All(char.IsAsciiDigit);
        if (parts[0] is not (Cuda or OpenCl) || (parts.Length > 1 && !hasNumber))
        {
            throw new ArgumentException($"'{name}' is no device: cuda, cuda:0, opencl, opencl:0 are", nameof(name));
        }

        GpuDevice[] ofKind = [.. All.Where(device => device.Name.StartsWith(parts[0], StringComparison.Ordinal))];
        GpuDevice? found = hasNumber
            ? Array.Find(ofKind, device => device.Name == name)
            : Array.Find(ofKind, device => device.Problem is null) ?? ofKind.FirstOrDefault();
        return found ?? throw new NotSupportedException(
            $"{name}: {WhyNone(parts[0]) ?? $"there are only {string.Join(", ", ofKind.Select(device => device.Name))}"}");
    }

    /// <summary>A device that runs kernels on the processor, thread by thread: slow, and for tests alone.</summary>
    internal static GpuBackend OpenSimulator() => new("simulator", s_context.Value.GetCPUDevice(0).CreateAccelerator(s_context.Value));

    private static Context CreateContext()
    {
        // The names that ILGPU asks for are those of development packages. On Windows Subsystem for Linux it has a resolver of its own.
        if (OperatingSystem.IsLinux() && !Directory.Exists("/usr/lib/wsl/lib"))
        {
            NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, Resolve);
        }

        return Context.Create(builder => builder
            .Optimize(OptimizationLevel.O2)
            .Cuda(_ => true)
            .OpenCL(_ => true)
            .CPU(CPUDeviceKind.Default));
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        NativeLibrary.TryLoad($"lib{name}.so.1", out nint library) ? library : 0;
}
