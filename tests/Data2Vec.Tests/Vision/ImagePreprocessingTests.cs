using System.Text.Json;
using Data2Vec.Vision.Images;

namespace Data2Vec.Tests.Vision;

public class ImagePreprocessingTests
{
    private const string Complete = """
        {"resize":"squash","resize_size":8,"crop_size":8,"mean":[0.5,0.5,0.5],"std":[0.5,0.5,0.5],"interpolation":"bicubic"}
        """;

    [Fact]
    public void Outputs_equal_those_of_torchvision()
    {
        using BinaryReader records = Fixture.Records("preprocessed.bin");
        int count = 0;
        for (; records.BaseStream.Position < records.BaseStream.Length; count++)
        {
            int width = records.ReadInt32(), height = records.ReadInt32();
            ResizeMode resize = records.ReadInt32() == 0 ? ResizeMode.Squash : ResizeMode.ShorterSide;
            int size = records.ReadInt32(), cropSize = records.ReadInt32();
            Interpolation interpolation = records.ReadInt32() == 3 ? Interpolation.Bicubic : Interpolation.Bilinear;
            RgbImage source = new(width, height, records.ReadBytes(width * height * 3));
            ImagePreprocessing preprocessing = new(
                resize, size, cropSize, ImagePreprocessing.ImageNetMean, ImagePreprocessing.ImageNetStandardDeviation, interpolation);
            foreach (float value in preprocessing.Apply(source))
            {
                Assert.Equal(records.ReadSingle(), value);
            }
        }

        Assert.Equal(16, count);
    }

    [Fact]
    public void Outputs_equal_those_of_OpenCV()
    {
        using BinaryReader records = Fixture.Records("opencv.bin");
        int count = 0;
        for (; records.BaseStream.Position < records.BaseStream.Length; count++)
        {
            int width = records.ReadInt32(), height = records.ReadInt32(), side = records.ReadInt32();
            RgbImage source = new(width, height, records.ReadBytes(width * height * 3));
            foreach (float value in ImagePreprocessing.OpenCv(side).Apply(source))
            {
                Assert.Equal(records.ReadByte() / 255f, value);
            }
        }

        Assert.Equal(24, count);
    }

    [Fact]
    public void A_crop_equals_the_middle_of_the_whole_image_resized_as_by_OpenCV()
    {
        RgbImage image = new(50, 40, [.. Enumerable.Range(0, 50 * 40 * 3).Select(i => (byte)(i * i % 251))]);
        ImagePreprocessing whole = new(ResizeMode.Squash, 20, 20, default, new(1, 1, 1), Interpolation.OpenCvBicubic);
        ImagePreprocessing cut = new(ResizeMode.Squash, 20, 8, default, new(1, 1, 1), Interpolation.OpenCvBicubic);
        float[] all = whole.Apply(image), middle = cut.Apply(image);
        for (int i = 0; i < middle.Length; i++)
        {
            Assert.Equal(all[(i / 64 * 20 + i / 8 % 8 + 6) * 20 + i % 8 + 6], middle[i]);
        }
    }

    [Fact]
    public void Channels_are_ordered_and_normalized_separately()
    {
        RgbImage image = new(1, 1, [0, 51, 255]);
        ImagePreprocessing rgb = new(ResizeMode.Squash, 1, 1, new(0.1f, 0.2f, 0.3f), new(1, 2, 4));
        ImagePreprocessing bgr = new(ResizeMode.Squash, 1, 1, new(0.1f, 0.2f, 0.3f), new(1, 2, 4), channels: ChannelOrder.Bgr);
        Assert.Equal(rgb.Apply(image).Reverse(), bgr.Apply(image));
        Assert.Equal(-0.1f, rgb.Apply(image)[0]);
        Assert.Equal(ChannelOrder.Bgr, bgr.WithCropSize(2).Channels);
    }

