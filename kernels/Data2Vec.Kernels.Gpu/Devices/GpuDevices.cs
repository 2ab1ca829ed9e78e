using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Data2Vec.Kernels.Gpu;

/// <summary>The devices of this machine that CUDA and OpenCL know.</summary>
public static class GpuDevices
{
    internal const string Cuda = "cuda";
    private const string OpenCl = "opencl";

    private static readonly Lazy<Context> s_context = new(CreateContext);
    private static readonly Lazy<GpuDevice[]> s_devices = new(() => !HasLibrary(Cuda) && !HasLibrary(OpenCl) ? [] :
    [
        .. s_context.Value.Devices.OfType<CudaDevice>().Select((device, i) => new GpuDevice(s_context.Value, device, $"{Cuda}:{i}")),
        .. s_context.Value.Devices.OfType<CLDevice>().Select((device, i) => new GpuDevice(s_context.Value, device, $"{OpenCl}:{i}")),
    ]);

    /// <summary>The kinds of devices.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [Cuda, OpenCl];

    /// <summary>All devices, CUDA first.</summary>
    /// <exception cref="NotSupportedException">A driver fails.</exception>
    public static IReadOnlyList<GpuDevice> All => s_devices.Value;

    /// <summary>The first device that models should run on, or null.</summary>
    public static GpuDevice? Best => All.FirstOrDefault(device => device is { Problem: null, Drawback: null });

    /// <summary>Why there is no device of a kind, or null if there is one.</summary>
    /// <param name="kind"><c>cuda</c> or <c>opencl</c>.</param>
    public static string? WhyNone(string kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        if (All.Any(device => device.Name.StartsWith(kind, StringComparison.Ordinal)))
        {
            return null;
        }

        if (kind == Cuda && CudaStart.Problem is { } problem)
        {
            return problem;
        }

        string driver = kind == Cuda ? "NVIDIA driver" : "OpenCL loader";
        return HasLibrary(kind) ? $"the {driver} finds no device" : $"no {driver} is installed: {Library(kind)} was not found";
    }

    /// <summary>Whether a name has the form of a device name: <c>cuda</c> or <c>opencl</c>, optionally with a colon and a number.</summary>
    public static bool IsName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Split(':') is [Cuda or OpenCl] or [Cuda or OpenCl, { Length: > 0 and < 4 }]
            && name.Split(':').Skip(1).All(number => number.All(char.IsAsciiDigit));
    }

    /// <summary>Finds a device by name.</summary>
    /// <param name="name"><c>cuda</c>, <c>cuda:1</c>, <c>opencl</c>, <c>opencl:1</c>; without a number, the first usable device of the kind.</param>
    /// <exception cref="ArgumentException">The name has another form.</exception>
    /// <exception cref="NotSupportedException">There is no such device; the message says why.</exception>
    public static GpuDevice Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsName(name))
        {
            throw new ArgumentException($"'{name}' is not a device name; use cuda, cuda:0, opencl or opencl:0", nameof(name));
        }

        string[] parts = name.Split(':');
        GpuDevice[] ofKind = [.. All.Where(device => device.Name.StartsWith(parts[0], StringComparison.Ordinal))];
        GpuDevice? found = parts.Length == 2
            ? Array.Find(ofKind, device => device.Name == name)
            : Array.Find(ofKind, device => device.Problem is null) ?? ofKind.FirstOrDefault();
        return found ?? throw new NotSupportedException(
            $"{name}: {WhyNone(parts[0]) ?? $"there are only {string.Join(", ", ofKind.Select(device => device.Name))}"}");
    }

    /// <summary>Opens ILGPU's simulated device, which runs kernels on the CPU thread by thread; for tests.</summary>
    internal static GpuBackend OpenSimulator() => new("simulator", s_context.Value.GetCPUDevice(0).CreateAccelerator(s_context.Value));

    /// <summary>The driver library of a kind of device.</summary>
    internal static string Library(string kind) => (OperatingSystem.IsWindows(), OperatingSystem.IsMacOS(), kind) switch
    {
        (true, _, Cuda) => "nvcuda.dll",
        (true, _, _) => "OpenCL.dll",
        (_, true, OpenCl) => "/System/Library/Frameworks/OpenCL.framework/OpenCL",
        (_, _, Cuda) => "libcuda.so.1",
        _ => "libOpenCL.so.1",
    };

    private static bool HasLibrary(string kind) => NativeLibrary.TryLoad(Library(kind), out _);

    private static Context CreateContext()
    {
        // ILGPU loads library names of development packages. On Windows Subsystem for Linux it has its own resolver.
        if (OperatingSystem.IsLinux() && !Directory.Exists("/usr/lib/wsl/lib"))
        {
            NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, Resolve);
        }

        // ILGPU's kernel cache compiles under a lock that allocations wait for; KernelCache replaces it.
        try
        {
            return Context.Create(builder =>
            {
                builder.Optimize(OptimizationLevel.O2).Caching(CachingMode.NoKernelCaching).OpenCL(_ => true).CPU(CPUDeviceKind.Default);
                if (CudaStart.Problem is null)
                {
                    builder.Cuda(_ => true);
                }
            });
        }
        catch (AcceleratorException error)
        {
            throw new NotSupportedException($"the CUDA or OpenCL driver fails: {error.Message}", error);
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        NativeLibrary.TryLoad($"lib{name}.so.1", out nint library) ? library : 0;
}
