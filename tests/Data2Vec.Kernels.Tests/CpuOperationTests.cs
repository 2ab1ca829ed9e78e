using static Data2Vec.Kernels.Tests.CpuFixture;
using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Tests;

/// <summary>Every operation of the CPU backend, at every register width of this machine, against plain loops in double precision.</summary>
public class CpuOperationTests
{
    public static TheoryData<string> Levels => CpuFixture.Levels;

    [Theory, MemberData(nameof(Levels))]
    public void Linear_layers_of_all_sizes_match_a_scalar_loop(string level) =>
        OperationChecks.Linear(Backend(level),
        [(1, 1, 1), (1, 7, 3), (2, 16, 16), (3, 64, 32), (13, 33, 47), (14, 31, 48), (15, 100, 64), (29, 65, 33), (100, 48, 80), (31, 2500, 40), (260, 70, 130)]);

    [Theory, MemberData(nameof(Levels))]
    public void Activation_scale_and_residual_follow_the_product(string level) =>
        OperationChecks.LinearWithAllThatFollows(Backend(level));

    [Theory, MemberData(nameof(Levels))]
    public void A_linear_layer_with_a_norm_matches_a_scalar_loop_for_every_destination(string level) =>
        OperationChecks.LinearNorm(Backend(level), [(1, 7, 3), (2, 16, 16), (37, 50, 72), (5, 300, 768)]);

    [Theory, MemberData(nameof(Levels))]
    public void Linear_layers_and_norms_of_mismatched_shapes_are_refused(string level) => OperationChecks.RefusedLinearNorms(Backend(level));

    [Theory, MemberData(nameof(Levels))]
    public void Several_parts_make_one_layer(string level)
    {
        foreach ((int outputs, bool panels) in new[] { (32, false), (24, false), (32, true), (48, true), (20, true) })
        {
            const int rows = 20, inputs = 40;
            float[] x = Numbers(1, rows * inputs), w = Numbers(2, 2 * outputs * inputs, 0.2f), b = Numbers(3, outputs);
            using WeightStore store = Backend(level).CreateStore();
            LinearWeights weights = store.Linear(
            [
                (Part(w[..(outputs * inputs)]), Weight(b, outputs)),
                (Part(w[(outputs * inputs)..]), null),
            ]);
            using Inference run = store.Begin();
            Tensor y = run.Linear(run.Upload(x, rows, inputs), weights);
            Close(Reference.Linear(x, rows, inputs, w, [.. b, .. new float[outputs]], 2 * outputs), Download(run, y), 1e-5);

            WeightData Part(float[] rows)
            {
                if (!panels)
                {
                    return Weight(rows, outputs, inputs);
                }

                var layout = new PanelLayout(ElementType.F32, outputs, inputs);
                var packed = new float[layout.WordCount];
                for (int i = 0; i < rows.Length; i++)
                {
                    packed[layout.Offset(i / inputs, i % inputs, 0)] = rows[i];
                }

                return Weight(packed, outputs, inputs) with { Layout = WeightLayout.Panels };
            }
        }
    }

