using Data2Vec.Training.Augmentation;
using Data2Vec.Training.Augmentation.Operations;
using Data2Vec.Training.RandomNumbers;
using Data2Vec.Vision.Images;

namespace Data2Vec.Training.Tests.Augmentation;

public class ImageAugmentationTests
{
    private static readonly ImagePreprocessing s_preprocessing =
        ImagePreprocessing.ResizeThenCentreCrop(20, 16, ImagePreprocessing.ImageNetMean, ImagePreprocessing.ImageNetStandardDeviation);

    private static float[] Pixels(ImageAugmentation augmentation, string image, ulong seed, long epoch, long item)
    {
        float[] pixels = new float[s_preprocessing.OutputLength];
        augmentation.Apply(AugmentationFixtures.Image(image), s_preprocessing, new RandomSource(seed, epoch, RandomSite.Augmentation).Sequence(item), pixels);
        return pixels;
    }

    [Fact]
    public void Seed_epoch_and_item_determine_the_pixels_on_any_thread()
    {
        foreach (ImageAugmentation augmentation in new[] { ImageAugmentation.Pretraining(16), ImageAugmentation.Pretraining2(16), ImageAugmentation.FineTuning(s_preprocessing) })
        {
            float[][] alone = [.. Enumerable.Range(0, 60).Select(item => Pixels(augmentation, "wide", 1, 2, item))];
            float[][] together = new float[alone.Length][];
            Parallel.For(0, alone.Length, item => together[alone.Length - 1 - item] = Pixels(augmentation, "wide", 1, 2, alone.Length - 1 - item));
            Assert.Equal(alone, together);
            Assert.InRange(alone.Select(pixels => string.Join(' ', pixels)).Distinct().Count(), 55, 60); // posterized to black, some are equal
            Assert.NotEqual(alone[0], Pixels(augmentation, "wide", 2, 2, 0));
            Assert.NotEqual(alone[0], Pixels(augmentation, "wide", 1, 3, 0));
        }
    }

    [Theory]
    [InlineData("dot")]
    [InlineData("tiny")]
    [InlineData("flat")]
    public void Images_of_any_size_become_finite_pixels(string image)
    {
        for (int item = 0; item < 100; item++)
        {
            Assert.All(Pixels(ImageAugmentation.FineTuning(s_preprocessing), image, 1, 0, item), value => Assert.True(float.IsFinite(value)));
            Assert.All(Pixels(ImageAugmentation.Pretraining(16), image, 1, 0, item), value => Assert.InRange(value, -2.2f, 2.7f));
        }
    }

    /// <summary>Without random parts the pixels are those of inference, and the flip is the only change with its probability.</summary>
    [Fact]
    public void Half_of_the_images_are_flipped_and_pixels_are_normalized_as_in_inference()
    {
        RgbImage image = AugmentationFixtures.Image("main");
        var squash = ImagePreprocessing.Squash(16, s_preprocessing.Mean, s_preprocessing.StandardDeviation);
        float[] whole = squash.Apply(image);
        float[] mirrored = [.. Enumerable.Range(0, whole.Length).Select(i => whole[(i / 16 * 16) + 15 - (i % 16)])];
        double aspect = 13 / 11.0;
        var augmentation = new ImageAugmentation(new RandomResizedCrop(16) { MinArea = 1, MinAspect = aspect, MaxAspect = aspect });
        int flipped = 0;
        for (int item = 0; item < 400; item++)
        {
            float[] pixels = Pixels(augmentation, "main", 1, 0, item);
            bool flips = !pixels.AsSpan().SequenceEqual(whole);
            Assert.True(!flips || pixels.AsSpan().SequenceEqual(mirrored));
            flipped += flips ? 1 : 0;
        }

        Assert.InRange(flipped, 150, 250);
    }

