using Data2Vec.Kernels.Gpu.DeviceCode;
using Data2Vec.Kernels.Tests;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using static Data2Vec.Kernels.Gpu.Tests.StoredNumbers;
using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>Normalization in the registers of warps against plain loops, on a simulated device with warps of 32 threads.</summary>
public sealed class WarpNormKernelTests
{
    /// <summary>Initial contents of memory, a number of all formats.</summary>
    private const float Empty = 3 << 12;

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
        foreach (ElementType type in new[] { ElementType.F32, ElementType.BF16, ElementType.F16 })
        {
            float[] x = Rounded(type, Numbers(1, Rows * columns)), added = Rounded(type, Numbers(2, Rows * columns)), gain = Numbers(3, columns), bias = Numbers(4, columns);
            double[] sums = [.. x.Select((value, i) => (double)value + (isAdded ? added[i] : 0))];
            double[] expected = [.. Reference.LayerNorm(sums, columns, gain, bias, 1e-5).Select(Reference.Gelu)];
            using MemoryBuffer1D<float, Stride1D.Dense> input = accelerator.Allocate1D(Stored(type, x)), residual = accelerator.Allocate1D(Stored(type, added));
            using MemoryBuffer1D<float, Stride1D.Dense> vectors = accelerator.Allocate1D<float>([.. gain, .. bias]), output = accelerator.Allocate1D<float>(input.Length);
            int layout = RowLayout.Aligned4 + (type == ElementType.F32 ? 0 : RowLayout.Format(type) + RowLayout.Aligned8);
            accelerator.LoadKernel(type == ElementType.F16 ? Kernel<Float16Format>() : Kernel<BFloat16Format>())(
                accelerator.DefaultStream, new KernelConfig((Rows + WarpNormKernel.Rows - 1) / WarpNormKernel.Rows, WarpNormKernel.Threads),
                input.View, residual.View, vectors.View, output.View,
                new NormArguments
                {
                    Rows = Rows,
                    Columns = columns,
                    InputStride = columns,
                    ResidualStride = columns,
                    OutputStride = columns,
                    InputLayout = layout,
                    ResidualLayout = layout,
                    OutputLayout = layout,
                    HasResidual = isAdded ? 1 : 0,
                    Activation = (int)Activation.Gelu,
                    Epsilon = 1e-5f,
                });
            accelerator.Synchronize();
            Close(expected, Widened(type, output.GetAsArray1D()), 1e-5, type);
        }

        Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormArguments> Kernel<TFormat>()
            where TFormat : struct, IFloat16Format =>
            columns <= 512 ? WarpNormKernel.Normalize<NormSize512, TFormat> : columns <= 768 ? WarpNormKernel.Normalize<NormSize768, TFormat> : WarpNormKernel.Normalize<NormSize1024, TFormat>;
    }

    /// <summary>Four splits are loaded at once.</summary>
    [Theory]
    [InlineData(8, 1, 1, true)]
    [InlineData(64, 19, 2, false)]
    [InlineData(200, 3, 7, true)]
    [InlineData(512, 19, 3, true)]
    [InlineData(520, 2, 4, false)]
    [InlineData(768, 19, 11, true)]
    [InlineData(768, 5, 1, false)]
    [InlineData(1000, 3, 5, true)]
    [InlineData(1024, 19, 3, false)]
    public void Normalizations_of_split_products_match_a_scalar_loop(int columns, int rows, int slices, bool isAdded)
    {
        // Rows lie further apart than they are long; slices hold 64 numbers of a depth, the last one fewer.
        int stride = columns + 16, vectorStride = columns + 8;
        float[] sums = Numbers(1, slices * rows * columns), added = Rounded(ElementType.F16, Rounded(ElementType.BF16, Numbers(2, rows * stride))), vectors = Numbers(3, 3 * vectorStride);
        float[] gain = Numbers(4, columns), bias = Numbers(5, columns);
        var expected = new double[rows * columns];
        for (int i = 0; i < expected.Length; i++)
        {
            int row = i / columns, column = i % columns;
            double sum = Enumerable.Range(0, slices).Sum(slice => (double)sums[(slice * rows + row) * columns + column]);
            expected[i] = (sum * vectors[column] + vectors[vectorStride + column]) * vectors[2 * vectorStride + column] + (isAdded ? added[row * stride + column] : 0);
        }

        double[] normed = Reference.LayerNorm(expected, columns, gain, bias, 1e-5);
        using Context context = Context.Create(builder => builder.CPU(new CPUDevice(32, 1, 1)));
        using Accelerator accelerator = context.GetCPUDevice(0).CreateAccelerator(context);
        foreach (ElementType type in new[] { ElementType.F32, ElementType.BF16, ElementType.F16 })
        {
            float[] kept = Normalize(type, isKept: true, intoResidual: false, out float[] output);
            Close(expected, Rows(output), 1e-4, type);
            Close(normed, kept, 1e-4, type);
            Assert.All(Enumerable.Range(0, rows), row => Assert.All(output[(row * stride + columns)..((row + 1) * stride)], value => Assert.Equal(Empty, value)));

            // The same bits wherever it goes, and what is not wanted is not stored.
            Assert.Equal(kept, Normalize(type, isKept: false, intoResidual: false, out output));
            Assert.All(output, value => Assert.Equal(Empty, value));
            Assert.Equal(kept, Normalize(type, isKept: true, intoResidual: true, out _));
        }

        float[] Normalize(ElementType type, bool isKept, bool intoResidual, out float[] output)
        {
            float[] empty = Stored(type, [.. Enumerable.Repeat(Empty, rows * stride)]);
            using MemoryBuffer1D<float, Stride1D.Dense> sumsBuffer = accelerator.Allocate1D(sums), vectorsBuffer = accelerator.Allocate1D(vectors);
            using MemoryBuffer1D<float, Stride1D.Dense> residual = accelerator.Allocate1D(Stored(type, added)), outputBuffer = accelerator.Allocate1D(empty);
            using MemoryBuffer1D<float, Stride1D.Dense> normVectors = accelerator.Allocate1D<float>([.. gain, .. bias]), other = accelerator.Allocate1D(empty);
            MemoryBuffer1D<float, Stride1D.Dense> result = intoResidual ? residual : other;
            int layout = RowLayout.Aligned4 + (type == ElementType.F32 ? 0 : RowLayout.Format(type) + RowLayout.Aligned8);
            var product = new MatrixArguments
            {
                Output = (isKept ? outputBuffer : result).View.BaseView.LoadEffectiveAddressAsPtr(),
                Rows = rows,
                Depth = slices * 64 - 32,
                SplitDepth = 64,
                Columns = columns,
                Float4Columns = columns / 4,
                VectorStride = vectorStride,
                OutputStride = stride,
                ResidualStride = stride,
                OutputLayout = layout,
                ResidualLayout = layout,
                HasResidual = isAdded ? 1 : 0,
            };
            accelerator.LoadKernel(type == ElementType.F16 ? Kernel<Float16Format>() : Kernel<BFloat16Format>())(
                accelerator.DefaultStream, new KernelConfig(rows, WarpNormKernel.SplitKThreads), sumsBuffer.View, vectorsBuffer.View, residual.View, outputBuffer.View,
                normVectors.View, result.View, product,
                new NormArguments
                {
                    Output = result.View.BaseView.LoadEffectiveAddressAsPtr(),
                    Rows = rows,
                    Columns = columns,
                    OutputStride = stride,
                    OutputLayout = layout,
                    Epsilon = 1e-5f,
                });
            accelerator.Synchronize();
            output = Widened(type, outputBuffer.GetAsArray1D());
            return Rows(Widened(type, result.GetAsArray1D()));
        }

        Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, MatrixArguments, NormArguments> Kernel<TFormat>()
            where TFormat : struct, IFloat16Format =>
            columns <= 512 ? WarpNormKernel.NormalizeSplitK<NormSize512, TFormat> : columns <= 768 ? WarpNormKernel.NormalizeSplitK<NormSize768, TFormat> : WarpNormKernel.NormalizeSplitK<NormSize1024, TFormat>;

        float[] Rows(float[] values) => [.. Enumerable.Range(0, rows).SelectMany(row => values[(row * stride)..(row * stride + columns)])];
    }
}
