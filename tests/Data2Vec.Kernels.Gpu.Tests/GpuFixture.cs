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

    /// <summary>The same kinds with activations in bf16, whatever the weights are; products of bf16 on tensor cores where there are any.</summary>
    private static readonly Dictionary<string, Lazy<GpuBackend>> s_bfloatBackends = new()
    {
        [Simulator] = new(() => WithBFloats(GpuDevices.OpenSimulator())),
        ["cuda"] = new(() => WithBFloats(GpuDevices.Find("cuda").Open())),
        ["opencl"] = new(() => WithBFloats(GpuDevices.Find("opencl").Open())),
    };

    private static GpuBackend WithBFloats(GpuBackend backend)
    {
        backend.Context.ActivationType = ElementType.BF16;
        return backend;
    }

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
    /// <param name="kind">The kind.</param>
    /// <param name="activations">What activations are in.</param>
    public static GpuBackend Backend(string kind, ElementType activations = ElementType.F32)
    {
        if (kind != Simulator && GpuDevices.WhyNone(kind) is { } reason)
        {
            Assert.Skip(reason);
        }

        return (activations == ElementType.BF16 ? s_bfloatBackends : s_backends)[kind].Value;
    }
}
