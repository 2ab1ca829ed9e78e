using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace Data2Vec.Kernels.Gpu.Tests;

public class KernelCacheTests
{
    [Fact]
    public void A_kernel_that_cannot_be_compiled_is_named_when_the_kernels_are_completed()
    {
        using Context context = Context.Create(builder => builder.Caching(CachingMode.NoKernelCaching).CPU(CPUDeviceKind.Default));
        using Accelerator accelerator = context.GetCPUDevice(0).CreateAccelerator(context);
        var kernels = new KernelCache(accelerator);
        kernels.Get(Reads, accelerator => accelerator.LoadKernel<ArrayView<int>>(Reads));
        kernels.Complete();
        kernels.Get(Fails, accelerator => accelerator.LoadKernel<ArrayView<int>>(Fails));
        Assert.Contains(nameof(Fails), Assert.Throws<NotSupportedException>(kernels.Complete).Message);
    }

    private static void Reads(ArrayView<int> numbers) => numbers[0]++;

    /// <summary>Devices have no text.</summary>
    private static void Fails(ArrayView<int> numbers) => numbers[0] = Environment.MachineName.Length;
}
