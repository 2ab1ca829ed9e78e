using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;
using Data2Vec.Kernels.Gpu;

namespace Data2Vec.Cli;

/// <summary>A device, and a fallback if it cannot load models.</summary>
internal sealed class Device(Backend backend, Func<Backend>? fallback, TextWriter error) : IDisposable
{
    private readonly IDisposable? _opened = backend as IDisposable;
    private Backend _backend = backend;

    /// <summary>The device, or the fallback after it has failed.</summary>
    public Backend Backend => _backend;

    /// <summary>Loads a model. If the device cannot, reports the reason and uses the fallback from now on.</summary>
    public T Load<T>(Func<Backend, T> load)
    {
        try
        {
            return load(_backend);
        }
        catch (Exception problem) when (fallback is not null && Devices.IsAtFault(problem))
        {
            Devices.ReportFallback(problem, error);
            _backend = fallback();
            return load(_backend);
        }
    }

    public void Dispose() => _opened?.Dispose();
}

/// <summary>The devices of <c>--device</c>.</summary>
internal static class Devices
{
    private const string Auto = "auto";
    private const string Processor = "cpu";

    /// <summary>Whether this is a valid device name.</summary>
    public static bool IsName(string name) => name is Auto or Processor || GpuDevices.IsName(name);

    /// <summary>
    /// Opens a device. <c>auto</c> means the first suitable GPU, or else the CPU; it has the CPU as fallback, unlike a device chosen by name.
    /// </summary>
    /// <exception cref="NotSupportedException">The device is not available. The message says why.</exception>
    public static Device Open(string name, int threads, bool tf32, TextWriter error)
    {
        if (name != Auto)
        {
            Backend named = name == Processor ? new CpuBackend(threads) : Open(GpuDevices.Find(name), tf32);
            if (tf32 && named is not GpuBackend { UsesTf32: true })
            {
                error.WriteLine($"data2vec: {name} has no tensor cores for tf32 and computes in f32");
            }

            return new Device(named, null, error);
        }

        try
        {
            if (GpuDevices.Best is { } best)
            {
                return new Device(Open(best, tf32), () => new CpuBackend(threads), error);
            }
        }
        catch (NotSupportedException problem)
        {
            ReportFallback(problem, error);
        }

        return new Device(new CpuBackend(threads), null, error);
    }

    /// <summary>Whether an exception is the device's fault.</summary>
    public static bool IsAtFault(Exception problem) => problem is NotSupportedException or InsufficientMemoryException or DeviceException;

    /// <summary>Reports that the CPU is used instead, and why.</summary>
    public static void ReportFallback(Exception problem, TextWriter error) =>
        error.WriteLine($"data2vec: {TerminalText.OneLine(problem.Message)}; running on the CPU instead");

    /// <summary>Describes all devices, one per line: which one <c>auto</c> uses, and why not the others.</summary>
    /// <param name="compile">Whether to compile all kernels of each device and report the errors.</param>
    public static IEnumerable<string> Describe(bool compile)
    {
        GpuDevice? best = GpuDevices.Best;
        yield return Line(Processor, new CpuBackend().Description, best is null ? "used by auto" : null);
        foreach (string kind in GpuDevices.Kinds)
        {
            if (GpuDevices.WhyNone(kind) is { } reason)
            {
                yield return Line(kind, reason, null);
            }
        }

        foreach (GpuDevice device in GpuDevices.All)
        {
            string? remark = device.Problem is { } problem ? $"cannot be used: {problem}"
                : device.Drawback is { } drawback ? $"not used by auto: {drawback}"
                : device == best ? "used by auto"
                : $"auto uses {best!.Name}, which comes first";
            yield return Line(device.Name, device.Description, remark);
            foreach (string line in compile && device.Problem is null ? Compile(device) : [])
            {
                yield return $"{"",-9} {TerminalText.OneLine(line)}";
            }
        }
    }

    private static GpuBackend Open(GpuDevice device, bool tf32)
    {
        GpuBackend backend = device.Open();
        backend.UsesTf32 = tf32;
        return backend;
    }

    private static IReadOnlyList<string> Compile(GpuDevice device)
    {
        try
        {
            using GpuBackend backend = Open(device, tf32: true);
            IReadOnlyList<string> refused = backend.CompileKernels();
            return refused.Count > 0 ? refused : ["all kernels compile"];
        }
        catch (Exception problem) when (IsAtFault(problem))
        {
            return [$"it cannot run models: {problem.Message}"];
        }
    }

    private static string Line(string name, string description, string? remark) =>
        $"{name,-9} {description}{(remark is null ? "" : $"; {remark}")}";
}
