using System.Runtime.InteropServices;
using Data2Vec.Kernels.Gpu.DeviceCode;
using Data2Vec.Kernels.Tests;
using ILGPU;
using ILGPU.Runtime;
using static Data2Vec.Kernels.Gpu.Tests.GpuFixture;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>
/// Every operation of the GPU backend against plain loops in double precision: small sizes on a simulated device, which shows
/// missing barriers; all sizes on the devices of this machine.
/// </summary>
public class GpuOperationTests
{
    public static IEnumerable<TheoryDataRow<string>> Kinds => GpuFixture.Kinds;

    public static IEnumerable<TheoryDataRow<string>> RealKinds => GpuFixture.RealKinds;

    [Theory, MemberData(nameof(Kinds))]
    public void Linear_layers_of_all_sizes_match_a_scalar_loop(string kind) => OperationChecks.Linear(Backend(kind), kind == Simulator
        ? [(1, 1, 1), (2, 16, 16), (17, 9, 21)]
        : [(1, 1, 1), (1, 7, 3), (2, 16, 16), (3, 64, 32), (64, 64, 64), (65, 33, 66), (100, 48, 80), (31, 2500, 40), (128, 128, 128), (300, 70, 530)]);

    [Theory, MemberData(nameof(Kinds))]
    public void Activation_scale_and_residual_follow_the_product(string kind) => OperationChecks.LinearWithAllThatFollows(Backend(kind));

    [Theory, MemberData(nameof(Kinds))]
    public void A_layer_with_normalization_matches_a_scalar_loop_for_every_output_tensor(string kind) =>
        OperationChecks.LinearNorm(Backend(kind), kind == Simulator ? [(1, 7, 3), (5, 16, 24)] : [(1, 7, 3), (37, 50, 72), (5, 300, 768)]);

    [Theory, MemberData(nameof(Kinds))]
    public void Layers_and_normalizations_of_wrong_shapes_are_refused(string kind) => OperationChecks.RefusedLinearNorms(Backend(kind));

    [Theory, MemberData(nameof(Kinds))]
    public void Gelu_matches_the_exact_function_within_rounding(string kind) => OperationChecks.Gelu(Backend(kind), kind == Simulator ? 256 : 4096);

