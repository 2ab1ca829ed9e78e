using Data2Vec.Kernels.Gpu.DeviceCode;
using Data2Vec.Kernels.Tests;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using static Data2Vec.Kernels.Gpu.Tests.StoredNumbers;
using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>
/// Tensor core kernels against plain loops, on a simulated device with emulated instructions.
/// </summary>
[Collection("emulated tensor unit")]
public sealed class TensorKernelTests : IDisposable
{
    private readonly Context _context;
    private readonly Accelerator _accelerator;

    public TensorKernelTests()
    {
        _context = Context.Create(builder => builder.CPU(new CPUDevice(32, 16, 1)));
        _accelerator = _context.GetCPUDevice(0).CreateAccelerator(_context);
    }

    /// <summary>Columns of tiles (W: warpgroup kernels), whether copies run late, and the format of both sides (f32 runs in tf32).</summary>
    public static IEnumerable<TheoryDataRow<string, bool, ElementType>> Variants =>
    [
        .. new[] { "64", "128", "64 W", "128 W", "192 W", "256 x 192 W" }.SelectMany(
            tile => new TheoryDataRow<string, bool, ElementType>[] { new(tile, false, ElementType.BF16), new(tile, true, ElementType.BF16) }),
        new("64", true, ElementType.F16), new("128", true, ElementType.F16), new("192 W", true, ElementType.F16),
        new("64", true, ElementType.F32), new("128", true, ElementType.F32),
    ];

    [Theory, MemberData(nameof(Variants))]
    public void Products_of_all_sizes_match_a_scalar_loop(string tile, bool late, ElementType sides)
    {
        // Of the last, slices go round in shared memory; of the second but last, all parts of a tile have columns, and results are eights.
        bool isForWarpgroups = tile.EndsWith('W');
        foreach ((int rows, int inputs, int outputs) in new[] { (70, 40, 9), (130, 33, 144), (5, 584, 72) })
        {
            float[] x = Some(1, rows * inputs, sides), w = Taken(sides, Some(2, outputs * inputs, sides)), bias = Numbers(3, outputs), scale = Numbers(4, outputs), add = Some(5, rows * outputs, sides);
            double[] products = Reference.Linear(Taken(sides, x), rows, inputs, w, bias, outputs);

            // All that may follow a product, then what kernels for warpgroups do themselves where results are eights.
            foreach ((bool activates, bool adds) in isForWarpgroups && outputs % 8 == 0 ? new[] { (true, true), (true, false), (false, true) } : [(true, true)])
            {
                float[] factors = adds ? scale : Ones(outputs);
                double[] expected = [.. products.Select((value, i) => (adds ? add[i] : 0) + factors[i % outputs] * (activates ? Reference.Gelu(value) : value))];
                var sizes = new MatrixArguments
                {
                    Rows = rows,
                    InputStride = Fill(inputs),
                    OutputLayout = Layout(outputs, sides),
                    ResidualLayout = Layout(outputs, sides),
                    Activation = (int)(activates ? Activation.Gelu : Activation.None),
                    HasResidual = adds ? 1 : 0,
                    HasScale = adds ? 1 : 0,
                };
                Check(sizes, sides);
                if (outputs % 8 != 0 && sides != ElementType.F32)
                {
                    Check(sizes with { OutputLayout = 0, ResidualLayout = 0 }, ElementType.F32);
                }

                // The depth in parts, the last one shorter.
                if (inputs > 64 && activates && adds)
                {
                    Check(sizes with { SplitDepth = 320 }, sides);
                }

                void Check(MatrixArguments sizes, ElementType type) => Close(
                    expected, Multiply<DenseRows>(tile, late, sides, x, inputs, w, inputs, 1, 1, outputs, [.. bias, .. factors], adds ? add : null, [0], [0], sizes), 2e-5, type);
            }
        }
    }

