using CsCheck;
using Data2Vec.Vision.Images;

namespace Data2Vec.Tests.Vision;

public class ImageResizerPropertyTests
{
    private static readonly Gen<Interpolation> s_interpolation = Gen.Enum<Interpolation>();

    [Fact]
    public void An_image_of_one_color_keeps_its_color() =>
        Gen.Select(Gen.Int[1, 60], Gen.Int[1, 60], Gen.Int[1, 60], Gen.Int[1, 60], Gen.Byte, s_interpolation).Sample(
            (width, height, targetWidth, targetHeight, sample, interpolation) =>
            {
                byte[] pixels = new byte[width * height * 3];
                Array.Fill(pixels, sample);
                RgbImage resized = new ImageResizer(width, height, targetWidth, targetHeight, interpolation).Resize(new RgbImage(width, height, pixels));
                return (resized.Width, resized.Height) == (targetWidth, targetHeight) && resized.Pixels.AsSpan().IndexOfAnyExcept(sample) < 0;
            },
            iter: 300);

    [Fact]
    public void Resizing_to_the_same_size_is_the_identity() =>
        Gen.Select(Gen.Int[1, 30], Gen.Int[1, 30], Gen.Int, s_interpolation).Sample(
            (width, height, seed, interpolation) =>
            {
                byte[] pixels = new byte[width * height * 3];
                new Random(seed).NextBytes(pixels);
                return new ImageResizer(width, height, width, height, interpolation).Resize(new RgbImage(width, height, pixels)).Pixels.SequenceEqual(pixels);
            },
            iter: 300);
}
