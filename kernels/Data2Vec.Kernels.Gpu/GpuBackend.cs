namespace Data2Vec.Kernels.Gpu;

/// <summary>A GPU, or another device with OpenCL.</summary>
public sealed class GpuBackend : Backend, IDisposable
{
    internal GpuBackend(string name, Accelerator accelerator)
    {
        Name = name;
        Context = new GpuContext(accelerator);
    }

    /// <inheritdoc/>
    public override string Name { get; }

    internal GpuContext Context { get; }

    /// <inheritdoc/>
    public override string Description => $"{Context.Accelerator.Name}, {Context.Accelerator.MemorySize >> 20} MiB";

    /// <inheritdoc/>
    public override WeightStore CreateStore() => new GpuStore(Context);

    /// <summary>
    /// Whether repeated input lengths are replayed as CUDA graphs. Off by default; needs CUDA 11.4. Graphs save time on the host, not on the device: if the
    /// host queues kernels faster than the device runs them, as measured with an H200, inferences start earlier without graphs.
    /// </summary>
    public bool UsesGraphs
    {
        get => Context.Graphs is not null;
        set => Context.Graphs = value ? Context.Graphs ?? CudaGraphs.Create(Context.Accelerator) : null;
    }

    /// <summary>
    /// Whether products with f32 weights that are loaded from now on run on tensor cores in tf32: if their inputs, or the channels of a convolution, are a
    /// multiple of 4, both sides are rounded to 11 significant bits. Attention and everything else stay in f32. Off by default; needs CUDA with compute
    /// capability 8.0.
    /// </summary>
    public bool UsesTf32
    {
        get => Context.Options.UsesTf32;
        set => Context.Options = Context.Options with { UsesTf32 = value && Context.Options.HasTensorCores };
    }

    /// <summary>
    /// Compiles the kernels of all number formats, which takes seconds. Optional: loading a model compiles its kernels. Includes tf32 if
    /// <see cref="UsesTf32"/> is on.
    /// </summary>
    /// <returns>The kernels that do not compile and are replaced by slower ones, a line each with the reason.</returns>
    /// <exception cref="NotSupportedException">A kernel that models need does not compile.</exception>
    public unsafe IReadOnlyList<string> CompileKernels()
    {
        float* zeros = stackalloc float[64];
        new Span<float>(zeros, 64).Clear();
        using WeightStore store = CreateStore();
        var kernels = new GpuKernels(Context);
        kernels.RequestTensorKernels(ElementType.BF16, [512, 768, 1024], hasSplitK: true, hasTables: true);
        kernels.RequestTensorKernels(ElementType.F16, [512, 768, 1024], hasSplitK: true, hasTables: true);
        foreach (ElementType type in new[] { ElementType.BF16, ElementType.F16, ElementType.I8, ElementType.F32 })
        {
            store.Linear([(Zeros(8, 8), null)]);
            store.Conv1d(Zeros(8, 8, 1), null, new Conv1dShape(8, 8, 1, 1));
            store.Conv2d(Zeros(8, 8, 1, 1), null, new Conv2dShape(8, 8, 1));
            store.Embedding(Zeros(8, 8));

            WeightData Zeros(params int[] shape) => new((nint)zeros, type, WeightLayout.Rows, shape);
        }

        Context.Kernels.Complete();
        return Context.Kernels.Refused();
    }

    /// <summary>Releases the device. Dispose the models on it first.</summary>
    public void Dispose()
    {
        Context.Kernels.Wait();
        Context.Accelerator.Release(Context.Accelerator);
    }
}