    [Theory, MemberData(nameof(Variants))]
    public void Convolutions_of_sequences_match_a_scalar_loop(string tile, bool late, ElementType sides)
    {
        int[] lengths = [31, 3, 60];
        foreach (Conv1dShape shape in new Conv1dShape[] { new(48, 24, 3, 2), new(32, 80, 5, 1, 2, 2) })
        {
            int channels = shape.InputChannels / shape.Groups;
            float[] x = Some(1, lengths.Sum() * shape.InputChannels, sides), w = Taken(sides, Some(2, shape.OutputChannels * channels * shape.Kernel, sides)), taken = Taken(sides, x), bias = Numbers(3, shape.OutputChannels);
            int[] starts = [0, 31, 34, 94], ends = [0, .. starts.Skip(1).Select((_, i) => lengths.Take(i + 1).Sum(shape.OutputLength))];
            double[] expected = [.. lengths.SelectMany((length, i) => Reference.Conv1d(
                taken[(starts[i] * shape.InputChannels)..(starts[i + 1] * shape.InputChannels)], length, shape, w, bias))];
            var sizes = new MatrixArguments
            {
                Rows = ends[^1],
                InputStride = shape.InputChannels,
                Channels = channels,
                Stride = shape.Stride,
                Padding = shape.Padding,
                Sequences = lengths.Length,
            };
            Check(sizes with { OutputLayout = Layout(shape.OutputChannels / shape.Groups, sides) }, sides);
            if (shape.Groups == 1)
            {
                Check(sizes with { SplitDepth = 64 }, ElementType.F32);
            }

            void Check(MatrixArguments sizes, ElementType type) => Close(
                expected,
                Multiply<Conv1dRows>(tile, late, sides, x, shape.InputChannels, w, channels, shape.Kernel, shape.Groups, shape.OutputChannels, [.. bias, .. Ones(shape.OutputChannels)], null, starts, ends, sizes),
                2e-5, type);
        }
    }

    [Theory]
    [InlineData("64", ElementType.BF16)]
    [InlineData("128", ElementType.BF16)]
    [InlineData("64 W", ElementType.BF16)]
    [InlineData("128 W", ElementType.BF16)]
    [InlineData("64", ElementType.F16)]
    [InlineData("64", ElementType.F32)]
    public void Convolutions_of_images_match_a_scalar_loop(string tile, ElementType sides)
    {
        var shape = new Conv2dShape(8, 24, 3, 2, 1);
        float[] x = Some(1, 2 * 9 * 14 * 8, sides), w = Taken(sides, Some(2, 24 * 8 * 9, sides)), bias = Numbers(3, 24);
        var sizes = new MatrixArguments
        {
            Rows = 2 * shape.OutputLength(9) * shape.OutputLength(14),
            InputStride = 8,
            Channels = 8,
            Stride = 2,
            Padding = 1,
            Height = 9,
            Width = 14,
            OutputHeight = shape.OutputLength(9),
            OutputWidth = shape.OutputLength(14),
            Kernel = 3,
            OutputLayout = Layout(24, sides),
            Activation = (int)Activation.Relu,
        };
        double[] expected = [.. Reference.Conv2d(Taken(sides, x), 2, 9, 14, shape, w, bias).Select(value => Math.Max(value, 0))];
        Close(expected, Multiply<Conv2dRows>(tile, late: true, sides, x, 8, w, 8, 9, 1, 24, [.. bias, .. Ones(24)], null, [0], [0], sizes), 2e-5, sides);
    }

    public static IEnumerable<TheoryDataRow<ElementType, int>> DeviceVariants =>
        new[] { (ElementType.BF16, 6), (ElementType.F16, 6), (ElementType.F32, 2) }.SelectMany(
            type => Enumerable.Range(0, type.Item2).Select(variant => new TheoryDataRow<ElementType, int>(type.Item1, variant)));

