using System.Text.Json;
using Data2Vec.Training.Augmentation;
using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Tests.Augmentation;

public class BatchMixingTests
{
    private const int Width = 7, Height = 5, Channels = 3, Length = Width * Height * Channels;

    [Fact]
    public void Boxes_are_distributed_as_those_of_timm()
    {
        foreach (JsonElement test in Fixtures.Json("augmentation/mixing.json").GetProperty("boxes").EnumerateArray())
        {
            (int width, int height) = ((int)test.Number("width"), (int)test.Number("height"));
            AugmentationFixtures.SameMoments(test, [.. Enumerable.Range(0, 40000).Select(batch =>
            {
                ImageMix mix = new BatchMixing { MixupAlpha = 0 }.Draw(width, height, AugmentationFixtures.Random(batch));
                CropWindow box = mix.Box!.Value;
                Assert.True(box.Left >= 0 && box.Top >= 0 && box.Left + box.Width <= width && box.Top + box.Height <= height);
                Assert.Equal(1 - (box.Width * box.Height / (double)(width * height)), mix.Share, 1e-12);
                return (double[])[box.Left, box.Top, box.Width, box.Height, mix.Share];
            })]);
        }
    }

    [Fact]
    public void Targets_are_those_of_timm()
    {
        foreach (JsonElement test in Fixtures.Json("augmentation/mixing.json").GetProperty("targets").EnumerateArray())
        {
            int[] labels = test.Integers("labels");
            double share = test.Number("share");
            float[] expected = test.Floats("targets"), targets = new float[expected.Length];
            BatchMixing mixing = new() { Smoothing = test.Number("smoothing"), CutmixAlpha = 0, Probability = share == 1 ? 0 : 1 };
            ImageMix mix = mixing.Apply(new float[labels.Length * Length], Width, Height, labels, 4, targets, AugmentationFixtures.Random(1));

            // The targets are linear in the share, so those of another share give those of this one.
            for (int i = 0; share != 1 && i < targets.Length; i++)
            {
                float unmixed = test.Number("smoothing") == 0 ? 0 : 0.025f;
                float own = i % 4 == labels[i / 4] ? 1 - (4 * unmixed) + unmixed : unmixed;
                targets[i] = own + ((targets[i] - own) * (float)((1 - share) / (1 - mix.Share)));
            }

            Close.Absolute(expected, targets, 2e-6);
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(1)]
    public void Images_are_mixed_with_those_of_the_reversed_batch_in_the_share_of_their_targets(int images)
    {
        bool cut = false, blended = false;
        for (int batch = 0; batch < 20; batch++)
        {
            float[] before = [.. Enumerable.Range(0, images * Length).Select(i => MathF.Sin(i * 1.7f))], pixels = [.. before];
            float[] targets = new float[images * images];
            int[] labels = [.. Enumerable.Range(0, images)];
            ImageMix mix = new BatchMixing { Smoothing = 0 }.Apply(pixels, Width, Height, labels, images, targets, AugmentationFixtures.Random(batch));
            (cut, blended) = (cut || mix.Box is not null, blended || mix.Box is null);
            for (int i = 0; i < images; i++)
            {
                int partner = images - 1 - i, replaced = 0;
                Assert.Equal(partner == i ? 1 : mix.Share, targets[(i * images) + i], 1e-6);
                Assert.Equal(partner == i ? 1 : 1 - mix.Share, targets[(i * images) + partner], 1e-6);
                for (int k = 0; k < Length; k++)
                {
                    float own = before[(i * Length) + k], other = before[(partner * Length) + k], mixed = pixels[(i * Length) + k];
                    if (mix.Box is not { } box)
                    {
                        Assert.Equal((own * mix.Share) + (other * (1 - mix.Share)), mixed, 1e-6);
                        continue;
                    }

                    int x = k % Width, y = k / Width % Height;
                    bool inside = x >= box.Left && x < box.Left + box.Width && y >= box.Top && y < box.Top + box.Height;
                    Assert.Equal(inside ? other : own, mixed);
                    replaced += inside ? 1 : 0;
                }

                Assert.True(mix.Box is null || Math.Abs(replaced - ((1 - mix.Share) * Length)) < 1e-9);
            }
        }

        Assert.True(cut && blended);
    }

    [Fact]
    public void Mixup_and_cutmix_are_chosen_with_their_probability()
    {
        int cut = 0, unmixed = 0;
        for (int batch = 0; batch < 10000; batch++)
        {
            ImageMix mix = new BatchMixing { CutmixProbability = 0.3, Probability = 0.9 }.Draw(32, 32, AugmentationFixtures.Random(batch));
            cut += mix.Box is null ? 0 : 1;
            unmixed += mix == new ImageMix(1, null) ? 1 : 0;
        }

        Assert.InRange(cut, 2700 - 225, 2700 + 225);
        Assert.InRange(unmixed, 1000 - 150, 1000 + 150);
        Assert.Null(new BatchMixing { CutmixAlpha = 0 }.Draw(8, 8, AugmentationFixtures.Random(0)).Box);
        Assert.Equal(new ImageMix(1, null), new BatchMixing { CutmixAlpha = 0, MixupAlpha = 0 }.Draw(8, 8, AugmentationFixtures.Random(0)));
    }

    [Fact]
    public void Sizes_and_labels_that_do_not_fit_are_refused()
    {
        BatchMixing mixing = new();
        RandomSequence random = AugmentationFixtures.Random(0);
        Assert.Throws<ArgumentException>(() => mixing.Apply(new float[Length - 1], Width, Height, [0], 2, new float[2], random));
        Assert.Throws<ArgumentException>(() => mixing.Apply(new float[Length], Width, Height, [0, 1], 2, new float[4], random));
        Assert.Throws<ArgumentException>(() => mixing.Apply(new float[Length], Width, Height, [0], 2, new float[3], random));
        Assert.Throws<ArgumentException>(() => mixing.Apply(new float[Length], Width, Height, [2], 2, new float[2], random));
        Assert.Throws<ArgumentException>(() => mixing.Apply(new float[Length], Width, Height, [], 2, [], random));
    }
}
