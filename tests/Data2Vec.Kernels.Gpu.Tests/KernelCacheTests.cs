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
        kernels.Get<Action<AcceleratorStream, KernelConfig, ArrayView<int>>>(Reads);
        kernels.Complete();
        kernels.Get<Action<AcceleratorStream, KernelConfig, ArrayView<int>>>(Fails);
        Assert.Contains(nameof(Fails), Assert.Throws<NotSupportedException>(kernels.Complete).Message);
    }

    [Fact]
    public void An_optional_kernel_that_cannot_be_compiled_is_named_with_the_reason_and_the_others_are_there()
    {
        using Context context = Context.Create(builder => builder.Caching(CachingMode.NoKernelCaching).CPU(CPUDeviceKind.Default));
        using Accelerator accelerator = context.GetCPUDevice(0).CreateAccelerator(context);
        var kernels = new KernelCache(accelerator);
        Task reads = kernels.GetOptional<Action<AcceleratorStream, KernelConfig, ArrayView<int>>>(Reads, KernelSpecialization.Empty);

        // What ILGPU itself refuses may disturb what it compiles beside it; an assembler's refusal does not.
        kernels.Complete();
        Assert.Empty(kernels.Refused());
        kernels.GetOptional<Action<AcceleratorStream, KernelConfig, ArrayView<int>>>(Fails, KernelSpecialization.Empty);
        kernels.GetOptional(Refused<int>, KernelSpecialization.Empty, Refuse);
        kernels.Complete();
        IReadOnlyList<string> refused = kernels.Refused();
        Assert.True(reads.IsCompletedSuccessfully);
        Assert.Equal(2, refused.Count);
        Assert.Contains($"{nameof(KernelCacheTests)}.{nameof(Fails)}", refused[0]);
        Assert.Contains($"{nameof(Refused)}<Int32>", refused[1]);
        Assert.Contains("ptxas fatal: nothing will do", refused[1]);

        static Action Refuse() => throw new InvalidOperationException("ptxas fatal: nothing\nwill do");
    }

    [Fact]
    public void A_device_tells_that_all_its_kernels_compile() => Assert.Empty(GpuFixture.Backend(GpuFixture.Simulator).CompileKernels());

    private static void Refused<T>(ArrayView<int> numbers) => numbers[0]++;

    private static void Reads(ArrayView<int> numbers) => numbers[0]++;

    /// <summary>Devices have no text.</summary>
    private static void Fails(ArrayView<int> numbers) => numbers[0] = Environment.MachineName.Length;
}
