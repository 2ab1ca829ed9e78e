using System.Buffers.Binary;
using Data2Vec.Vision.Images;

namespace Data2Vec.Tests.Vision;

public class ImageFileTests
{
    public static TheoryData<string> Names => [.. Fixture.ImageNames];

    [Theory]
    [MemberData(nameof(Names))]
    public void Pixels_equal_those_of_Pillow_for_every_kind_of_file(string name)
    {
        RgbImage image = ImageFile.Load(Fixture.ImagePath(name));
        // Pillow expands 5- and 6-bit samples differently. All other files are equal bit for bit.
        int allowed = name == "565.bmp" ? 1 : 0;
        Assert.InRange(Fixture.MaxDifference(Fixture.ExpectedPixels(name), image), 0, allowed);
    }

    [Fact]
    public void Paths_streams_and_bytes_give_the_same_image()
    {
        byte[] file = Fixture.Image("rgb-420.jpg");
        byte[] expected = ImageFile.Load(Fixture.ImagePath("rgb-420.jpg")).Pixels;
        Assert.Equal(expected, ImageFile.Decode(file).Pixels);
        using MemoryStream stream = new([0, 0, .. file]) { Position = 2 };
        Assert.Equal(expected, ImageFile.Load(stream).Pixels);
    }

    [Fact]
    public void Decoding_is_thread_safe() =>
        Parallel.ForEach(Enumerable.Repeat(Fixture.ImageNames, 8).SelectMany(names => names), name =>
            Assert.InRange(Fixture.MaxDifference(Fixture.ExpectedPixels(name), ImageFile.Load(Fixture.ImagePath(name))), 0, 1));

    [Fact]
    public void Pixels_outside_the_first_frame_of_a_GIF_are_white()
    {
        byte[] file = Fixture.Image("palette.gif");
        RgbImage frame = ImageFile.Decode(file);
        (file[6], file[8]) = (50, 30);
        RgbImage image = ImageFile.Decode(file);
        Assert.Equal((50, 30), (image.Width, image.Height));
        for (int y = 0; y < 30; y++)
        {
            int covered = y < frame.Height ? frame.Width * 3 : 0;
            ReadOnlySpan<byte> row = image.Pixels.AsSpan(y * 150, 150);
            Assert.True(row[..covered].SequenceEqual(frame.Pixels.AsSpan(Math.Min(y, frame.Height - 1) * frame.Width * 3, covered)));
            Assert.True(row[covered..].IndexOfAnyExcept((byte)255) < 0);
        }
    }

