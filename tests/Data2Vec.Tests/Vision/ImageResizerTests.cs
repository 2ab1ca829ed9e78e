using Data2Vec.Vision.Images;

namespace Data2Vec.Tests.Vision;

public class ImageResizerTests
{
    [Fact]
    public void Resized_images_equal_those_of_Pillow_bit_for_bit()
    {
        using BinaryReader records = Fixture.Records("resized.bin");
        int count = 0;
        for (; records.BaseStream.Position < records.BaseStream.Length; count++)
        {
            int width = records.ReadInt32(), height = records.ReadInt32(), targetWidth = records.ReadInt32(), targetHeight = records.ReadInt32();
            Interpolation interpolation = records.ReadInt32() == 3 ? Interpolation.Bicubic : Interpolation.Bilinear;
            RgbImage source = new(width, height, records.ReadBytes(width * height * 3));
            RgbImage expected = new(targetWidth, targetHeight, records.ReadBytes(targetWidth * targetHeight * 3));
            RgbImage actual = new ImageResizer(width, height, targetWidth, targetHeight, interpolation).Resize(source);
            Assert.True(
                Fixture.MaxDifference(expected, actual) == 0,
                $"{width} x {height} to {targetWidth} x {targetHeight}, {interpolation}: differs by {Fixture.MaxDifference(expected, actual)}");
        }

        Assert.Equal(90, count);
    }

    [Theory]
    [InlineData(50, 40, 30, 20, 3, 4, 11, 13)]
    [InlineData(9, 7, 40, 60, 25, 0, 15, 60)]
    [InlineData(300, 2, 17, 5, 16, 4, 1, 1)]
    public void A_window_equals_a_crop_of_the_whole_bit_for_bit(int width, int height, int targetWidth, int targetHeight, int left, int top, int columns, int rows)
    {
        RgbImage source = Noise(width, height);
        RgbImage whole = new ImageResizer(width, height, targetWidth, targetHeight).Resize(source);
        CropSpan across = new(left, columns), down = new(top, rows);
        RgbImage window = new ImageResizer(width, height, targetWidth, targetHeight, across, down, Interpolation.Bicubic).Resize(source);
        for (int y = 0; y < rows; y++)
        {
            ReadOnlySpan<byte> expected = whole.Pixels.AsSpan(((top + y) * targetWidth + left) * 3, columns * 3);
            Assert.True(expected.SequenceEqual(window.Pixels.AsSpan(y * columns * 3, columns * 3)));
        }
    }

    [Fact]
    public void An_instance_is_thread_safe()
    {
        RgbImage source = Noise(90, 70);
        ImageResizer resizer = new(90, 70, 41, 33);
        byte[] expected = resizer.Resize(source).Pixels;
        Parallel.For(0, 64, _ => Assert.Equal(expected, resizer.Resize(source).Pixels));
    }

    [Fact]
    public void An_image_of_another_size_is_rejected() =>
        Assert.Throws<ArgumentException>(() => new ImageResizer(4, 5, 2, 2).Resize(Noise(5, 4)));

    [Fact]
    public void A_large_image_is_resized()
    {
        byte[] flat = new byte[4000 * 3000 * 3];
        Array.Fill(flat, (byte)77);
        Assert.True(new ImageResizer(4000, 3000, 224, 224).Resize(new RgbImage(4000, 3000, flat)).Pixels.AsSpan().IndexOfAnyExcept((byte)77) < 0);
    }

    private static RgbImage Noise(int width, int height)
    {
        byte[] pixels = new byte[width * height * 3];
        new Random(3).NextBytes(pixels);
        return new RgbImage(width, height, pixels);
    }
}
