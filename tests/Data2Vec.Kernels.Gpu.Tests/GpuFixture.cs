namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>The kinds of devices to test on, each opened once.</summary>
internal static class GpuFixture
{
    public const string Simulator = "simulator";

    private static readonly Dictionary<string, Lazy<GpuBackend>> s_backends = new()
    {
        [Simulator] = new(GpuDevices.OpenSimulator),
        ["cuda"] = new(OpenCudaWithoutTensorCores),
        ["opencl"] = new(() => GpuDevices.Find("opencl").Open()),
    };

    /// <summary>The same kinds with 16-bit activations for all weights, on tensor cores if available.</summary>
    private static readonly Dictionary<(string Kind, ElementType Type), Lazy<GpuBackend>> s_float16Backends =
        s_backends.Keys.SelectMany(_ => new[] { ElementType.BF16, ElementType.F16 }, (kind, type) => (kind, type)).ToDictionary(key => key, key => new Lazy<GpuBackend>(() =>
        {
            GpuBackend backend = key.kind == Simulator ? GpuDevices.OpenSimulator() : GpuDevices.Find(key.kind).Open();
            backend.Context.Options = backend.Context.Options with { ActivationType = key.type };
            return backend;
        }));

    /// <summary>Without tensor cores, which would round inputs to 16 bits; they have their own tests.</summary>
    private static GpuBackend OpenCudaWithoutTensorCores()
    {
        GpuBackend backend = GpuDevices.Find("cuda").Open();
        backend.Context.Options = backend.Context.Options with { HasTensorCores = false };
        return backend;
    }

    /// <summary>All kinds including the simulated device, as the trait <c>device</c>.</summary>
    public static IEnumerable<TheoryDataRow<string>> Kinds => s_backends.Keys.Select(kind => new TheoryDataRow<string>(kind).WithTrait("device", kind));

    /// <summary>All kinds with each 16-bit type of activations.</summary>
    public static IEnumerable<TheoryDataRow<string, ElementType>> Float16Kinds =>
        s_float16Backends.Keys.Select(key => new TheoryDataRow<string, ElementType>(key.Kind, key.Type).WithTrait("device", key.Kind));

    /// <summary>The kinds that are not simulated.</summary>
    public static IEnumerable<TheoryDataRow<string>> RealKinds => Kinds.Where(row => row.Data != Simulator);

    /// <summary>The device of a kind; skips the test without one.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="activations">Type of activations.</param>
    public static GpuBackend Backend(string kind, ElementType activations = ElementType.F32)
    {
        if (kind != Simulator && GpuDevices.WhyNone(kind) is { } reason)
        {
            Assert.Skip(reason);
        }

        return (activations == ElementType.F32 ? s_backends[kind] : s_float16Backends[(kind, activations)]).Value;
    }

    /// <summary>Opens a CUDA device with tensor cores for one test; skips the test without one.</summary>
    public static GpuBackend OpenTensorCores()
    {
        Assert.SkipWhen(GpuDevices.WhyNone("cuda") is not null, "there is no CUDA device");
        GpuBackend backend = GpuDevices.Find("cuda").Open();
        if (!backend.Context.Options.HasTensorCores)
        {
            backend.Dispose();
            Assert.Skip("the device has no tensor cores");
        }

        return backend;
    }
}
