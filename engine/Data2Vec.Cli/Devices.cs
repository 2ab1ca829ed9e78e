using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;
using Data2Vec.Kernels.Gpu;

namespace Data2Vec.Cli;

/// <summary>The devices that <c>--device</c> chooses from.</summary>
internal static class Devices
{
    private const string Auto = "auto";
    private const string Processor = "cpu";

    /// <summary>Whether a device may have this name.</summary>
    public static bool IsName(string name) => name is Auto or Processor || GpuDevices.IsName(name);

    /// <summary>Makes a device ready.</summary>
    /// <param name="name">A name; <c>auto</c> is the first graphics processor that is the better choice, or else the processor.</param>
    /// <param name="threads">Threads of the processor; 0 for one a core.</param>
    /// <param name="tf32">Whether a graphics processor multiplies numbers of f32 as tf32 where it can.</param>
    /// <param name="error">Told why <c>auto</c> takes the processor where the better choice fails.</param>
    /// <returns>The device, and what to fall back to where a model cannot be loaded on it; null where it was named.</returns>
    /// <exception cref="NotSupportedException">There is no such device; the message says why.</exception>
    public static (Backend Device, Func<Backend>? Fallback) Open(string name, int threads, bool tf32, TextWriter error)
    {
        if (name != Auto)
        {
            Backend named = name == Processor ? new CpuBackend(threads) : Open(GpuDevices.Find(name), tf32);
            if (tf32 && named is not GpuBackend { UsesTf32: true })
            {
                error.WriteLine($"data2vec: {name} has no tensor cores for tf32 and multiplies as it always does");
            }

            return (named, null);
        }

        try
        {
            if (GpuDevices.Best is { } best)
            {
                return (Open(best, tf32), () => new CpuBackend(threads));
            }
        }
        catch (NotSupportedException problem)
        {
            TellFallback(problem, error);
        }

        return (new CpuBackend(threads), null);
    }

    /// <summary>Whether loading a model failed for what the device is, or has.</summary>
    public static bool IsAtFault(Exception problem) => problem is NotSupportedException or InsufficientMemoryException or DeviceException;

    /// <summary>Says that the processor is taken, and why.</summary>
    public static void TellFallback(Exception problem, TextWriter error) =>
        error.WriteLine($"data2vec: {Text.OneLine(problem.Message)}; running on the processor instead");

    /// <summary>All devices, a line each, what <c>auto</c> takes, and why it does not take the others.</summary>
    /// <param name="compile">Whether to compile the kernels of each device, and say which its compiler refuses.</param>
    public static IEnumerable<string> Describe(bool compile)
    {
        GpuDevice? best = GpuDevices.Best;
        yield return Line(Processor, new CpuBackend().Description, best is null ? "auto takes it" : null);
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
                : device.Drawback is { } drawback ? $"auto does not take it: {drawback}"
                : device == best ? "auto takes it"
                : $"auto takes {best!.Name}, which comes first";
            yield return Line(device.Name, device.Description, remark);
            foreach (string line in compile && device.Problem is null ? Compile(device) : [])
            {
                yield return $"{"",-9} {Text.OneLine(line)}";
            }
        }
    }

    private static GpuBackend Open(GpuDevice device, bool tf32)
    {
        GpuBackend backend = device.Open();
        backend.UsesTf32 = tf32;
        return backend;
    }

    /// <summary>What becomes of a device's kernels.</summary>
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
            return [$"no model can run on it: {problem.Message}"];
        }
    }

    private static string Line(string name, string description, string? remark) =>
        $"{name,-9} {description}{(remark is null ? "" : $"; {remark}")}";
}
