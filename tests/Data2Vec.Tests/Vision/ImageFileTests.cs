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
        Assert.Equal(0, Fixture.MaxDifference(Fixture.ExpectedPixels(name), image));
    }

    [Theory]
    [InlineData("rgb-420.jpg", 2)]
    [InlineData("rgb-420.jpg", 1)]
    [InlineData("progressive.jpg", 2)]
    [InlineData("scans.jpg", 2)]
    [InlineData("restarts.jpg", 2)]
    [InlineData("grey.jpg", 2)]
    [InlineData("rgb.png", 12)]
    [InlineData("rgb.png", 5)]
    public void A_file_that_lacks_only_its_end_marker_is_read(string name, int missing)
    {
        RgbImage image = ImageFile.Decode(Fixture.Image(name).AsSpan()[..^missing]);
        Assert.Equal(0, Fixture.MaxDifference(Fixture.ExpectedPixels(name), image));
    }

    [Fact]
    public void A_progressive_JPEG_that_lacks_a_scan_is_truncated()
    {
        byte[] file = Fixture.Image("progressive.jpg");
        int lastScan = file.AsSpan().LastIndexOf((byte[])[0xFF, 0xDA]);
        var error = Assert.Throws<InvalidDataException>(() => ImageFile.Decode(file.AsSpan(0, lastScan)));
        Assert.Equal("the JPEG file is truncated", error.Message);
    }

    [Fact]
    public void Bytes_between_markers_and_behind_the_end_of_a_JPEG_are_ignored()
    {
        byte[] file = Fixture.Image("progressive.jpg");
        int scan = file.AsSpan().LastIndexOf((byte[])[0xFF, 0xDA]);
        byte[] changed = [.. file[..scan], 1, 2, 3, 0xFF, .. file[scan..], .. Fixture.Image("grey.jpg")];
        Assert.Equal(ImageFile.Decode(file).Pixels, ImageFile.Decode(changed).Pixels);
    }

    [Fact]
    public void A_JPEG_without_Huffman_tables_uses_the_common_ones_as_frames_of_Motion_JPEG_do()
    {
        byte[] file = Fixture.Image("rgb-420.jpg");
        List<byte> bare = [.. file[..2]];
        int at = 2;
        for (; file[at + 1] != 0xDA; at += 2 + BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at + 2)))
        {
            if (file[at + 1] != 0xC4)
            {
                bare.AddRange(file[at..(at + 2 + BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at + 2)))]);
            }
        }

        bare.AddRange(file[at..]);
        Assert.True(bare.Count < file.Length - 300);
        Assert.Equal(ImageFile.Decode(file).Pixels, ImageFile.Decode(bare.ToArray()).Pixels);
    }

    [Theory]
    [InlineData(0xC9, "arithmetic coding")]
    [InlineData(0xC3, "lossless coding")]
    [InlineData(0xC5, "hierarchical")]
    public void A_kind_of_JPEG_that_is_not_supported_is_named(byte frame, string kind)
    {
        byte[] file = Fixture.Image("rgb-420.jpg");
        file[file.AsSpan().IndexOf((byte[])[0xFF, 0xC0]) + 1] = frame;
        Assert.Contains(kind, Assert.Throws<InvalidDataException>(() => ImageFile.Decode(file)).Message, StringComparison.Ordinal);
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
    [InlineData("HEIC", "\0\0\0\u0018ftypheic\0\0\0\0mif1")]
    [InlineData("AVIF", "\0\0\0\u0018ftypavif\0\0\0\0mif1")]
    [InlineData("AVIF", "\0\0\0\u0018ftypmif1\0\0\0\0avif")]
    [InlineData("CUR", "\0\0\u0002\0\u0001\0\u0020\u0020\0\0\u0001\0\u0001\0\u0030\u0001\0\0\u0016\0\0\0")]
    [InlineData("SVG", "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>")]
    [InlineData("PDF", "%PDF-1.7")]
    [InlineData("ICO", "\0\0\u0001\0\u0001\0")]
    [InlineData("JPEG 2000", "\0\0\0\u000CjP  \r\n")]
    [InlineData("Netpbm PAM", "P7\nWIDTH 1\n")]
    public void An_unsupported_format_is_named_with_a_remedy(string format, string start)
    {
        InvalidDataException exception = Assert.Throws<InvalidDataException>(() => ImageFile.Decode(System.Text.Encoding.Latin1.GetBytes(start)));
        Assert.StartsWith(format, exception.Message, StringComparison.Ordinal);
        Assert.Contains("convert the image to PNG or JPEG", exception.Message, StringComparison.Ordinal);
        Assert.True(ImageFile.IsImage(System.Text.Encoding.Latin1.GetBytes(start)));
    }

    [Theory]
    [InlineData("BMW is a maker of cars, not the start of a bitmap")]
    [InlineData("P5 and P6 are roads; P1 is one too")]
    [InlineData("P6\tis a road")]
    [InlineData("RIFF\0\0\0\0WAVEfmt ")]
    [InlineData("\0\0\u0002\0\0\0\0\0\0\0\0\0\0\0\0\0\u0018\0")] // a TGA of no pixels
    public void Other_files_are_not_taken_for_images(string start) =>
        Assert.False(ImageFile.IsImage(System.Text.Encoding.Latin1.GetBytes(start)));

    [Fact]
    public void Random_bytes_are_not_taken_for_images()
    {
        Random random = new(8);
        byte[] start = new byte[64];
        int taken = 0;
        for (int i = 0; i < 1_000_000; i++)
        {
            random.NextBytes(start);
            taken += ImageFile.IsImage(start) ? 1 : 0;
        }

        // Only JPEG XL begins with as few as two certain bytes.
        Assert.InRange(taken, 0, 60);
    }

    [Fact]
    public void A_TGA_that_begins_as_a_cursor_does_is_an_image() => Assert.All(
        Fixture.ImageNames.Where(name => name.EndsWith(".tga", StringComparison.Ordinal)), name => Assert.True(ImageFile.IsImage(Fixture.Image(name).AsSpan(0, 64))));

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("just some words", "JPEG, PNG, WebP, GIF, BMP, TIFF, TGA and Netpbm are supported")]
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
    [InlineData("run-length.bmp")]
    [InlineData("rgb.tif")]
    [InlineData("palette.tif")]
    [InlineData("rgb.tga")]
    [InlineData("runs.tga")]
    [InlineData("rgb.pnm")]
    [InlineData("text.pnm")]
    [InlineData("lossless.webp")]
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

    [Theory]
    [InlineData("low.webp", "VP8 ")]
    [InlineData("lossless.webp", "VP8L")]
    public void A_WebP_whose_pixels_end_early_is_truncated_whatever_its_headers_say(string name, string chunk)
    {
        byte[] file = Fixture.Image(name);
        int at = file.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(chunk)) + 8, length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at - 4)) / 4 * 2;
        byte[] cut = file[..(at + length)];
        BinaryPrimitives.WriteInt32LittleEndian(cut.AsSpan(at - 4), length);
        BinaryPrimitives.WriteInt32LittleEndian(cut.AsSpan(4), cut.Length - 8);
        Assert.Equal("the WebP file is truncated", Assert.Throws<InvalidDataException>(() => ImageFile.Decode(cut)).Message);
    }

    [Fact]
    public void An_image_of_108_megapixels_is_within_the_default_limits() =>
        ImageLimits.Default.Check(ImageFormat.Jpeg, 12_000, 9_000);

    [Fact]
    public void A_decompression_bomb_is_rejected_before_its_pixels_are_allocated()
    {
        byte[] file = PngHeaderOnly(50_000, 50_000);
        long before = Environment.WorkingSet;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        InvalidDataException exception = Assert.Throws<InvalidDataException>(() => ImageFile.Decode(file));
        Assert.Contains("50000 x 50000 pixels are more than", exception.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 1 << 20);
        Assert.InRange(Environment.WorkingSet - before, long.MinValue, 64 << 20);
    }

    [Fact]
    public void Sides_pixels_and_file_size_are_limited()
    {
        Assert.Contains("65501 x 1", Assert.Throws<InvalidDataException>(() => ImageFile.Decode(PngHeaderOnly(65_501, 1))).Message, StringComparison.Ordinal);
        byte[] file = Fixture.Image("rgb.png");
        Assert.Equal(37, ImageFile.Decode(file, new ImageLimits(MaxPixels: 37 * 23, MaxSide: 37)).Width);
        var error = Assert.Throws<InvalidDataException>(() => ImageFile.Decode(file, new ImageLimits(MaxPixels: 37 * 23 - 1)));
        Assert.Equal("37 x 23 pixels exceed the limit of 850 pixels (ImageLimits.MaxPixels); scale the image down, or raise the limit", error.Message);
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
    [MemberData(nameof(Names))]
    public void Damaged_files_decode_or_are_rejected(string name)
    {
        byte[] file = Fixture.Image(name);
        byte[][] others = [.. Fixture.ImageNames.Where((_, i) => i % 9 == 0).Select(Fixture.Image)];
        Random random = new(5);
        ImageLimits limits = new(MaxPixels: 1_000_000);
        const long MostBytes = 16 << 20; // a million pixels of a progressive JPEG take 12
        for (int i = 0; i < 500; i++)
        {
            byte[] damaged = Mutation.Apply(file, others[i % others.Length], random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                RgbImage image = ImageFile.Decode(damaged, limits);
                Assert.InRange((long)image.Width * image.Height, 1, limits.MaxPixels);
            }
            catch (InvalidDataException exception)
            {
                Assert.NotEmpty(exception.Message);
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
        }
    }

    private static byte[] PngHeaderOnly(int width, int height)
    {
        byte[] file = Fixture.Image("rgb.png");
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(20), height);
        Mutation.RepairPngChecksums(file);
        return file;
    }
}
