using System.Text.Json;
using Data2Vec.Training.Augmentation;

namespace Data2Vec.Training.Tests.Augmentation;

public class RandomResizedCropTests
{
    /// <summary>Ordinary images, a strip where most windows do not fit, and one of six pixels.</summary>
    [Fact]
    public void Windows_are_distributed_as_those_of_torchvision()
    {
        foreach (JsonElement test in Fixtures.Json("augmentation/crops.json").GetProperty("windows").EnumerateArray())
        {
            (int width, int height) = ((int)test.Number("width"), (int)test.Number("height"));
            double[] area = test.Doubles("scale"), aspect = test.Doubles("ratio");
            var crop = new RandomResizedCrop(8) { MinArea = area[0], MaxArea = area[1], MinAspect = aspect[0], MaxAspect = aspect[1] };
            AugmentationFixtures.SameMoments(test, [.. Enumerable.Range(0, 40000).Select(item =>
            {
                CropWindow window = crop.Draw(width, height, AugmentationFixtures.Random(item));
                Assert.True(window.Left >= 0 && window.Top >= 0 && window.Width > 0 && window.Height > 0);
                Assert.True(window.Left + window.Width <= width && window.Top + window.Height <= height);
                return (double[])[window.Left, window.Top, window.Width, window.Height, window.Width * window.Height, Math.Log((double)window.Width / window.Height)];
            })]);
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 1000)]
    [InlineData(1000, 1)]
    [InlineData(3, 2)]
    public void Images_of_any_shape_have_a_window(int width, int height)
    {
        for (int item = 0; item < 200; item++)
        {
            CropWindow window = new RandomResizedCrop(8).Draw(width, height, AugmentationFixtures.Random(item));
            Assert.InRange(window.Width, 1, width - window.Left);
            Assert.InRange(window.Height, 1, height - window.Top);
        }
    }

    [Fact]
    public void A_range_that_is_not_valid_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new RandomResizedCrop(8) { MinArea = 0.5, MaxArea = 0.4 }.Draw(9, 9, AugmentationFixtures.Random(0)));
        Assert.Throws<ArgumentException>(() => new RandomResizedCrop(8) { MinAspect = 0 }.Draw(9, 9, AugmentationFixtures.Random(0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomResizedCrop(0));
    }
}