    [Theory, MemberData(nameof(DeviceVariants)), Trait("device", "cuda")]
    public async Task Products_on_tensor_cores_match_a_scalar_loop(ElementType type, int variant)
    {
        using GpuBackend backend = GpuFixture.OpenTensorCores();
        backend.UsesTf32 = true;
        TensorVariant[] variants = VariantsFor(backend.Context, type);
        Assert.SkipUnless(variant < variants.Length, "the device has no warps that multiply together");
        await variants[variant].Kernel;
        backend.Context.Options = backend.Context.Options with { TensorVariant = variant };
        using WeightStore store = backend.CreateStore();
        foreach ((int rows, int inputs, int outputs) in new[] { (1, 8, 1), (70, 40, 9), (5, 200, 72), (300, 768, 530), (300, 768, 576), (40, 3072, 776) })
        {
            float[] x = Some(1, rows * inputs, type), bias = Numbers(3, outputs), add = Some(5, rows * outputs, type);
            float[] numbers = Some(2, outputs * inputs, type);
            WeightData weight = type == ElementType.F32 ? Weight(numbers, outputs, inputs) : Encode(numbers, type, outputs, inputs);
            LinearWeights weights = store.Linear([(weight, Weight(bias, outputs))]);
            store.Complete();
            Assert.True(((GpuLinear)weights).Matrix.IsOnTensorCores);
            using Inference run = store.Begin();
            Assert.Equal(type, run.ActivationType);
            double[] products = Reference.Linear(Taken(type, x), rows, inputs, Taken(type, weight.ToArray()), bias, outputs);
            Tensor input = run.Upload(x, rows, inputs), residual = run.Allocate(rows, outputs);
            run.Upload(add, residual);
            Check(run.Linear(input, weights, Activation.None, residual), (value, i) => value + add[i], 1e-4);
            Check(run.Linear(input, weights, Activation.Relu), (value, _) => Math.Max(value, 0), 1e-4);
            Check(run.Linear(input, weights, Activation.Gelu), (value, _) => Reference.Gelu(value), 2e-3); // tanh.approx is 2^-11 off

            void Check(Tensor y, Func<double, int, double> follow, double bound) =>
                Close([.. products.Select(follow)], Download(run, y), bound, y.Type);
        }
    }

    [Theory, InlineData(200), InlineData(576), Trait("device", "cuda")]
    public void Numbers_beyond_f16_are_clamped(int outputs)
    {
        using GpuBackend backend = GpuFixture.OpenTensorCores();
        using WeightStore store = backend.CreateStore();
        float[] bias = [.. Enumerable.Range(0, outputs).Select(i => (i % 3 - 1) * 1e5f)];
        LinearWeights weights = store.Linear([(Encode(Numbers(1, outputs * 64), ElementType.F16, outputs, 64), Weight(bias, outputs))]);
        store.Complete();
        using Inference run = store.Begin();
        Tensor x = run.Allocate(300, 64);
        run.Upload(new float[300 * 64], x);
        Tensor y = run.Linear(x, weights);
        Assert.Equal(ElementType.F16, y.Type);
        Assert.Equal(Enumerable.Range(0, 300 * outputs).Select(i => Math.Clamp(bias[i % outputs], -65504f, 65504f)), Download(run, y));
    }

    [Fact, Trait("device", "cuda")]
    public void Unaligned_slices_are_multiplied_in_tf32()
    {
        using GpuBackend backend = GpuFixture.OpenTensorCores();
        backend.UsesTf32 = true;
        using WeightStore store = backend.CreateStore();
        float[] all = Numbers(1, 70 * 21), w = Numbers(2, 40 * 8), x = [.. Enumerable.Range(0, 70 * 8).Select(i => all[i / 8 * 21 + 3 + i % 8])];
        LinearWeights weights = store.Linear([(Weight(w, 40, 8), null)]);
        store.Complete();
        using Inference run = store.Begin();
        double[] expected = Reference.Linear(Taken(ElementType.F32, x), 70, 8, Taken(ElementType.F32, w), new float[40], 40);
        Close(expected, Download(run, run.Linear(run.Upload(all, 70, 21).SliceColumns(3, 8), weights)), 1e-5);
    }

    public void Dispose()
    {
        _accelerator.Dispose();
        _context.Dispose();
    }

    /// <summary>The kernels for products of dense rows in a type.</summary>
    internal static TensorVariant[] VariantsFor(GpuContext context, ElementType type) => type switch
    {
        ElementType.BF16 => TensorVariant.CreateAll<DenseRows, Packed4Float16<BFloat16Format>>(context),
        ElementType.F16 => TensorVariant.CreateAll<DenseRows, Packed4Float16<Float16Format>>(context),
        _ => TensorVariant.CreateAll<DenseRows, Float4>(context),
    };

