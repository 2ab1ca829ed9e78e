namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>The kinds of devices to test on, each made ready once.</summary>
internal static class GpuFixture
{
    public const string Simulator = "simulator";

    private static readonly Dictionary<string, Lazy<GpuBackend>> s_backends = new()
    {
        [Simulator] = new(GpuDevices.OpenSimulator),
        ["cuda"] = new(() => GpuDevices.Find("cuda").Open()),
        ["opencl"] = new(() => GpuDevices.Find("opencl").Open()),
    };

    /// <summary>All kinds, a simulated device among them.</summary>
    public static TheoryData<string> Kinds => new(s_backends.Keys);

    /// <summary>The kinds that are not simulated.</summary>
    public static TheoryData<string> RealKinds => new(s_backends.Keys.Where(kind => kind != Simulator));

    /// <summary>A device of a kind; without one the test is skipped.</summary>
    public static GpuBackend Backend(string kind)
    {
        if (kind != Simulator && GpuDevices.WhyNone(kind) is { } reason)
        {
            Assert.Skip(reason);
        }

        return s_backends[kind].Value;
    }
}
