namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>The kinds of devices to test on, each made ready once.</summary>
internal static class GpuFixture
{
    public const string Simulator = "simulator";

    private static readonly Dictionary<string, Lazy<GpuBackend>> s_backends = new()
    {
        [Simulator] = new(GpuDevices.OpenSimulator),
        ["cuda"] = new(OpenCudaWithoutTensorCores),
        ["opencl"] = new(() => GpuDevices.Find("opencl").Open()),
    };

    /// <summary>Whose products with weights of bf16 round nothing else, as the tests expect; tensor cores have tests of their own.</summary>
    private static GpuBackend OpenCudaWithoutTensorCores()
    {
        GpuBackend backend = GpuDevices.Find("cuda").Open();
        backend.Context.HasTensorCores = false;
        return backend;
    }

    /// <summary>All kinds, a simulated device among them; each test has the trait <c>device</c>.</summary>
    public static IEnumerable<TheoryDataRow<string>> Kinds => s_backends.Keys.Select(kind => new TheoryDataRow<string>(kind).WithTrait("device", kind));

    /// <summary>The kinds that are not simulated.</summary>
    public static IEnumerable<TheoryDataRow<string>> RealKinds => Kinds.Where(row => row.Data != Simulator);

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
