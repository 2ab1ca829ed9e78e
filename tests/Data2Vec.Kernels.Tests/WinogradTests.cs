using static Data2Vec.Kernels.Tests.CpuFixture;
using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Tests;

/// <summary>
/// Convolutions of 3 x 3 pixels with enough channels for Winograd's algorithm, at every register width of this machine, against a plain convolution in
/// double precision.
/// </summary>
public class WinogradTests
{
    public static TheoryData<string> Levels => CpuFixture.Levels;

    [Theory, MemberData(nameof(Levels))]
    public void Images_of_all_sizes_match_a_scalar_loop(string level) => OperationChecks.Conv2d(
        Backend(level),
        from size in new (int Images, int Height, int Width)[] { (1, 1, 1), (3, 1, 1), (1, 2, 3), (2, 5, 7), (2, 13, 9), (1, 14, 14), (5, 4, 4), (1, 3, 37), (1, 30, 1) }
        from channels in new (int Inputs, int Outputs)[] { (32, 32), (33, 47), (40, 81), (70, 33), (64, 128) }
        from padding in new[] { 0, 1 }
        where padding == 1 || Math.Min(size.Height, size.Width) >= 3
        select (size.Images, size.Height, size.Width, new Conv2dShape(channels.Inputs, channels.Outputs, 3, 1, padding)));

    [Theory, MemberData(nameof(Levels))]
    public void The_error_stays_small_at_every_depth(string level)
    {
        const int side = 9, outputs = 48;
        foreach (int channels in new[] { 64, 128, 256, 512 })
        {
            var shape = new Conv2dShape(channels, outputs, 3, 1, 1);
            float[] x = [.. Numbers(1, side * side * channels).Select(value => MathF.Max(value, 0))];
            float[] w = Numbers(2, outputs * channels * 9, MathF.Sqrt(2f / (9 * channels))), b = Numbers(3, outputs, 0.1f);
            double[] expected = Reference.Conv2d(x, 1, side, side, shape, w, b);
            float[] actual = Convolve(level, 2, x, 1, side, side, shape, Weight(w, outputs, channels, 3, 3), b, Activation.None);
            double square = 0, difference = 0;
            for (int i = 0; i < expected.Length; i++)
            {
                square += expected[i] * expected[i];
                difference += (expected[i] - actual[i]) * (expected[i] - actual[i]);
            }

            double error = Math.Sqrt(difference / square);
            Assert.True(error <= 1e-6, $"{channels} channels: relative L2 {error}");
        }
    }

    /// <summary>The images have several chunks of tiles. More threads cut the outputs, too.</summary>
    [Theory, MemberData(nameof(Levels))]
    public void An_image_has_the_same_bits_alone_and_in_a_batch_for_any_number_of_threads(string level)
    {
        const int images = 4, height = 29, width = 34;
        var shape = new Conv2dShape(40, 150, 3, 1, 1);
        float[] x = Numbers(1, images * height * width * 40), b = Numbers(3, 150);
        WeightData w = Weight(Numbers(2, 150 * 40 * 9, 0.1f), 150, 40, 3, 3);
        float[] all = Convolve(level, 1, x, images, height, width, shape, w, b, Activation.Gelu);
        foreach (int threads in new[] { 1, 2, 7 })
        {
            Assert.Equal(all, Convolve(level, threads, x, images, height, width, shape, w, b, Activation.Gelu));
            foreach (int image in new[] { 0, 3 })
            {
                float[] pixels = x[(image * height * width * 40)..((image + 1) * height * width * 40)];
                Assert.Equal(
                    all[(image * height * width * 150)..((image + 1) * height * width * 150)],
                    Convolve(level, threads, pixels, 1, height, width, shape, w, b, Activation.Gelu));
            }
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Weights_of_every_format_give_the_bits_of_the_same_numbers_in_f32(string level)
    {
        const int height = 6, width = 11, inputs = 36, outputs = 50;
        var shape = new Conv2dShape(inputs, outputs, 3, 1, 1);
        float[] x = Numbers(1, 2 * height * width * inputs), b = Numbers(3, outputs), numbers = Numbers(2, outputs * inputs * 9, 0.1f);
        foreach (ElementType type in new[] { ElementType.F16, ElementType.BF16, ElementType.I8 })
        {
            WeightData weight = Encode(numbers, type, outputs, inputs, 3, 3);
            float[] expected = Run(Weight(weight.ToArray(), outputs, inputs, 3, 3));
            Assert.Equal(expected, Run(weight));
            if (type == ElementType.BF16)
            {
                Assert.Equal(expected, Run(InPanels(weight, 1)));
            }
        }

        float[] Run(WeightData weight) => Convolve(level, 2, x, 2, height, width, shape, weight, b, Activation.Relu);
    }

    [Fact]
    public unsafe void Changed_weights_are_transformed_again()
    {
        var shape = new Conv2dShape(32, 32, 3, 1, 1);
        float[] x = Numbers(1, 5 * 5 * 32), first = Numbers(2, 32 * 32 * 9), second = Numbers(3, 32 * 32 * 9);
        WeightData weight = Weight(first, 32, 32, 3, 3), bias = Weight(Numbers(4, 32), 32);
        using WeightStore store = new Data2Vec.Kernels.Cpu.CpuBackend(2).CreateStore();
        Conv2dWeights weights = store.Conv2d(weight, bias, shape);
        second.CopyTo(new Span<float>((void*)weight.Data, second.Length));
        store.Refresh();
        using Inference run = store.Begin();
        Tensor y = run.Allocate(25, 32);
        run.Conv2d(run.Upload(x, 25, 32), 5, 5, weights, Activation.None, y);
        Close(Reference.Conv2d(x, 1, 5, 5, shape, second, bias.ToArray()), Download(run, y), 1e-4);
    }

    private static float[] Convolve(
        string level, int threads, float[] x, int images, int height, int width, Conv2dShape shape, WeightData weight, float[] bias, Activation activation)
    {
        using WeightStore store = Backend(level, threads).CreateStore();
        Conv2dWeights weights = store.Conv2d(weight, Weight(bias, shape.OutputChannels), shape);
        using Inference run = store.Begin();
        Tensor y = run.Allocate(images * shape.OutputLength(height) * shape.OutputLength(width), shape.OutputChannels);
        run.Conv2d(run.Upload(x, images * height * width, shape.InputChannels), height, width, weights, activation, y);
        return Download(run, y);
    }
}
