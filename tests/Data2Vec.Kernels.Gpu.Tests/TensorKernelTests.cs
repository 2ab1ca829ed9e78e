using System.Runtime.InteropServices;
using Data2Vec.Kernels.Gpu.DeviceCode;
using Data2Vec.Kernels.Tests;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>
/// The kernel of tensor cores against plain loops, on a simulated device, its instructions emulated: what is left to believe is that the
/// instructions do what their description says.
/// </summary>
public sealed class TensorKernelTests : IDisposable
{
    private readonly Context _context;
    private readonly Accelerator _accelerator;

    public TensorKernelTests()
    {
        _context = Context.Create(builder => builder.CPU(new CPUDevice(32, 16, 1)));
        _accelerator = _context.GetCPUDevice(0).CreateAccelerator(_context);
    }

    /// <summary>Columns of tiles, of the kernel for warpgroups where there is a W, and whether copies are late.</summary>
    public static IEnumerable<TheoryDataRow<string, bool>> Variants =>
        new[] { "64", "128", "64 W", "128 W", "192 W", "256 x 192 W" }.SelectMany(tile => new TheoryDataRow<string, bool>[] { new(tile, false), new(tile, true) });

    [Theory, MemberData(nameof(Variants))]
    public void Products_of_all_sizes_match_a_scalar_loop(string tile, bool late)
    {
        // Of the last, slices go round in shared memory; of the second but last, all parts of a tile have columns, and results are eights.
        bool isForWarpgroups = tile.EndsWith('W');
        foreach ((int rows, int inputs, int outputs) in new[] { (70, 40, 9), (130, 33, 144), (5, 584, 72) })
        {
            float[] x = Rounded(1, rows * inputs), w = Rounded(2, outputs * inputs), bias = Numbers(3, outputs), scale = Numbers(4, outputs), add = Rounded(5, rows * outputs);
            double[] products = Reference.Linear(x, rows, inputs, w, bias, outputs);

            // All that may follow a product, then what kernels for warpgroups do themselves where results are eights.
            foreach ((bool activates, bool adds) in isForWarpgroups && outputs % 8 == 0 ? new[] { (true, true), (true, false), (false, true) } : [(true, true)])
            {
                float[] factors = adds ? scale : Ones(outputs);
                double[] expected = [.. products.Select((value, i) => (adds ? add[i] : 0) + factors[i % outputs] * (activates ? Reference.Gelu(value) : value))];
                var sizes = new MatrixArguments
                {
                    Rows = rows,
                    InputStride = Fill(inputs),
                    OutputLayout = Layout(outputs),
                    ResidualLayout = Layout(outputs),
                    Activation = (int)(activates ? Activation.Gelu : Activation.None),
                    HasResidual = adds ? 1 : 0,
                    HasScale = adds ? 1 : 0,
                };
                Check(sizes, ElementType.BF16);
                if (outputs % 8 != 0)
                {
                    Check(sizes with { OutputLayout = 0, ResidualLayout = 0 }, ElementType.F32);
                }

                // The depth in parts, the last one shorter.
                if (inputs > 64 && activates && adds)
                {
                    Check(sizes with { SliceDepth = 320 }, ElementType.BF16);
                }

                void Check(MatrixArguments sizes, ElementType type) => Close(
                    expected, Multiply<PlainRows>(tile, late, x, inputs, w, inputs, 1, 1, outputs, [.. bias, .. factors], adds ? add : null, [0], [0], sizes), 2e-5, type);
            }
        }
    }

