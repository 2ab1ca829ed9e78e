using Data2Vec.Kernels.Gpu.DeviceCode;
using Data2Vec.Kernels.Tests;
using ILGPU;
using ILGPU.Runtime;
using static Data2Vec.Kernels.Gpu.Tests.StoredNumbers;
using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>
/// Split products on tensor cores with a normalization as their epilogue. <see cref="WarpNormKernelTests"/> test the kernel itself.
/// </summary>
[Collection("emulated tensor unit")]
public sealed class LinearNormTests
{
    /// <summary>Counts recorded operations; none is submitted.</summary>
    [Fact]
    public void A_split_product_and_its_normalization_launch_two_kernels()
    {
        using var device = new SimulatedTensorCores(multiprocessors: 2);
        GpuBackend backend = device.Backend;
        backend.Context.Graphs = new CountingGraphs();
        using var store = (GpuStore)backend.CreateStore();
        var deep = (GpuLinear)Layer(store, 4096, 64);
        var flat = (GpuLinear)Layer(store, 512, 64);
        LinearWeights ragged = Layer(store, 4096, 60);
        NormWeights norm = store.Norm(null, null, 64, 1e-5f), raggedNorm = store.Norm(null, null, 60, 1e-5f);
        Workspace workspace = backend.Context.Workspaces.Rent();
        workspace.Queue.Begin();
        using (Inference run = new GpuInference(store, workspace, new GpuKernels(backend.Context), ElementType.BF16))
        {
            Tensor x = run.Allocate(1, 4096), output = run.Allocate(1, 64), normed = run.Allocate(1, 64), residual = run.Allocate(1, 64);
            Tensor raggedOutput = run.Allocate(1, 60);
            Assert.Equal(2, Launches(() => run.LinearNorm(x, deep, norm, output, normed, residual)));
            Assert.Equal(2, Launches(() => run.LinearNorm(x, deep, norm, output, output)));
            Assert.Equal(3, Launches(() =>
            {
                run.Linear(x, deep, output, residual: residual);
                run.LayerNorm(output, norm, normed);
            }));

            // Rows of other than whole eights are normalized by another kernel.
            Assert.Equal(3, Launches(() => run.LinearNorm(x, ragged, raggedNorm, raggedOutput, raggedOutput)));
        }

        // Sums that cost no launch are worth it earlier.
        var sizes = new MatrixArguments { Rows = 1, OutputLayout = RowLayout.Aligned4 + RowLayout.BFloat16 + RowLayout.Aligned8 };
        Assert.True(flat.Matrix.Plan(sizes, isNormed: false).RunsEpilogue);
        Assert.Equal(2, flat.Matrix.Plan(sizes, isNormed: true).Splits);

        int Launches(Action operation)
        {
            int before = workspace.Queue.Recorded;
            operation();
            return workspace.Queue.Recorded - before;
        }
    }