    [Theory]
    [InlineData("TIFF", "II*\0........")]
    [InlineData("TIFF", "MM\0*........")]
    [InlineData("HEIC", "\0\0\0\u0018ftypheic\0\0\0\0mif1")]
    [InlineData("AVIF", "\0\0\0\u0018ftypavif\0\0\0\0mif1")]
    [InlineData("AVIF", "\0\0\0\u0018ftypmif1\0\0\0\0avif")]
    [InlineData("SVG", "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>")]
    [InlineData("PDF", "%PDF-1.7")]
    [InlineData("ICO", "\0\0\u0001\0\u0001\0")]
    [InlineData("JPEG 2000", "\0\0\0\u000CjP  \r\n")]
    [InlineData("Netpbm", "P6\n1 1\n255\n...")]
    public void An_unsupported_format_is_named_with_a_remedy(string format, string start)
    {
        InvalidDataException exception = Assert.Throws<InvalidDataException>(() => ImageFile.Decode(System.Text.Encoding.Latin1.GetBytes(start)));
        Assert.StartsWith(format, exception.Message, StringComparison.Ordinal);
        Assert.Contains("convert the image to PNG or JPEG", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("just some words", "JPEG, PNG, WebP, BMP and GIF are supported")]
    public void Files_other_than_images_are_rejected(string content, string message)
    {
        var error = Assert.Throws<InvalidDataException>(() => ImageFile.Decode(System.Text.Encoding.Latin1.GetBytes(content)));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_names_the_file()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".png");
        File.WriteAllBytes(path, Fixture.Image("rgb.png")[..200]);
        try
        {
            InvalidDataException exception = Assert.Throws<InvalidDataException>(() => ImageFile.Load(path));
            Assert.Equal(path + ": the PNG file is truncated", exception.Message);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("rgb-420.jpg")]
    [InlineData("progressive.jpg")]
    [InlineData("rgb.png")]
    [InlineData("lossy.webp")]
    [InlineData("palette.gif")]
    [InlineData("rgb.bmp")]
    public void A_file_cut_in_the_middle_is_reported_as_truncated(string name)
    {
        byte[] file = Fixture.Image(name);
        InvalidDataException exception = Assert.Throws<InvalidDataException>(() => ImageFile.Decode(file.AsSpan(0, file.Length / 2)));
        Assert.EndsWith("file is truncated", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_damaged_in_the_middle_is_reported_as_damaged()
    {
        byte[] file = Fixture.Image("rgb.png");
        file[file.Length / 2] ^= 0x55;
        Assert.StartsWith("the PNG file is damaged", Assert.Throws<InvalidDataException>(() => ImageFile.Decode(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_decompression_bomb_is_rejected_before_its_pixels_are_allocated()
    {
        byte[] file = PngHeaderOnly(50_000, 50_000);
        long before = Environment.WorkingSet;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        InvalidDataException exception = Assert.Throws<InvalidDataException>(() => ImageFile.Decode(file));
        Assert.Contains("50000 x 50000 pixels exceed the limit", exception.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 1 << 20);
        Assert.InRange(Environment.WorkingSet - before, long.MinValue, 64 << 20);
    }

    [Fact]
    public void Sides_pixels_and_file_size_are_limited()
    {
        Assert.Contains("65501 x 1", Assert.Throws<InvalidDataException>(() => ImageFile.Decode(PngHeaderOnly(65_501, 1))).Message, StringComparison.Ordinal);
        byte[] file = Fixture.Image("rgb.png");
        Assert.Equal(37, ImageFile.Decode(file, new ImageLimits(MaxPixels: 37 * 23, MaxSide: 37)).Width);
        Assert.Throws<InvalidDataException>(() => ImageFile.Decode(file, new ImageLimits(MaxPixels: 37 * 23 - 1)));
        Assert.Throws<InvalidDataException>(() => ImageFile.Decode(file, new ImageLimits(MaxSide: 36)));
        Assert.Throws<InvalidDataException>(() => ImageFile.Load(Fixture.ImagePath("rgb.png"), new ImageLimits(MaxFileBytes: 100)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_truncated_file_is_rejected_unless_all_pixels_are_present(string name)
    {
        byte[] file = Fixture.Image(name);
        RgbImage whole = ImageFile.Decode(file);
        int rejected = 0;
        for (int i = 0; i < 200; i++)
        {
            try
            {
                RgbImage image = ImageFile.Decode(file.AsSpan(0, file.Length * i / 200));
                Assert.True(image.Pixels.AsSpan().SequenceEqual(whole.Pixels), $"{name} cut to {file.Length * i / 200} of {file.Length} bytes");
            }
            catch (InvalidDataException)
            {
                rejected++;
            }
        }

        Assert.True(rejected > 50);
    }

    [Theory]
    [InlineData("rgb-420.jpg")]
    [InlineData("progressive.jpg")]
    [InlineData("ycck.jpg")]
    [InlineData("rgb.png")]
    [InlineData("interlaced-alpha.png")]
    [InlineData("palette-alpha.png")]
    [InlineData("orientation-6.png")]
    [InlineData("lossy-alpha.webp")]
    [InlineData("lossless.webp")]
    [InlineData("animated.webp")]
    [InlineData("transparent.gif")]
    [InlineData("animated.gif")]
    [InlineData("rgb.bmp")]
    [InlineData("565.bmp")]
    [InlineData("run-length.bmp")]
    public void Damaged_files_decode_or_are_rejected(string name)
    {
        byte[] file = Fixture.Image(name);
        Random random = new(5);
        ImageLimits limits = new(MaxPixels: 1_000_000);
        for (int i = 0; i < 2000; i++)
        {
            byte[] damaged = [.. file];
            for (int flips = random.Next(1, 4); flips > 0; flips--)
            {
                damaged[random.Next(file.Length)] ^= (byte)random.Next(1, 256);
            }

            if (file[0] == 0x89 && i % 2 == 0)
            {
                RepairChecksums(damaged);
            }

            try
            {
                RgbImage image = ImageFile.Decode(damaged, limits);
                Assert.InRange((long)image.Width * image.Height, 1, limits.MaxPixels);
            }
            catch (InvalidDataException exception)
            {
                Assert.NotEmpty(exception.Message);
            }
        }
    }

    private static byte[] PngHeaderOnly(int width, int height)
    {
        byte[] file = Fixture.Image("rgb.png");
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(20), height);
        RepairChecksums(file);
        return file;
    }

    /// <summary>Corrects the checksums of a PNG, so that damage reaches the code behind them.</summary>
    private static void RepairChecksums(byte[] png)
    {
        for (long at = 8; at + 12 <= png.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan((int)at));
            if (at + 12 + length > png.Length)
            {
                return;
            }

            uint checksum = Crc32(png.AsSpan((int)at + 4, (int)length + 4));
            BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan((int)(at + 8 + length)), checksum);
            at += 12 + length;
        }
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        uint remainder = uint.MaxValue;
        foreach (byte value in bytes)
        {
            remainder ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                remainder = (remainder >> 1) ^ ((remainder & 1) * 0xEDB88320);
            }
        }

        return ~remainder;
    }
}