    [Theory, MemberData(nameof(Variants))]
    public void Convolutions_of_sequences_match_a_scalar_loop(string tile, bool late)
    {
        int[] lengths = [31, 3, 60];
        foreach (Conv1dShape shape in new Conv1dShape[] { new(48, 24, 3, 2), new(32, 80, 5, 1, 2, 2) })
        {
            int channels = shape.InputChannels / shape.Groups;
            float[] x = Rounded(1, lengths.Sum() * shape.InputChannels), w = Rounded(2, shape.OutputChannels * channels * shape.Kernel), bias = Numbers(3, shape.OutputChannels);
            int[] starts = [0, 31, 34, 94], ends = [0, .. starts.Skip(1).Select((_, i) => lengths.Take(i + 1).Sum(shape.OutputLength))];
            double[] expected = [.. lengths.SelectMany((length, i) => Reference.Conv1d(
                x[(starts[i] * shape.InputChannels)..(starts[i + 1] * shape.InputChannels)], length, shape, w, bias))];
            var sizes = new MatrixArguments
            {
                Rows = ends[^1],
                InputStride = shape.InputChannels,
                Channels = channels,
                Step = shape.Stride,
                Padding = shape.Padding,
                Sequences = lengths.Length,
            };
            Check(sizes with { OutputLayout = Layout(shape.OutputChannels / shape.Groups) }, ElementType.BF16);
            if (shape.Groups == 1)
            {
                Check(sizes with { SliceDepth = 64 }, ElementType.F32);
            }

            void Check(MatrixArguments sizes, ElementType type) => Close(
                expected,
                Multiply<WindowRows>(tile, late, x, shape.InputChannels, w, channels, shape.Kernel, shape.Groups, shape.OutputChannels, [.. bias, .. Ones(shape.OutputChannels)], null, starts, ends, sizes),
                2e-5, type);
        }
    }

    [Theory, InlineData("64"), InlineData("128"), InlineData("64 W"), InlineData("128 W")]
    public void Convolutions_of_images_match_a_scalar_loop(string tile)
    {
        var shape = new Conv2dShape(8, 24, 3, 2, 1);
        float[] x = Rounded(1, 2 * 9 * 14 * 8), w = Rounded(2, 24 * 8 * 9), bias = Numbers(3, 24);
        var sizes = new MatrixArguments
        {
            Rows = 2 * shape.OutputLength(9) * shape.OutputLength(14),
            InputStride = 8,
            Channels = 8,
            Step = 2,
            Padding = 1,
            Height = 9,
            Width = 14,
            OutputHeight = shape.OutputLength(9),
            OutputWidth = shape.OutputLength(14),
            Kernel = 3,
            OutputLayout = Layout(24),
            Activation = (int)Activation.Relu,
        };
        double[] expected = [.. Reference.Conv2d(x, 2, 9, 14, shape, w, bias).Select(value => Math.Max(value, 0))];
        Close(expected, Multiply<ImageRows>(tile, late: true, x, 8, w, 8, 9, 1, 24, [.. bias, .. Ones(24)], null, [0], [0], sizes), 2e-5, ElementType.BF16);
    }