    [Theory, MemberData(nameof(Kinds))]
    public void Convolutions_within_sequences_match_a_scalar_loop(string kind)
    {
        if (kind == Simulator)
        {
            OperationChecks.Conv1d(Backend(kind), [11, 3, 7], [new(1, 8, 5, 2), new(3, 5, 2, 2), new(8, 16, 3, 1, 1, 2)]);
        }
        else
        {
            OperationChecks.Conv1d(Backend(kind), [71, 10, 33],
                [new(1, 32, 10, 5), new(1, 20, 3, 2), new(32, 32, 3, 2), new(20, 40, 2, 2), new(64, 64, 19, 1, 9, 16), new(96, 96, 5, 1, 2, 2), new(600, 33, 3, 1), new(3, 5, 11, 1)]);
            OperationChecks.Conv1d(Backend(kind), [1500], [new(1, 256, 10, 5), new(64, 130, 3, 1, 1)]);
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Convolutions_of_images_match_a_scalar_loop(string kind) => OperationChecks.Conv2d(Backend(kind), kind == Simulator
        ? [(1, 1, 1, new(1, 1, 1)), (2, 4, 3, new(3, 9, 3, 1, 1)), (2, 5, 3, new(4, 8, 2, 2))]
        :
        [
            (1, 1, 1, new(1, 1, 1)), (2, 5, 7, new(3, 33, 3, 1, 1)), (3, 8, 3, new(5, 16, 3, 2, 1)), (2, 7, 5, new(40, 70, 3)),
            (3, 14, 14, new(64, 130, 3, 1, 1)), (1, 3, 130, new(4, 5, 3, 1, 1)), (20, 7, 7, new(10, 70, 7)), (1, 2, 2, new(3, 8, 3)), (2, 11, 13, new(2, 6, 5, 3, 2)),
        ]);

    [Theory, MemberData(nameof(Kinds))]
    public void Max_pooling_of_images_matches_a_scalar_loop(string kind) => OperationChecks.MaxPool2d(Backend(kind),
        [(1, 2, 2, 1, 2, 2), (2, 7, 5, 3, 2, 2), (1, 4, 4, 20, 2, 2), (2, 5, 4, 9, 3, 1), (1, 9, 4, 8, 3, 2), (1, 1, 3, 2, 2, 2)]);

    [Theory, MemberData(nameof(Kinds))]
    public void Images_of_wrong_shapes_are_refused(string kind) => OperationChecks.RefusedImages(Backend(kind));

    [Theory, MemberData(nameof(Kinds))]
    public void Norms_of_channels_over_time_match_a_scalar_loop(string kind)
    {
        ChannelChecks.Norm(Backend(kind), kind == Simulator ? [5, 0, 1, 150] : [35, 0, 1, 700], [1, 2, 15, 16, 17, 100]);
        ChannelChecks.Add(Backend(kind), 9, 21);
        ChannelChecks.Refused(Backend(kind));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Normalization_matches_a_scalar_loop(string kind) => OperationChecks.Norm(Backend(kind), kind == Simulator ? 9 : 35, [1, 2, 15, 16, 17, 64, 100, 768]);

    [Theory, MemberData(nameof(Kinds))]
    public void Attention_matches_a_scalar_loop_with_every_kind_of_bias(string kind) => OperationChecks.Attention(Backend(kind), kind == Simulator
        ? [(1, 2, 16), (5, 1, 6), (17, 2, 20)]
        : [(1, 2, 16), (5, 4, 16), (33, 3, 7), (197, 2, 64), (300, 1, 20), (130, 2, 96), (64, 1, 128), (530, 1, 64)]);

    [Theory, MemberData(nameof(Kinds))]
    public void Gates_of_attention_match_a_scalar_loop(string kind) =>
        OperationChecks.AttentionGates(Backend(kind), [(1, 1, 1), (5, 4, 12), (33, 3, 7), .. kind == Simulator ? [] : new[] { (70, 12, 64) }]);

    [Theory, MemberData(nameof(Kinds))]
    public void Biases_of_other_shapes_are_refused(string kind) => OperationChecks.RefusedBiases(Backend(kind));

    [Theory, MemberData(nameof(Kinds))]
    public void Means_and_lookups_match_a_scalar_loop(string kind) => OperationChecks.MeansAndLookups(Backend(kind));

    [Theory, MemberData(nameof(Kinds))]
    public void Disposing_an_inference_twice_does_not_affect_later_ones(string kind) => OperationChecks.Disposal(Backend(kind));

    [Theory, MemberData(nameof(Kinds))]
    public void Slices_of_a_tensor_share_its_numbers(string kind) => OperationChecks.Slices(Backend(kind));

    [Theory, MemberData(nameof(Kinds))]
    public void Weights_in_16_and_8_bits_match_a_scalar_loop(string kind)
    {
        foreach (ElementType type in new[] { ElementType.F16, ElementType.BF16, ElementType.I8 })
        {
            OperationChecks.Format(Backend(kind), type);
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Rows_are_rounded_to_the_nearest_bf16(string kind)
    {
        const int columns = 13;
        float[] special = [0f, -0f, 1f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, 1.00390625f, 1.01171875f, -1.00390625f, 1e-40f];
        float[] x = [.. special, .. TestData.Numbers(1, 4 * columns - special.Length, 100f)];
        GpuContext context = Backend(kind).Context;
        Workspace workspace = context.Workspaces.Rent();
        MemoryBuffer1D<float, Stride1D.Dense> input = context.Memory.Allocate<float>(x.Length), output = context.Memory.Allocate<float>(4 * 8);
        output.MemSetToZero();
        input.CopyFromCPU(x);
        context.Accelerator.Synchronize();
        var sizes = new RowArguments { Rows = 4, Columns = columns, InputStride = columns, OutputStride = 16, OutputLayout = RowLayout.BFloat16 };
        new GpuKernels(context).Copy(workspace.Queue, input.View, output.View, sizes);
        workspace.Stream.Synchronize();
        ushort[] bits = MemoryMarshal.Cast<float, ushort>(output.GetAsArray1D()).ToArray();
        context.Memory.Release(input);
        context.Memory.Release(output);
        context.Workspaces.Return(workspace);
        for (int i = 0; i < 4 * 16; i++)
        {
            Assert.Equal(i % 16 < columns ? Nearest(x[i / 16 * columns + i % 16]) : 0, bits[i]);
        }

        // The two neighbours, by their distances.
        static int Nearest(float value)
        {
            if (float.IsNaN(value))
            {
                return 0x7FC0;
            }

            int low = (int)((uint)BitConverter.SingleToInt32Bits(value) >> 16);
            double down = Math.Abs((double)value - Value(low)), up = Math.Abs(Value(low + 1) - (double)value);
            return float.IsInfinity(value) || down < up || (down == up && low % 2 == 0) ? low : low + 1;
        }

        // After the greatest number comes what would be the next, not infinity.
        static double Value(int bits) => (bits & 0x7FFF) == 0x7F80 ? Math.CopySign(Math.Pow(2, 128), bits > 0x7FFF ? -1 : 1) : BitConverter.Int32BitsToSingle(bits << 16);
    }

    [Theory, MemberData(nameof(RealKinds))]
    public void Products_match_a_scalar_loop_with_large_and_small_tiles(string kind)
    {
        GpuBackend backend = Backend(kind);
        foreach (bool large in new[] { true, false })
        {
            backend.Context.Options = backend.Context.Options with { UsesLargeTiles = large };
            try
            {
                OperationChecks.Linear(backend, [(1, 1, 1), (3, 64, 32), (65, 33, 66), (131, 70, 197), (256, 132, 264)]);
                OperationChecks.LinearWithAllThatFollows(backend);
                OperationChecks.LinearWithAllThatFollows(backend, 200, 68, 260);
                OperationChecks.Conv1d(backend, [71, 10, 33], [new(1, 20, 3, 2), new(32, 32, 3, 2), new(64, 64, 19, 1, 9, 16), new(96, 96, 5, 1, 2, 2), new(3, 5, 11, 1)]);
                OperationChecks.Conv1d(backend, [400], [new(1, 256, 10, 1), new(64, 260, 3, 1, 1)]);
                foreach (ElementType type in new[] { ElementType.F16, ElementType.BF16, ElementType.I8 })
                {
                    OperationChecks.Format(backend, type, (140, 36, 72));
                }
            }
            finally
            {
                backend.Context.Options = backend.Context.Options with { UsesLargeTiles = null };
            }
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Weights_in_panels_give_the_same_bits_as_in_rows(string kind)
    {
        OperationChecks.Panels(Backend(kind), ElementType.BF16);
        OperationChecks.Panels(Backend(kind), ElementType.I8);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Inferences_run_after_large_heads_and_allocations_were_refused(string kind)
    {
        using WeightStore store = Backend(kind).CreateStore();
        using (Inference run = store.Begin())
        {
            Tensor x = run.Upload(new float[2 * 200], 2, 200);
            Assert.Throws<ArgumentException>(() => run.Attention(x, x, x, run.Sequences([2]), 1, 1f, default, run.Allocate(2, 200)));
            Assert.Throws<InsufficientMemoryException>(() => run.Allocate(int.MaxValue, 4096));
        }

        using Inference next = store.Begin();
        Assert.Equal([1f, 2f], TestData.Download(next, next.Upload([1f, 2f], 1, 2)));
    }
}
