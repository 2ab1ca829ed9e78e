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

    /// <summary>Lets the device go. Models that run on it must be disposed before.</summary>
    public void Dispose()
    {
        Context.Kernels.Wait();
        Context.Accelerator.Release(Context.Accelerator);
    }
}
