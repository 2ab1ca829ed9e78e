using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Runtime.CPU;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>A simulated device that claims tensor cores and has groups large enough for their kernels, but not their instructions.</summary>
internal sealed class SimulatedTensorCores : IDisposable
{
    private readonly Context _context;

    public SimulatedTensorCores(int multiprocessors = 1)
    {
        _context = Context.Create(builder => builder.CPU(new CPUDevice(32, TensorKernel.Threads / 32, multiprocessors)));
        Backend = new GpuBackend(GpuFixture.Simulator, _context.GetCPUDevice(0).CreateAccelerator(_context));
        Backend.Context.Options = Backend.Context.Options with { HasTensorCores = true };
    }

    public GpuBackend Backend { get; }

    public void Dispose()
    {
        Backend.Dispose();
        _context.Dispose();
    }
}
