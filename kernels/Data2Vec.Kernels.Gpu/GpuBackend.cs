using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>A graphics processor, or another device that OpenCL reaches.</summary>
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
    /// Whether what an inference has the device do is gathered and, where it comes again, queued at one blow as a graph; off at first, and of no
    /// effect without CUDA 11.4. It saves the host's time, not the device's: where the host queues kernels faster than the device does them, as it
    /// did beside an H200, inferences begin earlier without.
    /// </summary>
    public bool UsesGraphs
    {
        get => Context.Graphs is not null;
        set => Context.Graphs = value ? Context.Graphs ?? CudaGraphs.Create(Context.Accelerator) : null;
    }

    /// <summary>
    /// Whether models of f32 that are loaded from now on multiply on tensor cores: both sides of products and convolutions, of inputs that are a multiple of 4,
    /// are rounded to 11 bits (tf32), weights when they are loaded; attention and all else stay in f32. Off at first, and always without tensor cores (CUDA, compute capability 8.0 and above).
    /// </summary>
    public bool UsesTf32
    {
        get => Context.UsesTf32;
        set => Context.UsesTf32 = value && Context.HasTensorCores;
    }

    /// <summary>
    /// Compiles what models of every format run on, which takes seconds; models do it by themselves when they are loaded. Kernels of tf32 are among them
    /// where <see cref="UsesTf32"/> is on.
    /// </summary>
    /// <returns>The kernels that the device's compiler refuses and others take the place of, a line each that says why.</returns>
    /// <exception cref="NotSupportedException">It refuses one that models cannot do without.</exception>
    public unsafe IReadOnlyList<string> CompileKernels()
    {
        float* zeros = stackalloc float[64];
        new Span<float>(zeros, 64).Clear();
        using WeightStore store = CreateStore();
        var kernels = new GpuKernels(Context);
        kernels.RequestTensorKernels(ElementType.BF16, [512, 768, 1024], hasSums: true, hasTables: true);
        kernels.RequestTensorKernels(ElementType.F16, [512, 768, 1024], hasSums: true, hasTables: true);
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

    /// <summary>Lets the device go. Models that run on it must be disposed before.</summary>
    public void Dispose()
    {
        Context.Kernels.Wait();
        Context.Accelerator.Release(Context.Accelerator);
    }
}