    [Theory, InlineData(0), InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), Trait("device", "cuda")]
    public async Task A_device_with_tensor_cores_multiplies_as_a_scalar_loop(int variant)
    {
        Assert.SkipWhen(GpuDevices.WhyNone("cuda") is not null, "there is no device of CUDA");
        using GpuBackend backend = GpuDevices.Find("cuda").Open();
        Assert.SkipUnless(backend.Context.HasTensorCores, "the device has no tensor cores for bf16");
        TensorVariant[] variants = TensorVariant.All<PlainRows>(backend.Context);
        Assert.SkipUnless(variant < variants.Length, "the device has no warps that multiply together");
        await variants[variant].Kernel;
        backend.Context.Tensor = variant;
        using WeightStore store = backend.CreateStore();
        foreach ((int rows, int inputs, int outputs) in new[] { (1, 8, 1), (70, 40, 9), (5, 200, 72), (300, 768, 530), (300, 768, 576), (40, 3072, 776) })
        {
            float[] x = Rounded(1, rows * inputs), bias = Numbers(3, outputs), add = Rounded(5, rows * outputs);
            WeightData weight = Encode(Numbers(2, outputs * inputs, 0.3f), ElementType.BF16, outputs, inputs);
            LinearWeights weights = store.Linear([(weight, Weight(bias, outputs))]);
            store.Complete();
            Assert.True(((GpuLinear)weights).Matrix.TakesBFloat);
            using Inference run = store.Begin();
            Assert.Equal(ElementType.BF16, run.ActivationType);
            double[] products = Reference.Linear(x, rows, inputs, weight.ToArray(), bias, outputs);
            Tensor input = run.Upload(x, rows, inputs), residual = run.Allocate(rows, outputs);
            run.Upload(add, residual);
            Check(run.Linear(input, weights, Activation.None, residual), (value, i) => value + add[i], 1e-4);
            Check(run.Linear(input, weights, Activation.Relu), (value, _) => Math.Max(value, 0), 1e-4);
            Check(run.Linear(input, weights, Activation.Gelu), (value, _) => Reference.Gelu(value), 2e-3); // tanh.approx is 2^-11 off

            void Check(Tensor y, Func<double, int, double> follow, double bound) =>
                Close([.. products.Select(follow)], Download(run, y), bound, y.Type);
        }
    }

    public void Dispose()
    {
        _accelerator.Dispose();
        _context.Dispose();
    }

    private static float[] Ones(int count) => [.. Enumerable.Repeat(1f, count)];

    /// <summary>How rows of as many numbers in bf16 lie in memory.</summary>
    private static int Layout(int columns) => Four.BFloat + (columns % 4 == 0 ? Four.Aligned : 0) + (columns % 8 == 0 ? Four.Eights : 0);

    private static int Fill(int count) => (count + TensorKernel.Chunk - 1) / TensorKernel.Chunk * TensorKernel.Chunk;

    /// <summary>Numbers that bf16 has.</summary>
    private static float[] Rounded(int seed, int count) =>
        [.. Numbers(seed, count, 0.3f).Select(value => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(value) & ~0xFFFF))];

    private static short[] Narrow(float[] values) => [.. values.Select(value => (short)(BitConverter.SingleToInt32Bits(value) >> 16))];

    private float[] Multiply<TRows>(
        string tile, bool late, float[] x, int columns, float[] w, int channels, int taps, int groups, int outputs, float[] biasAndScale, float[]? residual,
        int[] inputStarts, int[] outputStarts, MatrixArguments sizes)
        where TRows : struct, IMatrixRows
    {
        TestedKernel kernel = late ? Find<TRows, WhenWaitedFor>(tile) : Find<TRows, AtOnce>(tile);
        return Multiply(kernel, x, columns, w, channels, taps, groups, outputs, biasAndScale, residual, inputStarts, outputStarts, sizes);
    }

    private static TestedKernel Find<TRows, TCopies>(string tile)
        where TRows : struct, IMatrixRows
        where TCopies : struct, ICopyTime => tile switch
        {
            "64" => Tensor<SmallTensorTile, TRows, TCopies>(),
            "128" => Tensor<LargeTensorTile, TRows, TCopies>(),
            "64 W" => Warpgroup<SmallWarpgroupTile, TRows, TCopies>(),
            "128 W" => Warpgroup<SquareWarpgroupTile, TRows, TCopies>(),
            "192 W" => Warpgroup<WideWarpgroupTile, TRows, TCopies>(),
            _ => Warpgroup<LargeWarpgroupTile, TRows, TCopies>(),
        };

    private static TestedKernel Tensor<TTile, TRows, TCopies>()
        where TTile : struct, ITensorTile
        where TRows : struct, IMatrixRows
        where TCopies : struct, ICopyTime =>
        new(TensorKernel.Multiply<TTile, TRows, EmulatedTensorUnit<TCopies>>, TTile.Side, TTile.Side, TensorKernel.Threads, TensorKernel.SharedBytes<TTile>(), true);

    private static TestedKernel Warpgroup<TTile, TRows, TCopies>()
        where TTile : struct, IWarpgroupTile
        where TRows : struct, IMatrixRows
        where TCopies : struct, ICopyTime =>
        new(
            WarpgroupKernel.Multiply<TTile, TRows, EmulatedWarpgroupUnit<TCopies>>,
            WarpgroupKernel.Rows<TTile>(), TTile.Columns, WarpgroupKernel.Threads<TTile>(), WarpgroupKernel.SharedBytes<TTile>(), false);

    private float[] Multiply(
        TestedKernel kernel, float[] x, int columns, float[] w, int channels, int taps, int groups, int outputs, float[] biasAndScale, float[]? residual,
        int[] inputStarts, int[] outputStarts, MatrixArguments sizes)
    {
        // What fills the right side's rows up is not a number: nothing may come of it.
        int depth = channels * taps, perGroup = outputs / groups, pitch = Fill(perGroup), stride = Fill(columns);
        var left = new float[x.Length / columns * stride];
        for (int i = 0; i < x.Length; i++)
        {
            left[i / columns * stride + i % columns] = x[i];
        }

        float[] right = [.. Enumerable.Repeat(float.NaN, groups * depth * pitch)];
        for (int i = 0; i < w.Length; i++)
        {
            int output = i / depth, k = i % depth % taps * channels + i % depth / taps;
            right[(output / perGroup * depth + k) * pitch + output % perGroup] = w[i];
        }

        bool isSimple = (sizes.OutputLayout & Four.Eights) != 0 && (sizes.HasResidual + sizes.HasScale == 0 || sizes.Activation == 0);
        sizes.Depth = depth;
        sizes.SliceDepth = sizes.SliceDepth == 0 ? depth : sizes.SliceDepth;
        sizes.Columns = perGroup;
        sizes.ColumnFours = pitch / 4;
        sizes.ColumnTiles = (perGroup + kernel.Columns - 1) / kernel.Columns;
        sizes.VectorStride = outputs;
        sizes.OutputStride = sizes.ResidualStride = outputs;
        using MemoryBuffer1D<short, Stride1D.Dense> leftBuffer = _accelerator.Allocate1D(Narrow(left)), rightBuffer = _accelerator.Allocate1D(Narrow(right));
        using MemoryBuffer1D<float, Stride1D.Dense> vectors = _accelerator.Allocate1D<float>([.. Ones(outputs), .. biasAndScale]);
        using MemoryBuffer1D<float, Stride1D.Dense> added = _accelerator.Allocate1D(Stored(residual ?? [0f], sizes.ResidualLayout));
        using MemoryBuffer1D<float, Stride1D.Dense> output1 = _accelerator.Allocate1D<float>(sizes.Rows * outputs);
        using MemoryBuffer1D<int, Stride1D.Dense> starts = _accelerator.Allocate1D(inputStarts), ends = _accelerator.Allocate1D(outputStarts);
        int slices = (depth + sizes.SliceDepth - 1) / sizes.SliceDepth;
        sizes.IsDirect = slices == 1 && (kernel.FinishesAll || isSimple) ? 1 : 0;
        using MemoryBuffer1D<float, Stride1D.Dense> sums = _accelerator.Allocate1D<float>(slices * sizes.Rows * pitch);
        sizes.Output = output1.View.BaseView.LoadEffectiveAddressAsPtr();
        var launch = _accelerator.LoadKernel(kernel.Method);
        var config = new KernelConfig(
            new Index3D((sizes.Rows + kernel.Rows - 1) / kernel.Rows, sizes.ColumnTiles * groups, slices), new Index3D(kernel.Threads, 1, 1),
            SharedMemoryConfig.RequestDynamic<byte>(kernel.SharedBytes));
        EmulatedTensorUnit<AtOnce>.BankConflicts = EmulatedTensorUnit<WhenWaitedFor>.BankConflicts = 0;
        launch(
            _accelerator.DefaultStream, config, leftBuffer.View.BaseView.LoadEffectiveAddressAsPtr(), rightBuffer.View.BaseView.LoadEffectiveAddressAsPtr(),
            vectors.View, added.View, sizes.IsDirect == 0 ? sums.View : output1.View, starts.View, ends.View, sizes);
        _accelerator.Synchronize();
        Assert.Equal(0, EmulatedTensorUnit<AtOnce>.BankConflicts + EmulatedTensorUnit<WhenWaitedFor>.BankConflicts);
        if (sizes.IsDirect == 0)
        {
            Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, MatrixArguments> finish = MatrixKernel.FinishSums;
            int threads = sizes.Rows * sizes.ColumnFours;
            _accelerator.LoadKernel(finish)(
                _accelerator.DefaultStream, new KernelConfig((threads + TensorKernel.Threads - 1) / TensorKernel.Threads, TensorKernel.Threads),
                sums.View, vectors.View, added.View, output1.View, sizes);
            _accelerator.Synchronize();
        }

        float[] stored = output1.GetAsArray1D();
        return (sizes.OutputLayout & Four.BFloat) == 0 ? stored
            : [.. MemoryMarshal.Cast<float, ushort>(stored)[..stored.Length].ToArray().Select(bits => BitConverter.Int32BitsToSingle(bits << 16))];
    }

    /// <summary>Numbers as they lie in memory: those in bf16 two in the place of a float.</summary>
    private static float[] Stored(float[] values, int layout) =>
        (layout & Four.BFloat) == 0 ? values : MemoryMarshal.Cast<short, float>([.. Narrow(values), .. new short[values.Length % 2]]).ToArray();

    /// <summary>A kernel, the size of its tiles, and what its groups have.</summary>
    private sealed record TestedKernel(
        Action<long, long, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, MatrixArguments> Method,
        int Rows, int Columns, int Threads, int SharedBytes, bool FinishesAll);
}