    private static float[] Ones(int count) => [.. Enumerable.Repeat(1f, count)];

    /// <summary>The <see cref="RowLayout"/> of dense rows.</summary>
    private static int Layout(int columns, ElementType type) =>
        RowLayout.Format(type) + (columns % 4 == 0 ? RowLayout.Aligned4 : 0) + (columns % 8 == 0 && type != ElementType.F32 ? RowLayout.Aligned8 : 0);

    private static int Fill(int count) => (count + TensorKernel.Chunk - 1) / TensorKernel.Chunk * TensorKernel.Chunk;

    private static float[] Some(int seed, int count, ElementType type) => StoredNumbers.Some(seed, count, type, 0.3f);

    private float[] Multiply<TRows>(
        string tile, bool late, ElementType sides, float[] x, int columns, float[] w, int channels, int taps, int groups, int outputs, float[] biasAndScale, float[]? residual,
        int[] inputStarts, int[] outputStarts, MatrixArguments sizes)
        where TRows : struct, IMatrixRows
    {
        TestedKernel kernel = late ? Find<TRows, WhenWaitedFor>(tile, sides) : Find<TRows, AtOnce>(tile, sides);
        return Multiply(kernel, x, columns, w, channels, taps, groups, outputs, biasAndScale, residual, inputStarts, outputStarts, sizes);
    }

    private static TestedKernel Find<TRows, TCopies>(string tile, ElementType sides)
        where TRows : struct, IMatrixRows
        where TCopies : struct, ICopyTime => sides switch
        {
            ElementType.F32 => tile == "64" ? Tensor<TensorTile64, TRows, TCopies, Float4>() : Tensor<TensorTile128, TRows, TCopies, Float4>(),
            ElementType.F16 => FindShort<TRows, TCopies, Float16Format>(tile),
            _ => FindShort<TRows, TCopies, BFloat16Format>(tile),
        };

    private static TestedKernel FindShort<TRows, TCopies, TFormat>(string tile)
        where TRows : struct, IMatrixRows
        where TCopies : struct, ICopyTime
        where TFormat : struct, IFloat16Format => tile switch
        {
            "64" => Tensor<TensorTile64, TRows, TCopies, Packed4Float16<TFormat>>(),
            "128" => Tensor<TensorTile128, TRows, TCopies, Packed4Float16<TFormat>>(),
            "64 W" => Warpgroup<WarpgroupTile64x64, TRows, TCopies, TFormat>(),
            "128 W" => Warpgroup<WarpgroupTile128x128, TRows, TCopies, TFormat>(),
            "192 W" => Warpgroup<WarpgroupTile128x192, TRows, TCopies, TFormat>(),
            _ => Warpgroup<WarpgroupTile256x192, TRows, TCopies, TFormat>(),
        };

    private static TestedKernel Tensor<TTile, TRows, TCopies, TNumbers>()
        where TTile : struct, ITensorTile
        where TRows : struct, IMatrixRows
        where TCopies : struct, ICopyTime
        where TNumbers : struct, IPacked4 =>
        new(
            TensorKernel.Multiply<TTile, TRows, TNumbers, EmulatedTensorUnit<TCopies, TNumbers>>,
            TTile.Side, TTile.Side, TensorKernel.Threads, TensorKernel.SharedBytes<TTile>(), true, TNumbers.Type, () => EmulatedTensorUnit<TCopies, TNumbers>.BankConflicts);

    private static TestedKernel Warpgroup<TTile, TRows, TCopies, TFormat>()
        where TTile : struct, IWarpgroupTile
        where TRows : struct, IMatrixRows
        where TCopies : struct, ICopyTime
        where TFormat : struct, IFloat16Format =>
        new(
            WarpgroupKernel.Multiply<TTile, TRows, TFormat, EmulatedWarpgroupUnit<TCopies, TFormat>>,
            WarpgroupKernel.Rows<TTile>(), TTile.Columns, WarpgroupKernel.Threads<TTile>(), WarpgroupKernel.SharedBytes<TTile>(), false, TFormat.Type, () => 0);

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

