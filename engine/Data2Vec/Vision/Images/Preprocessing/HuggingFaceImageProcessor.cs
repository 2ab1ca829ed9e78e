using System.Text.Json;

namespace Data2Vec.Vision.Images;

/// <summary>Reads the <c>preprocessor_config.json</c> of transformers' BEiT classes.</summary>
/// <remarks>
/// Where the crop leaves an odd number of pixels, transformers rounds the offset down and torchvision, which is followed
/// here, to the even number: that can be a shift by one pixel, for a crop after <c>shortest_edge</c> only.
/// </remarks>
internal static class HuggingFaceImageProcessor
{
    private const string Thing = "preprocessor_config.json";
    private const int DefaultSize = 256;
    private const int DefaultCropSize = 224;

    public static ImagePreprocessing Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidDataException($"{Thing}: not a JSON object");
        }

        JsonFields fields = new(json, Thing);
        CheckClass(fields, "image_processor_type");
        CheckClass(fields, "feature_extractor_type");
        if (!fields.Flag("do_resize", true))
        {
            throw fields.Bad("do_resize", "true: the model takes images of one size only");
        }

        (ResizeMode resize, int size) = ReadSize(fields);
        int cropSize = size;
        if (fields.Flag("do_center_crop", true))
        {
            cropSize = ReadCropSize(fields);
        }
        else if (resize == ResizeMode.ShorterSide)
        {
            throw fields.Bad("do_center_crop", "true where \"size\" is a shortest edge: the model takes squares only");
        }

        Interpolation interpolation = fields.Number("resample", 3) switch
        {
            2 => Interpolation.Bilinear,
            3 => Interpolation.Bicubic,
            _ => throw fields.Bad("resample", "2 (bilinear) or 3 (bicubic)"),
        };
        (ChannelValues mean, ChannelValues deviation) = ReadNormalization(fields);
        return fields.Create(resize, size, cropSize, mean, deviation, interpolation);
    }

    private static void CheckClass(JsonFields fields, string name)
    {
        if (fields.Find(name) is not null && fields.Text(name) is string type && !type.StartsWith("Beit", StringComparison.Ordinal))
        {
            throw fields.Bad(name, $"a BEiT class such as BeitImageProcessor, not {type}");
        }
    }

    private static (ResizeMode Resize, int Size) ReadSize(JsonFields fields)
    {
        if (fields.Find("size") is not JsonElement size)
        {
            return (ResizeMode.Squash, DefaultSize);
        }

        if (size.ValueKind != JsonValueKind.Object)
        {
            return (ResizeMode.Squash, fields.Size("size"));
        }

        JsonFields sides = new(size, $"{Thing}: size");
        return sides.Find("shortest_edge") is null
            ? (ResizeMode.Squash, ReadSquare(sides))
            : (ResizeMode.ShorterSide, sides.Size("shortest_edge"));
    }

    private static int ReadCropSize(JsonFields fields)
    {
        if (fields.Find("crop_size") is not JsonElement size)
        {
            return DefaultCropSize;
        }

        return size.ValueKind == JsonValueKind.Object ? ReadSquare(new(size, $"{Thing}: crop_size")) : fields.Size("crop_size");
    }

    private static int ReadSquare(JsonFields sides)
    {
        int height = sides.Size("height");
        return sides.Size("width") == height ? height : throw sides.Bad("width", "the same as \"height\"");
    }

    /// <summary>Samples here are always divided by 255 first; another factor is moved into mean and deviation.</summary>
    private static (ChannelValues Mean, ChannelValues Deviation) ReadNormalization(JsonFields fields)
    {
        double factor = fields.Flag("do_rescale", true) ? fields.Number("rescale_factor", 1 / 255.0) : 1;
        if (factor <= 0)
        {
            throw fields.Bad("rescale_factor", "above 0");
        }

        bool isNormalized = fields.Flag("do_normalize", true);
        ChannelValues mean = isNormalized ? ReadChannels(fields, "image_mean") : default;
        ChannelValues deviation = isNormalized ? ReadChannels(fields, "image_std") : new(1, 1, 1);
        // Written files have 1/255 with more or fewer digits.
        double ratio = factor * 255;
        if (Math.Abs(ratio - 1) < 1e-6)
        {
            return (mean, deviation);
        }

        return (Divide(mean, ratio), Divide(deviation, ratio));
    }

    private static ChannelValues ReadChannels(JsonFields fields, string name) =>
        fields.Find(name) is null ? ImagePreprocessing.Half : fields.Channels(name);

    private static ChannelValues Divide(ChannelValues values, double divisor) =>
        new((float)(values.Red / divisor), (float)(values.Green / divisor), (float)(values.Blue / divisor));
}