    /// <summary>An image is left alone with probability 1/4, apart from operations that do nothing. Magnitudes scatter around 9.</summary>
    [Fact]
    public void RandAugment_draws_two_operations_with_probability_one_half()
    {
        RgbImage image = AugmentationFixtures.Image("main");
        int same = 0;
        for (int item = 0; item < 4000; item++)
        {
            same += new RandAugment().Apply(image, AugmentationFixtures.Random(item)).Pixels.AsSpan().SequenceEqual(image.Pixels) ? 1 : 0;
        }

        // Autocontrast does nothing to this image, and two inversions cancel out: (1/2 + 1/30)^2 + 1/900 instead of 1/4.
        const double Expected = (((1 / 2.0) + (1 / 30.0)) * ((1 / 2.0) + (1 / 30.0))) + (1 / 900.0);
        Assert.InRange(same / 4000.0, Expected - 0.04, Expected + 0.04);
        Assert.Same(image, new RandAugment { Operations = 0 }.Apply(image, AugmentationFixtures.Random(0)));
        Assert.Throws<ArgumentException>(() => new RandAugment { Magnitude = 11 }.Apply(image, AugmentationFixtures.Random(0)));
    }

    [Fact]
    public void Color_jitter_has_its_range()
    {
        // A gray image shows the brightness: 128 times 0.6 ... 1.4. Contrast and saturation leave it.
        var gray = new RgbImage(1, 1, [128, 128, 128]);
        double[] factors = [.. Enumerable.Range(0, 4000).Select(item => new ColorJitter(0.4, 0.4, 0.4).Apply(gray, AugmentationFixtures.Random(item)).Pixels[0] / 128.0)];
        Assert.InRange(factors.Min(), 0.59, 0.605);
        Assert.InRange(factors.Max(), 1.385, 1.4);
        Assert.InRange(factors.Average(), 0.985, 1.008); // cut off to whole levels: half of 1/128 less than 1
        Assert.Throws<ArgumentException>(() => new ColorJitter(-1, 0, 0).Apply(gray, AugmentationFixtures.Random(0)));
        Assert.Same(gray, new ColorJitter(0, 0, 0).Apply(gray, AugmentationFixtures.Random(0)));
    }

    /// <summary>The sequence gives first the order, then the factors in that order. Cut-off colors make the orders differ.</summary>
    [Fact]
    public void Color_jitter_applies_its_changes_in_random_order()
    {
        RgbImage image = AugmentationFixtures.Image("main");
        int[] counts = new int[6];
        int differs = 0;
        for (int item = 0; item < 600; item++)
        {
            byte[] result = new ColorJitter(0.4, 0.4, 0.4).Apply(image, AugmentationFixtures.Random(item)).Pixels;
            RandomSequence random = AugmentationFixtures.Random(item);
            int[] order = [0, 1, 2];
            random.Shuffle<int>(order);
            double[] factors = [.. order.Select(_ => random.NextDouble(0.6, 1.4))];
            RgbImage expected = image, fixedOrder = image;
            for (int i = 0; i < 3; i++)
            {
                expected = Change(expected, order[i], factors[i]);
                fixedOrder = Change(fixedOrder, i, factors[Array.IndexOf(order, i)]);
            }

            Assert.Equal(expected.Pixels, result);
            differs += fixedOrder.Pixels.AsSpan().SequenceEqual(result) ? 0 : 1;
            counts[(2 * order[0]) + (order[1] > order[2] ? 1 : 0)]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 55, 145));
        Assert.InRange(differs, 400, 520);

        static RgbImage Change(RgbImage image, int change, double factor) => change switch
        {
            0 => Enhancement.Brightness(image, factor),
            1 => Enhancement.Contrast(image, factor),
            _ => Enhancement.Saturation(image, factor),
        };
    }

    [Fact]
    public void A_crop_of_another_size_than_the_models_is_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => Pixels(ImageAugmentation.Pretraining(32), "main", 1, 0, 0));
        Assert.Contains("The crop gives images of 32 pixels, but the model takes 16.", error.Message, StringComparison.Ordinal);
    }
}
