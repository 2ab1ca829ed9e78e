using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>A graphics processor, or another device that OpenCL reaches.</summary>
public sealed class GpuBackend : Backend, IDisposable
{
    private readonly GpuContext _context;

    internal GpuBackend(string name, Accelerator accelerator)
    {
        Name = name;
        _context = new GpuContext(accelerator);
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override string Description => $"{_context.Accelerator.Name}, {_context.Accelerator.MemorySize >> 20} MiB";

    /// <inheritdoc/>
    public override WeightStore CreateStore() => new GpuStore(_context);

    /// <summary>Lets the device go. Models that run on it must be disposed before.</summary>
    public void Dispose()
    {
        _context.Kernels.Wait();
        _context.Accelerator.Dispose();
    }
}