    /// <summary>Tensor core instructions are emulated.</summary>
    [Theory, InlineData(ElementType.F32), InlineData(ElementType.BF16), InlineData(ElementType.F16)]
    public void A_split_product_with_normalization_matches_a_scalar_loop(ElementType type)
    {
        const int rows = 5, inputs = 1096, outputs = 72, slices = 3;
        using var device = new SimulatedTensorCores();
        GpuBackend backend = device.Backend;
        Accelerator accelerator = backend.Context.Accelerator;
        float[] x = Rounded(ElementType.BF16, Numbers(1, rows * inputs)), bias = Numbers(3, outputs), scale = Numbers(4, outputs), add = Rounded(type, Rounded(ElementType.BF16, Numbers(5, rows * outputs)));
        float[] gain = Numbers(6, outputs), normBias = Numbers(7, outputs);
        WeightData weight = Encode(Numbers(2, outputs * inputs, 1 / MathF.Sqrt(inputs)), ElementType.BF16, outputs, inputs);
        using WeightStore store = backend.CreateStore();
        GpuMatrix matrix = ((GpuLinear)store.Linear([(weight, Weight(bias, outputs))], Weight(scale, outputs))).Matrix;
        var norm = (GpuNorm)store.Norm(Weight(gain, outputs), Weight(normBias, outputs), outputs, 1e-5f);
        Action<long, long, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, MatrixArguments> kernel =
            TensorKernel.Multiply<TensorTile64, DenseRows, Packed4Float16<BFloat16Format>, EmulatedTensorUnit<AtOnce, Packed4Float16<BFloat16Format>>>;
        var variant = new TensorVariant(
            Task.FromResult(accelerator.LoadKernel(kernel)), TensorTile64.Side, TensorTile64.Side, TensorKernel.Threads, TensorKernel.SharedBytes<TensorTile64>(), true, 1, 1);
        var plan = new TensorPlan(variant, slices, RunsEpilogue: false, slices * rows * outputs);
        int layout = RowLayout.Aligned4 + (type == ElementType.F32 ? 0 : RowLayout.Format(type) + RowLayout.Aligned8);
        using MemoryBuffer1D<float, Stride1D.Dense> left = accelerator.Allocate1D(Stored(ElementType.BF16, x)), residual = accelerator.Allocate1D(Stored(type, add));
        using MemoryBuffer1D<float, Stride1D.Dense> output = accelerator.Allocate1D<float>(residual.Length), normed = accelerator.Allocate1D<float>(residual.Length);
        using MemoryBuffer1D<float, Stride1D.Dense> sums = accelerator.Allocate1D<float>(plan.PartialSums);
        var product = new MatrixArguments
        {
            Rows = rows,
            InputStride = inputs,
            OutputStride = outputs,
            ResidualStride = outputs,
            AlignedInput = RowLayout.Aligned4,
            OutputLayout = layout,
            ResidualLayout = layout,
            HasResidual = 1,
        };
        SplitKNormEpilogue? epilogue = new GpuKernels(backend.Context).SplitKNorm(type, new NormOperation(output.View, residual.View, norm.Vectors, normed.View, new NormArguments
        {
            Rows = rows,
            Columns = outputs,
            InputStride = outputs,
            ResidualStride = outputs,
            OutputStride = outputs,
            InputLayout = layout,
            ResidualLayout = layout,
            OutputLayout = layout,
            HasResidual = 1,
            Epsilon = 1e-5f,
        }));
        Assert.NotNull(epilogue);
        Workspace workspace = backend.Context.Workspaces.Rent();
        ArrayView<int> none = output.View.BaseView.Cast<int>();
        matrix.LaunchTensor(workspace.Queue, plan, new MatrixProduct(left.View, residual.View, output.View, none, none, product, epilogue), sums.View);
        workspace.Queue.Wait();
        backend.Context.Workspaces.Return(workspace);
        double[] expected = [.. Reference.Linear(x, rows, inputs, weight.ToArray(), bias, outputs).Select((value, i) => value * scale[i % outputs] + add[i])];
        Close(expected, Widened(type, output.GetAsArray1D()), 1e-5, type);
        Close(Reference.LayerNorm(expected, outputs, gain, normBias, 1e-5), Widened(type, normed.GetAsArray1D()), 1e-4, type);
    }

    public static IEnumerable<TheoryDataRow<ElementType, int?>> Variants =>
        new (ElementType, int?[])[] { (ElementType.BF16, [null, 0, 1, 2, 3, 4, 5]), (ElementType.F16, [null, 0, 5]), (ElementType.F32, [null, 1]) }
            .SelectMany(type => type.Item2.Select(variant => new TheoryDataRow<ElementType, int?>(type.Item1, variant)));

