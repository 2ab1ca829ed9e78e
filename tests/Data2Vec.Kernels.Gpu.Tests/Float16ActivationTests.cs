using Data2Vec.Kernels.Tests;
using static Data2Vec.Kernels.Gpu.Tests.GpuFixture;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>
/// Every operation with activations in bf16 and in f16 against plain loops in double precision: aligned and unaligned sizes.
/// </summary>
public class Float16ActivationTests
{
    private const ElementType BF16 = ElementType.BF16;

    public static IEnumerable<TheoryDataRow<string, ElementType>> Kinds => GpuFixture.Float16Kinds;

    [Theory, MemberData(nameof(Kinds))]
    public void Products_match_a_scalar_loop(string kind, ElementType type)
    {
        GpuBackend backend = Backend(kind, type);
        OperationChecks.Linear(backend, [(1, 1, 1), (2, 16, 16), (17, 9, 21)], type);
        OperationChecks.LinearWithAllThatFollows(backend, activations: type);
        OperationChecks.LinearWithAllThatFollows(backend, 5, 8, 6, type);
        if (kind != Simulator)
        {
            OperationChecks.Linear(backend, [(131, 70, 197), (300, 768, 530)], type);
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Convolutions_match_a_scalar_loop(string kind, ElementType type)
    {
        OperationChecks.Conv1d(Backend(kind, type), [11, 3, 7], [new(1, 8, 5, 2), new(3, 5, 2, 2), new(8, 16, 3, 1, 1, 2), new(6, 10, 3, 2, 1, 2)], type);
        OperationChecks.Conv2d(Backend(kind, type), [(1, 1, 1, new(1, 1, 1)), (2, 4, 3, new(3, 9, 3, 1, 1)), (2, 5, 3, new(4, 8, 2, 2))], type);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Max_pooling_matches_a_scalar_loop(string kind, ElementType type) =>
        OperationChecks.MaxPool2d(Backend(kind, type), [(2, 7, 5, 3, 2, 2), (1, 4, 4, 20, 2, 2), (2, 5, 4, 9, 3, 1), (1, 9, 4, 8, 3, 2)], type);

    [Theory, MemberData(nameof(Kinds))]
    public void Normalization_matches_a_scalar_loop(string kind, ElementType type) => OperationChecks.Norm(Backend(kind, type), 9, [1, 2, 15, 16, 17, 64, 100, 768], type);

    [Theory, MemberData(nameof(Kinds))]
    public void A_layer_with_normalization_matches_a_scalar_loop_for_every_output_tensor(string kind, ElementType type) =>
        OperationChecks.LinearNorm(Backend(kind, type), kind == Simulator ? [(1, 9, 3), (5, 16, 24)] : [(1, 9, 3), (37, 50, 72), (5, 300, 768)], type);

    [Theory, MemberData(nameof(Kinds))]
    public void Attention_matches_a_scalar_loop_with_every_kind_of_bias(string kind, ElementType type) =>
        OperationChecks.Attention(Backend(kind, type), [(1, 2, 16), (5, 1, 6), (17, 2, 20)], activations: type);

    [Theory, MemberData(nameof(Kinds))]
    public void Gates_of_attention_match_a_scalar_loop(string kind, ElementType type) =>
        OperationChecks.AttentionGates(Backend(kind, type), [(1, 1, 8), (5, 4, 12), (33, 3, 7)], type);

    [Theory, MemberData(nameof(Kinds))]
    public void Means_and_lookups_match_a_scalar_loop(string kind, ElementType type) => OperationChecks.MeansAndLookups(Backend(kind, type), type);

    [Theory, MemberData(nameof(Kinds))]
    public void Slices_of_a_tensor_share_its_numbers(string kind, ElementType type) => OperationChecks.Slices(Backend(kind, type), type);

    /// <summary>Ties, subnormal numbers, overflows and NaN.</summary>
    [Theory, MemberData(nameof(Kinds))]
    public void Numbers_are_rounded_to_nearest_even(string kind, ElementType type)
    {
        float[] numbers =
        [
            0f, -0f, 1f / 3, 65503f, 65504f, 65519f, 65520f, -7e5f, 6.1e-5f, 6.1035156e-5f, 6.103e-5f, 5.9604645e-8f, 2.9802322e-8f, 2.98024e-8f, 8.940697e-8f, -1e-9f,
            float.NaN, 1.00390625f, 1.01171875f, 1.00048828125f, 1.00146484375f,
            .. TestData.Numbers(1, 1000, 2f).Select((value, i) => MathF.ScaleB(value, i % 36 - 24)),
        ];
        using WeightStore store = Backend(kind, type).CreateStore();
        using Inference run = store.Begin();
        var rounded = new float[numbers.Length];
        Tensor x = run.Allocate(1, numbers.Length);
        run.Upload(numbers, x);
        run.Download(x, rounded);
        Assert.Equal(numbers.Select(value => StoredNumbers.Widen(StoredNumbers.Round(type == ElementType.F16 ? Math.Clamp(value, -65504f, 65504f) : value, type), type)), rounded);
    }

    [Fact]
    public void Slices_of_16_bit_tensors_must_be_aligned()
    {
        using WeightStore store = Backend(Simulator, BF16).CreateStore();
        using Inference run = store.Begin();
        Tensor x = run.Allocate(3, 24);
        Assert.Throws<ArgumentException>(() => x.SliceColumns(4, 8));
        Assert.Equal(x.Data + 2 * (x.Stride + 16), x.SliceColumns(16, 8).SliceRows(1, 1).Data);
    }

    [Fact]
    public void Activations_have_the_type_of_the_weights_if_all_products_run_on_tensor_cores()
    {
        using var device = new SimulatedTensorCores();
        GpuBackend backend = device.Backend;
        backend.Context.Options = backend.Context.Options with { HasTensorCores = false };
        Assert.Equal(ElementType.F32, TypeWith(backend, store => Linear(store, BF16, 16)));
        backend.Context.Options = backend.Context.Options with { HasTensorCores = true };
        Assert.Equal(BF16, TypeWith(backend, store => Linear(store, BF16, 16)));
        Assert.Equal(BF16, TypeWith(backend, store =>
        {
            store.Conv1d(TestData.Encode(TestData.Numbers(1, 80), BF16, 8, 1, 10), null, new Conv1dShape(1, 8, 10, 5));
            Linear(store, BF16, 16);
        }));
        Assert.Equal(ElementType.F16, TypeWith(backend, store => Linear(store, ElementType.F16, 16)));
        Assert.Equal(ElementType.F32, TypeWith(backend, store => Linear(store, ElementType.F32, 16)));
        Assert.Equal(ElementType.F32, TypeWith(backend, _ => { }));
        Assert.Equal(ElementType.F32, TypeWith(backend, store => Linear(store, BF16, 12)));
        Assert.Equal(ElementType.F32, TypeWith(backend, store =>
        {
            Linear(store, BF16, 16);
            Linear(store, ElementType.F16, 16);
        }));

        // Of f32 where it is asked for, and each row of the weights has whole chunks of 16 bytes.
        Assert.False(IsOnTensorCores(16));
        backend.UsesTf32 = true;
        Assert.True(IsOnTensorCores(4) && !IsOnTensorCores(6));
        Assert.Equal(ElementType.F32, TypeWith(backend, store => Linear(store, ElementType.F32, 16)));

        bool IsOnTensorCores(int inputs)
        {
            using WeightStore store = backend.CreateStore();
            GpuMatrix matrix = ((GpuLinear)store.Linear([(TestData.Weight(TestData.Numbers(1, 8 * inputs), 8, inputs), null)])).Matrix;
            Assert.Equal(ElementType.F32, matrix.InputType);
            return matrix.IsOnTensorCores;
        }

        static void Linear(WeightStore store, ElementType type, int inputs) => store.Linear(
            [(type == ElementType.F32 ? TestData.Weight(TestData.Numbers(1, 8 * inputs), 8, inputs) : TestData.Encode(TestData.Numbers(1, 8 * inputs), type, 8, inputs), null)]);

        static ElementType TypeWith(Backend backend, Action<WeightStore> fill)
        {
            using WeightStore store = backend.CreateStore();
            fill(store);
            store.Complete();
            using Inference run = store.Begin();
            return run.ActivationType;
        }
    }

    /// <summary>Loading a model compiles all kernels that its inferences use.</summary>
    [Theory, InlineData(ElementType.F32), InlineData(ElementType.BF16), InlineData(ElementType.F16), InlineData(ElementType.I8)]
    public void Inferences_compile_nothing(ElementType type)
    {
        using var device = new SimulatedTensorCores();
        GpuBackend backend = device.Backend;
        using WeightStore store = backend.CreateStore();
        float[] numbers = TestData.Numbers(1, 64 * 64);
        LinearWeights weights = store.Linear([(type == ElementType.F32 ? TestData.Weight(numbers, 64, 64) : TestData.Encode(numbers, type, 64, 64), null)]);
        NormWeights norm = store.Norm(null, null, 64, 1e-5f);
        store.Complete();
        int compiled = backend.Context.Kernels.Count;

        // Gathered, not begun: the instructions of tensor cores are not there.
        backend.Context.Graphs = new CountingGraphs();
        using (Inference run = store.Begin())
        {
            Tensor x = run.Allocate(2, 64), y = run.Allocate(2, 64), single = run.Allocate(2, 64, ElementType.F32);
            run.LinearNorm(x, weights, norm, y, y, x);
            run.LayerNorm(single, norm, single);
            run.LayerNorm(y, norm, single);
        }

        Assert.Equal(compiled, backend.Context.Kernels.Count);
    }

    /// <summary>Ties of both signs, the largest number, infinities and NaN.</summary>
    [Fact]
    public void Weights_are_rounded_to_the_nearest_tf32()
    {
        uint[] bits = [0x3F801000, 0x3F800FFF, 0xBF801000, 0x3F803000, 0x7F7FFFFF, 0x7F800000, 0xFF800000, 0x7FFFFFFF, 0x00001000];
        GpuStore.RoundToTf32(bits);
        Assert.Equal([0x3F802000, 0x3F800000, 0xBF802000, 0x3F804000, 0x7F800000, 0x7F800000, 0xFF800000, 0x7FFFFFFF, 0x00002000], bits);
    }

    [Fact]
    public void Activations_of_other_types_than_f32_and_the_inference_type_are_refused()
    {
        using WeightStore store = Backend(Simulator).CreateStore(), other = Backend(Simulator, BF16).CreateStore();
        using Inference run = store.Begin(), bfloats = other.Begin();
        Assert.Throws<ArgumentException>(() => run.Allocate(1, 8, BF16));
        Assert.Throws<ArgumentException>(() => bfloats.Allocate(1, 8, ElementType.F16));
        Assert.Equal(ElementType.F32, bfloats.Allocate(1, 8, ElementType.F32).Type);
        Assert.Equal(ElementType.F32, bfloats.MeanOfSequences(bfloats.Allocate(2, 8), bfloats.Sequences([2])).Type);
    }
}
