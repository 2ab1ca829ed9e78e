using ILGPU.Runtime;
using static Data2Vec.Kernels.Gpu.Tests.GpuFixture;

namespace Data2Vec.Kernels.Gpu.Tests;

public class DeviceFailureTests
{
    private static Accelerator Device => Backend(Simulator).Context.Accelerator;

    [Fact]
    public void Driver_errors_name_the_device()
    {
        DeviceException error = Assert.Throws<DeviceException>(() => Device.Run(() => throw new Failure()));
        Assert.StartsWith(Device.Name, error.Message);
        Assert.Contains("lost", error.Message);
    }

    [Fact]
    public void Freeing_on_a_failed_device_does_not_throw() => Device.Release(new FailingResource());

    [Fact]
    public void A_failed_allocation_is_retried_after_freeing_idle_memory()
    {
        int freed = 0;
        var memory = new GpuMemory(Device, () => freed++);
        memory.Release(memory.Allocate<float>(16));
        Assert.Equal(0, freed);
        Assert.Contains("MiB of device memory", Assert.Throws<InsufficientMemoryException>(() => memory.Allocate<float>(1L << 50)).Message);
        Assert.Equal(1, freed);
    }

    private sealed class Failure() : AcceleratorException("the device was lost")
    {
        public override AcceleratorType AcceleratorType => AcceleratorType.CPU;
    }

    private sealed class FailingResource : IDisposable
    {
        public void Dispose() => throw new Failure();
    }
}