    /// <summary>For each type of weights; f32 products run in tf32.</summary>
    [Theory, MemberData(nameof(Variants)), Trait("device", "cuda")]
    public async Task A_fused_normalization_on_tensor_cores_matches_two_operations(ElementType sides, int? variant)
    {
        using GpuBackend backend = GpuFixture.OpenTensorCores();
        backend.UsesTf32 = true;
        TensorVariant[] variants = TensorKernelTests.VariantsFor(backend.Context, sides);
        Assert.SkipUnless((variant ?? 0) < variants.Length, "the device has no warps that multiply together");
        await variants[variant ?? 0].Kernel;
        backend.Context.Options = backend.Context.Options with { TensorVariant = variant };

        // Launches can be counted where they are gathered.
        backend.UsesGraphs = true;
        Assert.True(backend.UsesGraphs);
        using var store = (GpuStore)backend.CreateStore();
        foreach ((int rows, int inputs, int outputs, bool isFused) in new[]
        {
            (1, 3072, 768, true), (1, 4096, 1024, true), (7, 2048, 512, true), (3, 2048, 64, true), (50, 3072, 768, true), (2, 3072, 200, true),
            (5, 200, 72, false), (4, 768, 1032, false), (3, 96, 9, false),
        })
        {
            float[] x = Taken(sides, Some(1, rows * inputs, sides)), bias = Numbers(3, outputs), scale = Numbers(4, outputs), add = Some(5, rows * outputs, sides);
            float[] gain = Numbers(6, outputs), normBias = Numbers(7, outputs);
            float[] numbers = Taken(sides, Some(2, outputs * inputs, sides, 1 / MathF.Sqrt(inputs)));
            WeightData weight = sides == ElementType.F32 ? Weight(numbers, outputs, inputs) : Encode(numbers, sides, outputs, inputs);
            LinearWeights weights = store.Linear([(weight, Weight(bias, outputs))], Weight(scale, outputs));
            NormWeights norm = store.Norm(Weight(gain, outputs), Weight(normBias, outputs), outputs, 1e-5f);
            store.Complete();
            double[] sums = [.. Reference.Linear(x, rows, inputs, weight.ToArray(), bias, outputs).Select((value, i) => value * scale[i % outputs] + add[i])];
            double[] expected = Reference.LayerNorm(sums, outputs, gain, normBias, 1e-5);
            foreach (ElementType type in new[] { ElementType.F32, sides }.Distinct())
            {
                Workspace workspace = backend.Context.Workspaces.Rent();
                workspace.Queue.Begin();
                using Inference run = new GpuInference(store, workspace, new GpuKernels(backend.Context), sides);
                Tensor input = run.Allocate(rows, inputs), residual = run.Allocate(rows, outputs, type);
                run.Upload(x, input);
                run.Upload(add, residual);
                Tensor output = run.Allocate(rows, outputs, type), normed = run.Allocate(rows, outputs, type), other = run.Allocate(rows, outputs, type);
                int before = workspace.Queue.Recorded;
                run.LinearNorm(input, weights, norm, output, normed, residual);
                if (isFused)
                {
                    Assert.Equal(2, workspace.Queue.Recorded - before);
                }

                // The two operations round what is between them.
                Close(sums, Download(run, output), 1e-4, type);
                Close(expected, Download(run, normed), isFused || type == ElementType.F32 ? 2e-4 : type == ElementType.F16 ? 4e-3 : 0.03, type);
                run.Linear(input, weights, other, residual: residual);
                Close([.. Download(run, other).Select(value => (double)value)], Download(run, output), 1e-4, type);
                run.LinearNorm(input, weights, norm, output, output, residual);
                Assert.Equal(Download(run, normed), Download(run, output));
                run.LinearNorm(input, weights, norm, other, residual, residual);
                Assert.Equal(Download(run, normed), Download(run, residual));
            }
        }
    }

    private static LinearWeights Layer(WeightStore store, int inputs, int outputs) =>
        store.Linear([(Encode(Numbers(1, outputs * inputs), ElementType.BF16, outputs, inputs), null)]);
}
