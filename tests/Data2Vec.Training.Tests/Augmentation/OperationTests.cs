using System.Text.Json;
using Data2Vec.Training.Augmentation;
using Data2Vec.Training.Augmentation.Operations;
using Data2Vec.Vision.Images;

namespace Data2Vec.Training.Tests.Augmentation;

/// <summary>Single operations against Pillow, by the definitions of timm and torchvision.</summary>
public class OperationTests
{
    [Theory]
    [InlineData("AutoContrast")]
    [InlineData("Equalize")]
    [InlineData("Invert")]
    [InlineData("Rotate")]
    [InlineData("Posterize")]
    [InlineData("Solarize")]
    [InlineData("SolarizeAdd")]
    [InlineData("Color")]
    [InlineData("Contrast")]
    [InlineData("Brightness")]
    [InlineData("Sharpness")]
    [InlineData("ShearX")]
    [InlineData("ShearY")]
    [InlineData("TranslateX")]
    [InlineData("TranslateY")]
    public void An_operation_gives_the_pixels_of_timm(string name)
    {
        int checks = 0;
        foreach (JsonElement test in AugmentationFixtures.Operations.GetProperty("operations").EnumerateArray().Where(test => test.GetProperty("name").ValueEquals(name)))
        {
            var augment = new RandAugment { Interpolation = Enum.Parse<Interpolation>(test.GetProperty("filter").GetString()!) };
            RgbImage image = AugmentationFixtures.ImageOf(test);
            byte[] before = [.. image.Pixels];
            RgbImage result = augment.Apply(
                image, Enum.Parse<RandAugmentOperation>(name), test.Number("magnitude"), test.GetProperty("negative").GetBoolean(), AugmentationFixtures.Random(0));
            AugmentationFixtures.Equal(test, result, string.Join(' ', test.EnumerateObject().SkipLast(1)));
            Assert.Equal(before, image.Pixels);
            checks++;
        }

        Assert.InRange(checks, 6, 100);
    }

    [Fact]
    public void Brightness_contrast_and_saturation_are_those_of_torchvision()
    {
        foreach (JsonElement test in AugmentationFixtures.Operations.GetProperty("jitter").EnumerateArray())
        {
            RgbImage image = AugmentationFixtures.ImageOf(test);
            double factor = test.Number("factor");
            string name = test.GetProperty("name").GetString()!;
            RgbImage result = name switch
            {
                "Brightness" => Enhancement.Brightness(image, factor),
                "Contrast" => Enhancement.Contrast(image, factor),
                _ => Enhancement.Saturation(image, factor),
            };
            AugmentationFixtures.Equal(test, result, $"{name} {factor}");
        }
    }

    [Fact]
    public void A_window_is_resized_as_by_torchvision()
    {
        foreach (JsonElement test in AugmentationFixtures.Operations.GetProperty("crops").EnumerateArray())
        {
            int[] window = test.Integers("window");
            RgbImage cropped = ImageRegion.Crop(AugmentationFixtures.ImageOf(test), new CropWindow(window[0], window[1], window[2], window[3]));
            int size = (int)test.Number("size");
            RgbImage result = new ImageResizer(cropped.Width, cropped.Height, size, size).Resize(cropped);
            AugmentationFixtures.Equal(test, result, $"{string.Join(' ', window)}");
        }
    }

    [Fact]
    public void A_flip_exchanges_left_and_right()
    {
        var image = new RgbImage(3, 2, [.. Enumerable.Range(0, 18).Select(i => (byte)i)]);
        Assert.Equal<byte>([6, 7, 8, 3, 4, 5, 0, 1, 2, 15, 16, 17, 12, 13, 14, 9, 10, 11], ImageRegion.Flip(image).Pixels);
    }
}
