using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace Data2Vec.Kernels.Gpu.Tests;

public class KernelCacheTests
{
    [Fact]
    public void Completing_names_a_kernel_that_does_not_compile()
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
    public void Optional_kernels_that_do_not_compile_are_listed_with_the_reason()
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
    public void All_kernels_compile_for_the_simulated_device() => Assert.Empty(GpuFixture.Backend(GpuFixture.Simulator).CompileKernels());

    private static void Refused<T>(ArrayView<int> numbers) => numbers[0]++;

    private static void Reads(ArrayView<int> numbers) => numbers[0]++;

    /// <summary>Kernels cannot use strings.</summary>
    private static void Fails(ArrayView<int> numbers) => numbers[0] = Environment.MachineName.Length;
}
