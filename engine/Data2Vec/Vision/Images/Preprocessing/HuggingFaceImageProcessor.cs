using System.Text.Json;

namespace Data2Vec.Vision.Images;

/// <summary>Reads the <c>preprocessor_config.json</c> of transformers' BEiT and ViT classes.</summary>
/// <remarks>
/// If a crop removes an odd number of pixels, transformers rounds the offset down, and torchvision, which this project follows, rounds it
/// to the even number. After <c>shortest_edge</c>, the crop can therefore differ by one pixel.
/// </remarks>
internal static class HuggingFaceImageProcessor
{
    private const int DefaultCropSize = 224;

    /// <summary>What the classes do unless the file says otherwise, by how their names begin.</summary>
    private static readonly Defaults[] s_classes = [new("Beit", 256, Crops: true, Interpolation.Bicubic), new("ViT", 224, Crops: false, Interpolation.Bilinear)];

    public static ImagePreprocessing Read(JsonElement json, string processor, string file)
    {
        JsonFields fields = new(json, file);
        Defaults defaults = Array.Find(s_classes, known => processor.StartsWith(known.Name, StringComparison.Ordinal))
            ?? throw new ArgumentException($"'{processor}' is not a class that is known.", nameof(processor));
        foreach (string name in (string[])["feature_extractor_type", "image_processor_type"])
        {
            if (fields.Find(name) is not null)
            {
                string given = fields.Text(name);
                defaults = Array.Find(s_classes, known => given.StartsWith(known.Name, StringComparison.Ordinal))
                    ?? throw fields.Bad(name, "a class of BEiT or ViT such as BeitImageProcessor or ViTImageProcessor");
            }
        }

        if (!fields.Flag("do_resize", true))
        {
            throw fields.Bad("do_resize", "true (the model requires a fixed image size)");
        }

        bool byShorterSide = fields.Find("size") is { ValueKind: JsonValueKind.Object } && fields.Object("size").Find("shortest_edge") is not null;
        int size = byShorterSide ? Size(fields.Object("size"), "shortest_edge") : Square(fields, "size", defaults.Size);
        bool isCropped = defaults.Crops && fields.Flag("do_center_crop", true);
        if (!defaults.Crops && byShorterSide)
        {
            throw fields.Bad("size", "a number, or an object with \"height\" and \"width\"");
        }

        if (!isCropped && byShorterSide)
        {
            throw fields.Bad("do_center_crop", "true if \"size\" is a shortest edge (the model requires square images)");
        }

        Interpolation interpolation = fields.Number("resample", -1) switch
        {
            -1 => defaults.Interpolation,
            2 => Interpolation.Bilinear,
            3 => Interpolation.Bicubic,
            _ => throw fields.Bad("resample", "2 (bilinear) or 3 (bicubic)"),
        };
        (ChannelValues mean, ChannelValues deviation) = ReadNormalization(fields);
        return ImagePreprocessing.Create(
            file,
            byShorterSide ? ResizeMode.ShorterSide : ResizeMode.Squash,
            size,
            isCropped ? Square(fields, "crop_size", DefaultCropSize) : size,
            mean,
            deviation,
            interpolation);
    }

    private sealed record Defaults(string Name, int Size, bool Crops, Interpolation Interpolation);

    private static int Size(JsonFields fields, string name) => fields.Integer(name, 1, ImagePreprocessing.MaxSize);

    /// <summary>Reads the side of a square: a number, or an object with equal height and width.</summary>
    private static int Square(JsonFields fields, string name, int fallback)
    {
        if (fields.Find(name) is not { ValueKind: JsonValueKind.Object })
        {
            return fields.Find(name) is null ? fallback : Size(fields, name);
        }

        JsonFields sides = fields.Object(name);
        int height = Size(sides, "height");
        return Size(sides, "width") == height ? height : throw sides.Bad("width", "equal to \"height\"");
    }

    /// <summary>Images are always divided by 255 first, so a different scale factor is moved into the mean and the deviation.</summary>
    private static (ChannelValues Mean, ChannelValues Deviation) ReadNormalization(JsonFields fields)
    {
        double factor = fields.Flag("do_rescale", true) ? fields.Number("rescale_factor", 1 / 255.0) : 1;
        if (factor <= 0)
        {
            throw fields.Bad("rescale_factor", "above 0");
        }

        bool isNormalized = fields.Flag("do_normalize", true);
        ChannelValues mean = isNormalized ? Read("image_mean") : default;
        ChannelValues deviation = isNormalized ? Read("image_std") : new(1, 1, 1);

        // Files contain 1/255 with varying precision.
        double ratio = factor * 255;
        return Math.Abs(ratio - 1) < 1e-6 ? (mean, deviation) : (Divide(mean, ratio), Divide(deviation, ratio));

        ChannelValues Read(string name) => fields.Find(name) is null ? ImagePreprocessing.Half : ChannelValues.Read(fields, name);
    }

    private static ChannelValues Divide(ChannelValues values, double divisor) =>
        new((float)(values.Red / divisor), (float)(values.Green / divisor), (float)(values.Blue / divisor));
}
