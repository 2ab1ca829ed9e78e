using Data2Vec.Vision.Images;

namespace Data2Vec.Images.Magick.Tests;

/// <summary>The files were encoded from one picture by other programs: libheif's heif-enc, and an AVIF encoder.</summary>
public class MagickImageDecoderTests
{
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "Fixtures");

    public static TheoryData<string> Names => ["picture.heic", "picture.avif"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Samples_are_those_of_the_encoded_picture_up_to_compression(string name)
    {
        RgbImage image = ImageFile.Load(Path.Combine(s_folder, name), decoder: new MagickImageDecoder());
        Assert.Equal((240, 160), (image.Width, image.Height));
        (int X, int Y, byte[] Color)[] places = [(10, 10, [10, 15, 167]), (120, 80, [127, 127, 173]), (230, 150, [244, 239, 174])];
        Assert.All(places, place =>
        {
            for (int i = 0; i < 3; i++)
            {
                Assert.InRange(image.Pixels[(place.Y * 240 + place.X) * 3 + i], place.Color[i] - 12, place.Color[i] + 12);
            }
        });
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Without_the_decoder_the_error_names_the_package(string name) => Assert.Contains(
        "Data2Vec.Images.Magick", Assert.Throws<InvalidDataException>(() => ImageFile.Load(Path.Combine(s_folder, name))).Message, StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Names))]
    public void Limits_are_checked_before_pixels_are_decoded(string name)
    {
        var error = Assert.Throws<InvalidDataException>(
            () => ImageFile.Load(Path.Combine(s_folder, name), new ImageLimits(MaxPixels: 240 * 160 - 1), new MagickImageDecoder()));
        Assert.Contains("240 x 160 pixels exceed the limit of 38399 pixels", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Damaged_files_decode_or_are_rejected(string name)
    {
        byte[] file = File.ReadAllBytes(Path.Combine(s_folder, name));
        MagickImageDecoder decoder = new();
        Random random = new(3);
        for (int i = 0; i < 200; i++)
        {
            byte[] damaged = i % 4 == 0 ? file[..random.Next(file.Length)] : [.. file];
            for (int changes = random.Next(1, 4); changes > 0 && damaged.Length > 0; changes--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            try
            {
                Assert.InRange(ImageFile.Decode(damaged, new ImageLimits(MaxPixels: 1_000_000), decoder).Pixels.Length, 3, 3_000_000);
            }
            catch (InvalidDataException error)
            {
                Assert.NotEmpty(error.Message);
            }
        }
    }

    [Fact]
    public void Files_of_the_library_stay_with_it()
    {
        byte[] bitmap = [.. "P6 1 1 255 "u8, 1, 2, 3];
        Assert.Equal([1, 2, 3], ImageFile.Decode(bitmap, decoder: new MagickImageDecoder()).Pixels);
        Assert.False(new MagickImageDecoder().CanDecode(bitmap));
    }
}