    [Theory]
    [InlineData(640, 480, 256, 341, 256)]
    [InlineData(480, 640, 256, 256, 341)]
    [InlineData(500, 375, 256, 341, 256)]
    [InlineData(1000, 999, 256, 256, 256)]
    [InlineData(3, 65500, 256, 256, 5589333)]
    public void The_longer_side_is_truncated_to_an_integer(int width, int height, int size, int expectedWidth, int expectedHeight)
    {
        ImagePreprocessing preprocessing = ImagePreprocessing.ResizeThenCentreCrop(size, 224, ImagePreprocessing.Half, ImagePreprocessing.Half);
        Assert.Equal((expectedWidth, expectedHeight), preprocessing.ResizedSize(width, height));
    }

    [Fact]
    public void An_image_of_extreme_shape_takes_little_memory()
    {
        ImagePreprocessing preprocessing = ImagePreprocessing.ResizeThenCentreCrop(256, 224, ImagePreprocessing.Half, ImagePreprocessing.Half);
        RgbImage thread = new(1, 65_500, new byte[65_500 * 3]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        float[] pixels = preprocessing.Apply(thread);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
        Assert.True(pixels.AsSpan().IndexOfAnyExcept(-1f) < 0);
    }

    [Fact]
    public void A_destination_of_another_length_is_rejected()
    {
        ImagePreprocessing preprocessing = ImagePreprocessing.Squash(4, ImagePreprocessing.Half, ImagePreprocessing.Half);
        RgbImage image = new(2, 2, new byte[12]);
        Assert.Throws<ArgumentException>(() => preprocessing.Apply(image, new float[47]));
        Assert.Equal(48, preprocessing.OutputLength);
    }

    [Fact]
    public void JSON_round_trips()
    {
        ImagePreprocessing written = new(
            ResizeMode.ShorterSide, 36, 32, ImagePreprocessing.ImageNetMean, ImagePreprocessing.ImageNetStandardDeviation, Interpolation.Bilinear);
        Assert.Equal(
            """{"resize":"shorter_side","resize_size":36,"crop_size":32,"mean":[0.485,0.456,0.406],"std":[0.229,0.224,0.225],"interpolation":"bilinear"}""",
            written.ToJson().ToJsonString());
        Assert.Equal(written, ImagePreprocessing.FromJson(Json(written.ToJson().ToJsonString())));
        Assert.Equal(ImagePreprocessing.Squash(8, ImagePreprocessing.Half, ImagePreprocessing.Half), ImagePreprocessing.FromJson(Json(Complete)));
        ImagePreprocessing openCv = ImagePreprocessing.OpenCv(224);
        Assert.Equal(openCv, ImagePreprocessing.FromJson(Json(openCv.ToJson().ToJsonString())));
    }

    [Theory]
    [InlineData("\"squash\"", "\"stretch\"", "resize")]
    [InlineData("\"resize_size\":8", "\"resize_size\":0", "resize_size")]
    [InlineData("\"resize_size\":8", "\"resize_size\":8.5", "resize_size")]
    [InlineData("\"resize_size\":8,", "", "resize_size")]
    [InlineData("\"crop_size\":8", "\"crop_size\":100000", "crop_size")]
    [InlineData("\"crop_size\":8", "\"crop_size\":\"8\"", "crop_size")]
    [InlineData("\"mean\":[0.5,0.5,0.5]", "\"mean\":[0.5,0.5]", "mean")]
    [InlineData("\"mean\":[0.5,0.5,0.5]", "\"mean\":[0.5,0.5,null]", "mean")]
    [InlineData("\"mean\":[0.5,0.5,0.5]", "\"mean\":[0.5,0.5,1e99]", "mean")]
    [InlineData("\"std\":[0.5,0.5,0.5]", "\"std\":[0.5,0,0.5]", "standard deviation")]
    [InlineData("\"std\":[0.5,0.5,0.5]", "\"std\":[0.5,-1,0.5]", "standard deviation")]
    [InlineData("\"std\":[0.5,0.5,0.5]", "\"std\":[0.5,1e-45,0.5]", "standard deviation")]
    [InlineData("\"bicubic\"", "\"lanczos\"", "interpolation")]
    [InlineData("\"bicubic\"", "\"bicubic\",\"channels\":\"gbr\"", "channels")]
    [InlineData("\"bicubic\"", "\"bicubic\",\"channels\":3", "channels")]
    [InlineData("\"bicubic\"", "\"bicubic\",\"extra\":1", "extra")]
    [InlineData("\"bicubic\"", "\"bicubic\",\"crop_size\":8", "crop_size")]
    [InlineData("{", "[{", "not a JSON object")]
    public void An_invalid_field_is_named(string part, string replacement, string expected)
    {
        string json = Complete.Replace(part, replacement, StringComparison.Ordinal) + (replacement.StartsWith('[') ? "]" : "");
        InvalidDataException exception = Assert.Throws<InvalidDataException>(() => ImagePreprocessing.FromJson(Json(json)));
        Assert.Contains(expected, exception.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("""
        {"feature_extractor_type":"BeitFeatureExtractor","do_resize":true,"size":224,"resample":3,"do_center_crop":false,"crop_size":224,
        "do_normalize":true,"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5],"reduce_labels":false}
        """, ResizeMode.Squash, 224, 224)]
    [InlineData("""
        {"image_processor_type":"BeitImageProcessor","do_resize":true,"size":{"height":256,"width":256},"resample":3,"do_center_crop":true,
        "crop_size":{"height":224,"width":224},"do_rescale":true,"rescale_factor":0.00392156862745098,"do_normalize":true,
        "image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}
        """, ResizeMode.Squash, 256, 224)]
    [InlineData("""{"size":{"shortest_edge":256},"do_center_crop":true,"crop_size":224}""", ResizeMode.ShorterSide, 256, 224)]
    [InlineData("{}", ResizeMode.Squash, 256, 224)]
    public void Configurations_of_transformers_are_read(string json, ResizeMode resize, int size, int cropSize) => Assert.Equal(
        new ImagePreprocessing(resize, size, cropSize, ImagePreprocessing.Half, ImagePreprocessing.Half),
        ImagePreprocessing.FromHuggingFace(Json(json)));

    [Fact]
    public void Rescaling_and_normalization_are_optional()
    {
        RgbImage image = new(1, 1, [0, 100, 255]);
        Assert.Equal([0f, 100 / 255f, 1f], ReadAndApply("""{"size":1,"do_center_crop":false,"do_normalize":false}"""));
        AssertNear([0f, 100f, 255f], ReadAndApply("""{"size":1,"do_center_crop":false,"do_normalize":false,"do_rescale":false}"""));
        AssertNear(
            [-0.5f, (100 / 127.5f - 1) / 4, (2f - 1.5f) / 4],
            ReadAndApply("""{"size":1,"do_center_crop":false,"rescale_factor":0.00784313725490196,"image_mean":[2,1,1.5],"image_std":[4,4,4]}"""));

        float[] ReadAndApply(string json) => ImagePreprocessing.FromHuggingFace(Json(json)).Apply(image);
        static void AssertNear(float[] expected, float[] actual)
        {
            for (int i = 0; i < 3; i++)
            {
                Assert.Equal(expected[i], actual[i], 1e-4f);
            }
        }
    }

    [Theory]
    [InlineData("""{"image_processor_type":"CLIPImageProcessor"}""", "CLIPImageProcessor")]
    [InlineData("""{"do_resize":false}""", "do_resize")]
    [InlineData("""{"size":{"height":224,"width":192}}""", "width")]
    [InlineData("""{"size":{"longest_edge":224}}""", "height")]
    [InlineData("""{"size":{"shortest_edge":224},"do_center_crop":false}""", "do_center_crop")]
    [InlineData("""{"resample":1}""", "resample")]
    [InlineData("""{"resample":"bicubic"}""", "resample")]
    [InlineData("""{"do_normalize":1}""", "do_normalize")]
    [InlineData("""{"image_mean":0.5}""", "image_mean")]
    [InlineData("""{"rescale_factor":0}""", "rescale_factor")]
    [InlineData("[]", "not a JSON object")]
    public void An_unsupported_field_is_named(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => ImagePreprocessing.FromHuggingFace(Json(json))).Message, StringComparison.Ordinal);

    private static JsonElement Json(string json) => JsonDocument.Parse(json).RootElement;
}