    /// <summary>One chain of 6000 additions would be wrong by more than 1e-6. 40 columns end in a part of a panel.</summary>
    [Theory, MemberData(nameof(Levels))]
    public void Long_sums_are_formed_in_parts(string level)
    {
        const int rows = 20, inputs = 6000, outputs = 40;
        float[] x = Numbers(1, rows * inputs), w = Numbers(2, outputs * inputs), b = new float[outputs];
        using WeightStore store = Backend(level).CreateStore();
        using Inference run = store.Begin();
        Check(Reference.Linear(x, rows, inputs, w, b, outputs), run.Linear(run.Upload(x, rows, inputs), store.Linear([(Weight(w, outputs, inputs), null)])));

        // A convolution whose windows do not overlap is a linear layer.
        const int taps = 10, channels = inputs / taps;
        float[] byTaps = new float[w.Length];
        for (int i = 0; i < w.Length; i++)
        {
            int tap = i % inputs / channels, channel = i % channels;
            byTaps[i / inputs * inputs + channel * taps + tap] = w[i];
        }

        var shape = new Conv1dShape(channels, outputs, taps, taps);
        Conv1dWeights convolution = store.Conv1d(Weight(byTaps, outputs, channels, taps), null, shape);
        Sequences from = run.Sequences([rows * taps]);
        Tensor y = run.Allocate(rows, outputs);
        run.Conv1d(run.Upload(x, rows * taps, channels), from, convolution, null, Activation.None, y, run.Sequences(from, shape));
        Check(Reference.Linear(x, rows, inputs, w, b, outputs), y);

        void Check(double[] expected, Tensor actual)
        {
            double error = expected.Zip(Download(run, actual), (a, b) => (a - b) * (a - b)).Sum() / expected.Sum(value => value * value);
            Assert.InRange(Math.Sqrt(error), 0, 6e-7);
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void A_grouped_convolution_in_panels_equals_the_one_in_rows(string level)
    {
        var shape = new Conv1dShape(40, 80, 3, 1, 1, 2);
        const int length = 30, channels = 20;
        float[] w = Numbers(1, 80 * channels * 3), x = Numbers(2, length * 40);
        var layout = new PanelLayout(ElementType.F32, 80, channels, 3, 2);
        var packed = new float[layout.WordCount];
        for (int i = 0; i < w.Length; i++)
        {
            packed[layout.Offset(i / (channels * 3), i / 3 % channels, i % 3)] = w[i];
        }

        WeightData rows = Weight(w, 80, channels, 3);
        WeightData panels = Weight(packed, 80, channels, 3) with { Layout = WeightLayout.Panels, Groups = 2 };
        Assert.Equal(w, panels.ToArray());
        using WeightStore store = Backend(level).CreateStore();
        using Inference run = store.Begin();
        Sequences sequence = run.Sequences([length]);
        float[][] results = [.. new[] { rows, panels }.Select(weight =>
        {
            Tensor y = run.Allocate(length, 80);
            run.Conv1d(run.Upload(x, length, 40), sequence, store.Conv1d(weight, null, shape), null, Activation.None, y, sequence);
            return Download(run, y);
        })];
        Assert.Equal(results[0], results[1]);
    }

    [Theory, MemberData(nameof(Levels))]
    public void Gelu_is_within_rounding_of_the_exact_function(string level) =>
        OperationChecks.Gelu(Backend(level), 4096);

    [Theory, MemberData(nameof(Levels))]
    public void Convolutions_within_sequences_match_a_scalar_loop(string level) =>
        OperationChecks.Conv1d(Backend(level), [71, 10, 33],
        [new(1, 32, 10, 5), new(1, 20, 3, 2), new(32, 32, 3, 2), new(20, 40, 2, 2), new(64, 64, 19, 1, 9, 16), new(96, 96, 5, 1, 2, 2), new(600, 33, 3, 1)]);

    [Theory, MemberData(nameof(Levels))]
    public void Convolutions_of_images_match_a_scalar_loop(string level) => OperationChecks.Conv2d(Backend(level),
    [
        (1, 1, 1, new(1, 1, 1)), (2, 1, 1, new(3, 20, 3, 1, 1)), (2, 5, 7, new(3, 33, 3, 1, 1)), (3, 8, 3, new(5, 16, 3, 2, 1)),
        (1, 9, 6, new(1, 40, 2, 2)), (2, 7, 5, new(40, 70, 3)), (3, 14, 14, new(64, 48, 3, 1, 1)), (1, 3, 130, new(4, 5, 3, 1, 1)),
        (20, 7, 7, new(10, 70, 7)), (1, 2, 2, new(3, 8, 3)), (1, 9, 9, new(350, 33, 3, 1, 1)), (2, 11, 13, new(2, 6, 5, 3, 2)),
    ]);

    [Theory, MemberData(nameof(Levels))]
    public void Max_pooling_matches_a_scalar_loop(string level) => OperationChecks.MaxPool2d(Backend(level),
        [(1, 2, 2, 1, 2, 2), (2, 7, 5, 3, 2, 2), (1, 8, 8, 64, 2, 2), (2, 6, 9, 20, 3, 1), (1, 1, 1, 17, 1, 1), (1, 9, 4, 33, 3, 2), (1, 1, 3, 2, 2, 2)]);

    [Theory, MemberData(nameof(Levels))]
    public void Images_of_mismatched_shapes_are_refused(string level) => OperationChecks.RefusedImages(Backend(level));

    [Theory, MemberData(nameof(Levels))]
    public void An_image_has_the_same_bits_alone_and_in_a_batch_for_any_number_of_threads(string level)
    {
        const int images = 17, side = 7, channels = 90;
        float[] x = Numbers(1, images * side * side * channels);
        foreach (Conv2dShape shape in new Conv2dShape[] { new(channels, 72, 3, 1, 1), new(channels, 72, 7) })
        {
            int size = shape.OutputLength(side) * shape.OutputLength(side) * 72;
            float[] w = Numbers(2, 72 * channels * shape.Kernel * shape.Kernel), all = Convolve(x, images, 1);
            foreach (int threads in new[] { 1, 2, 5 })
            {
                Assert.Equal(all, Convolve(x, images, threads));
                foreach (int image in new[] { 0, 5, 16 })
                {
                    Range pixels = (image * side * side * channels)..((image + 1) * side * side * channels);
                    Assert.Equal(all[(image * size)..((image + 1) * size)], Convolve(x[pixels], 1, threads));
                }
            }

            float[] Convolve(float[] pixels, int count, int threads)
            {
                using WeightStore store = Backend(level, threads).CreateStore();
                Conv2dWeights weights = store.Conv2d(Weight(w, 72, channels, shape.Kernel, shape.Kernel), null, shape);
                using Inference run = store.Begin();
                Tensor y = run.Allocate(count * size / 72, 72);
                run.Conv2d(run.Upload(pixels, count * side * side, channels), side, side, weights, Activation.Relu, y);
                return Download(run, y);
            }
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Norms_of_channels_over_time_match_a_scalar_loop(string level)
    {
        ChannelChecks.Norm(Backend(level), [35, 0, 1, 700], [1, 2, 15, 16, 17, 63, 64, 65, 100, 512]);
        ChannelChecks.Norm(Backend(level), [200_000], [3]);
        ChannelChecks.Add(Backend(level), 37, 21);
        ChannelChecks.Refused(Backend(level));
    }

    [Theory, MemberData(nameof(Levels))]
    public void Normalization_matches_a_scalar_loop(string level) =>
        OperationChecks.Norm(Backend(level), 35, [1, 2, 15, 16, 17, 64, 100, 768]);

    [Theory, MemberData(nameof(Levels))]
    public void Attention_matches_a_scalar_loop_with_every_kind_of_bias(string level) =>
        OperationChecks.Attention(Backend(level),
        [(1, 2, 16), (5, 4, 16), (33, 3, 8), (197, 1, 64), (300, 1, 20), (530, 2, 8)]);

    [Theory, MemberData(nameof(Levels))]
    public void Gates_of_attention_match_a_scalar_loop(string level) =>
        OperationChecks.AttentionGates(Backend(level), [(1, 1, 1), (5, 4, 12), (33, 3, 20), (70, 12, 64), (3, 2, 7)]);

    [Theory, MemberData(nameof(Levels))]
    public void Biases_of_other_shapes_are_refused(string level) => OperationChecks.RefusedBiases(Backend(level));

    [Theory, MemberData(nameof(Levels))]
    public void Attention_with_gates_has_the_same_bits_alone_and_in_a_batch_for_any_number_of_threads(string level)
    {
        const int heads = 3, size = 20, reach = 40;
        int[] lengths = [300, 1, 33, 530];
        float[] x = Numbers(1, lengths.Sum() * heads * size), weights = Numbers(2, 2 * (size + 1)), scales = Numbers(3, heads), distances = Numbers(4, heads * (2 * reach + 1));
        float[] all = Run(lengths, x, 1);
        foreach (int threads in new[] { 2, 5 })
        {
            Assert.Equal(all, Run(lengths, x, threads));
            for (int i = 0; i < lengths.Length; i++)
            {
                int start = lengths[..i].Sum() * heads * size, end = start + lengths[i] * heads * size;
                Assert.Equal(all[start..end], Run([lengths[i]], x[start..end], threads));
            }
        }

        float[] Run(int[] lengths, float[] rows, int threads)
        {
            using WeightStore store = Backend(level, threads).CreateStore();
            using Inference run = store.Begin();
            Tensor input = run.Upload(rows, lengths.Sum(), heads * size), gates = run.Allocate(input.Rows, heads), y = run.Allocate(input.Rows, heads * size);
            run.AttentionGates(input, store.Constant(weights, 2, size + 1), store.Constant(scales, 1, heads), gates);
            var bias = new AttentionBias(Distances: store.Constant(distances, heads, 2 * reach + 1), Gates: gates);
            run.Attention(input, input, input, run.Sequences(lengths), heads, 0.2f, bias, y);
            return Download(run, y);
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Attention_with_a_bias_by_distance_refuses_training(string level)
    {
        using WeightStore store = Backend(level).CreateStore();
        using TrainingInference run = store.BeginTraining(_ => 0);
        Tensor x = run.Upload(new float[3 * 8], 3, 8), sums = run.Allocate(3, 1);
        Assert.Throws<NotSupportedException>(() => run.Attention(
            x, x, x, run.Sequences([3]), 1, 1f, new AttentionBias(Distances: run.Upload([1f], 1, 1)), default, run.Allocate(3, 8), sums));
    }

    [Theory, MemberData(nameof(Levels))]
    public void A_row_has_the_same_bits_alone_and_in_a_batch_for_any_number_of_threads(string level)
    {
        const int inputs = 1500, outputs = 96, rows = 230;
        float[] x = Numbers(1, rows * inputs), w = Numbers(2, outputs * inputs);
        float[]? first = null;
        foreach (int threads in new[] { 1, 2, 5 })
        {
            using WeightStore store = Backend(level, threads).CreateStore();
            LinearWeights weights = store.Linear([(Weight(w, outputs, inputs), null)]);
            using Inference run = store.Begin();
            float[] all = Download(run, run.Linear(run.Upload(x, rows, inputs), weights, Activation.Gelu));
            first ??= all;
            Assert.Equal(first, all);
            foreach (int row in new[] { 0, 13, 14, 111, 112, 229 })
            {
                float[] alone = Download(run, run.Linear(run.Upload(x.AsSpan(row * inputs, inputs), 1, inputs), weights, Activation.Gelu));
                Assert.Equal(all[(row * outputs)..((row + 1) * outputs)], alone);
            }
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Means_and_lookups_match_a_scalar_loop(string level) =>
        OperationChecks.MeansAndLookups(Backend(level));

    [Theory, MemberData(nameof(Levels))]
    public void Concurrent_inferences_give_the_same_results(string level)
    {
        const int inputs = 64, outputs = 64, rows = 200;
        float[] x = Numbers(1, rows * inputs), w = Numbers(2, outputs * inputs);
        using WeightStore store = Backend(level, 3).CreateStore();
        LinearWeights weights = store.Linear([(Weight(w, outputs, inputs), null)]);
        float[] expected;
        using (Inference run = store.Begin())
        {
            expected = Download(run, run.Linear(run.Upload(x, rows, inputs), weights));
        }

        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            using Inference run = store.Begin();
            Assert.Equal(expected, Download(run, run.Linear(run.Upload(x, rows, inputs), weights)));
        });
    }

    [Theory, MemberData(nameof(Levels))]
    public void Disposing_an_inference_twice_does_not_affect_later_ones(string level) => OperationChecks.Disposal(Backend(level));

    [Theory, MemberData(nameof(Levels))]
    public void Slices_read_and_write_their_part_of_a_tensor_only(string level) => OperationChecks.Slices(Backend(level));
}
