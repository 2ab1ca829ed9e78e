using Data2Vec.Kernels.Gpu.DeviceCode;
using Data2Vec.Kernels.Tests;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>The normalization in a warp's registers against plain loops, on a simulated device with warps of 32 threads.</summary>
public sealed class WarpNormKernelTests
{
    [Theory]
    [InlineData(8, false)]
    [InlineData(200, true)]
    [InlineData(512, false)]
    [InlineData(520, true)]
    [InlineData(768, false)]
    [InlineData(1000, true)]
    [InlineData(1024, false)]
    public void Normalizations_match_a_scalar_loop(int columns, bool isAdded)
    {
        const int Rows = 19;
        using Context context = Context.Create(builder => builder.CPU(new CPUDevice(32, WarpNormKernel.Threads / 32, 1)));
        using Accelerator accelerator = context.GetCPUDevice(0).CreateAccelerator(context);
        float[] x = Numbers(1, Rows * columns), added = Numbers(2, Rows * columns), gain = Numbers(3, columns), bias = Numbers(4, columns);
        double[] sums = [.. x.Select((value, i) => (double)value + (isAdded ? added[i] : 0))];
        double[] expected = [.. Reference.LayerNorm(sums, columns, gain, bias, 1e-5).Select(Reference.Gelu)];
        using MemoryBuffer1D<float, Stride1D.Dense> input = accelerator.Allocate1D(x), residual = accelerator.Allocate1D(added);
        using MemoryBuffer1D<float, Stride1D.Dense> vectors = accelerator.Allocate1D<float>([.. gain, .. bias]), output = accelerator.Allocate1D<float>(Rows * columns);
        Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormArguments> kernel =
            columns <= 512 ? WarpNormKernel.Normalize<NormSize512, BFloat> : columns <= 768 ? WarpNormKernel.Normalize<NormSize768, BFloat> : WarpNormKernel.Normalize<NormSize1024, BFloat>;
        accelerator.LoadKernel(kernel)(
            accelerator.DefaultStream, new KernelConfig((Rows + WarpNormKernel.Rows - 1) / WarpNormKernel.Rows, WarpNormKernel.Threads),
            input.View, residual.View, vectors.View, output.View,
            new NormArguments
            {
                Rows = Rows,
                Columns = columns,
                InputStride = columns,
                ResidualStride = columns,
                OutputStride = columns,
                InputLayout = Four.Aligned,
                ResidualLayout = Four.Aligned,
                OutputLayout = Four.Aligned,
                HasResidual = isAdded ? 1 : 0,
                Activation = (int)Activation.Gelu,
                Epsilon = 1e-5f,
            });
        accelerator.Synchronize();
        Close(expected, output.GetAsArray1D(), 1e-5);
    }
}
