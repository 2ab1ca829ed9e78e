using System.Text.Json;
using Data2Vec.Training.Augmentation;

namespace Data2Vec.Training.Tests.Augmentation;

public class RandomErasingTests
{
    [Fact]
    public void Rectangles_are_distributed_as_those_of_torchvision()
    {
        foreach (JsonElement test in Fixtures.Json("augmentation/crops.json").GetProperty("erased").EnumerateArray())
        {
            (int width, int height) = ((int)test.Number("width"), (int)test.Number("height"));
            AugmentationFixtures.SameMoments(test, [.. Enumerable.Range(0, 40000).Select(item =>
            {
                CropWindow window = new RandomErasing { Probability = 1 }.Draw(width, height, AugmentationFixtures.Random(item))!.Value;
                Assert.True(window.Left >= 0 && window.Top >= 0 && window.Left + window.Width <= width && window.Top + window.Height <= height);
                return (double[])[window.Left, window.Top, window.Width, window.Height, window.Width * window.Height, Math.Log((double)window.Width / window.Height)];
            })]);
        }
    }

    [Fact]
    public void A_rectangle_becomes_standard_normal_noise_in_every_channel_and_nothing_else_changes()
    {
        const int Width = 40, Height = 30;
        double sum = 0, squares = 0;
        int erased = 0, images = 0;
        for (int item = 0; item < 400; item++)
        {
            float[] pixels = new float[3 * Width * Height];
            Array.Fill(pixels, 100);
            new RandomErasing().Apply(pixels, Width, Height, AugmentationFixtures.Random(item));
            CropWindow? window = new RandomErasing().Draw(Width, Height, AugmentationFixtures.Random(item));
            images += window is null ? 0 : 1;
            for (int i = 0; i < pixels.Length; i++)
            {
                int x = i % Width, y = i / Width % Height;
                bool inside = window is { } w && x >= w.Left && x < w.Left + w.Width && y >= w.Top && y < w.Top + w.Height;
                Assert.Equal(inside, pixels[i] != 100);
                (sum, squares, erased) = inside ? (sum + pixels[i], squares + (pixels[i] * pixels[i]), erased + 1) : (sum, squares, erased);
            }
        }

        Assert.InRange(images, 100 - 45, 100 + 45);
        Assert.InRange(sum / erased, -0.02, 0.02);
        Assert.InRange(squares / erased, 0.97, 1.03);
    }
}
