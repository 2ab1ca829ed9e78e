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
    /// <exception cref="NotSupportedException">There is no such device; the message says why.</exception>
    public static Backend Open(string name, int threads)
    {
        GpuDevice? device = name switch
        {
            Auto => GpuDevices.Best,
            Processor => null,
            _ => GpuDevices.Find(name),
        };
        return device is null ? new CpuBackend(threads) : device.Open();
    }

    /// <summary>All devices, a line each, what <c>auto</c> takes, and why it does not take the others.</summary>
    public static IEnumerable<string> Describe()
    {
        GpuDevice? best = GpuDevices.Best;
        yield return Line(Processor, new CpuBackend().Description, best is null ? "auto takes it" : null);
        foreach (string kind in GpuDevices.Kinds)
        {
            if (GpuDevices.WhyNone(kind) is { } reason)
                yield return Line(kind, reason, null);
        }

        foreach (GpuDevice device in GpuDevices.All)
        {
            string? remark = device.Problem is { } problem ? $"cannot be used: {problem}"
                : device.Drawback is { } drawback ? $"auto does not take it: {drawback}"
                : device == best ? "auto takes it"
                : $"auto takes {best!.Name}, which comes first";
            yield return Line(device.Name, device.Description, remark);
        }
    }

    private static string Line(string name, string description, string? remark) =>
        $"{name,-9} {description}{(remark is null ? "" : $"; {remark}")}";
}