        bool isSimple = (sizes.OutputLayout & RowLayout.Aligned8) != 0 && (sizes.HasResidual + sizes.HasScale == 0 || sizes.Activation == 0);
        sizes.Depth = depth;
        sizes.SplitDepth = sizes.SplitDepth == 0 ? depth : sizes.SplitDepth;
        sizes.Columns = perGroup;
        sizes.Float4Columns = pitch / 4;
        sizes.ColumnTiles = (perGroup + kernel.Columns - 1) / kernel.Columns;
        sizes.VectorStride = outputs;
        sizes.OutputStride = sizes.ResidualStride = outputs;
        using MemoryBuffer1D<float, Stride1D.Dense> leftBuffer = _accelerator.Allocate1D(Stored(kernel.Sides, left)), rightBuffer = _accelerator.Allocate1D(Stored(kernel.Sides, right));
        using MemoryBuffer1D<float, Stride1D.Dense> vectors = _accelerator.Allocate1D<float>([.. Ones(outputs), .. biasAndScale]);
        using MemoryBuffer1D<float, Stride1D.Dense> added = _accelerator.Allocate1D(Stored(Type(sizes.ResidualLayout), residual ?? [0f]));
        using MemoryBuffer1D<float, Stride1D.Dense> output1 = _accelerator.Allocate1D<float>(sizes.Rows * outputs);
        using MemoryBuffer1D<int, Stride1D.Dense> starts = _accelerator.Allocate1D(inputStarts), ends = _accelerator.Allocate1D(outputStarts);
        int slices = (depth + sizes.SplitDepth - 1) / sizes.SplitDepth;
        sizes.RunsEpilogue = slices == 1 && (kernel.SupportsFullEpilogue || isSimple) ? 1 : 0;
        using MemoryBuffer1D<float, Stride1D.Dense> sums = _accelerator.Allocate1D<float>(slices * sizes.Rows * pitch);
        sizes.Output = output1.View.BaseView.LoadEffectiveAddressAsPtr();
        var launch = _accelerator.LoadKernel(kernel.Method);
        var config = new KernelConfig(
            new Index3D((sizes.Rows + kernel.Rows - 1) / kernel.Rows, sizes.ColumnTiles * groups, slices), new Index3D(kernel.Threads, 1, 1),
            SharedMemoryConfig.RequestDynamic<byte>(kernel.SharedBytes));
        int conflicts = kernel.BankConflicts();
        launch(
            _accelerator.DefaultStream, config, leftBuffer.View.BaseView.LoadEffectiveAddressAsPtr(), rightBuffer.View.BaseView.LoadEffectiveAddressAsPtr(),
            vectors.View, added.View, sizes.RunsEpilogue == 0 ? sums.View : output1.View, starts.View, ends.View, sizes);
        _accelerator.Synchronize();
        Assert.Equal(conflicts, kernel.BankConflicts());
        if (sizes.RunsEpilogue == 0)
        {
            Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, MatrixArguments> finish = ProductEpilogue.FinishSplitK;
            int threads = sizes.Rows * sizes.Float4Columns;
            _accelerator.LoadKernel(finish)(
                _accelerator.DefaultStream, new KernelConfig((threads + TensorKernel.Threads - 1) / TensorKernel.Threads, TensorKernel.Threads),
                sums.View, vectors.View, added.View, output1.View, sizes);
            _accelerator.Synchronize();
        }

        return Widened(Type(sizes.OutputLayout), output1.GetAsArray1D())[..(sizes.Rows * outputs)];

        static ElementType Type(int layout) => (layout & RowLayout.Float16) != 0 ? ElementType.F16 : (layout & RowLayout.BFloat16) != 0 ? ElementType.BF16 : ElementType.F32;
    }

    /// <summary>A kernel with its tile size and group resources.</summary>
    private sealed record TestedKernel(
        Action<long, long, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, MatrixArguments> Method,
        int Rows, int Columns, int Threads, int SharedBytes, bool SupportsFullEpilogue, ElementType Sides, Func<int> BankConflicts);
}
