using System.Text.Json;

namespace Data2Vec.Vision.Images;

/// <summary>The form in which a model file keeps its <see cref="ImagePreprocessing"/>.</summary>
internal static class ImagePreprocessingJson
{
    private static readonly string[] _fields = ["resize", "resize_size", "crop_size", "mean", "std", "interpolation", "channels"];

    public static void Write(ImagePreprocessing preprocessing, Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        writer.WriteString("resize", preprocessing.Resize == ResizeMode.Squash ? "squash" : "shorter_side");
        writer.WriteNumber("resize_size", preprocessing.ResizeSize);
        writer.WriteNumber("crop_size", preprocessing.CropSize);
        WriteChannels(writer, "mean", preprocessing.Mean);
        WriteChannels(writer, "std", preprocessing.StandardDeviation);
        writer.WriteString("interpolation", Name(preprocessing.Interpolation));
        if (preprocessing.Channels == ChannelOrder.Bgr)
        {
            writer.WriteString("channels", "bgr");
        }

        writer.WriteEndObject();
    }

    public static ImagePreprocessing Read(JsonElement json)
    {
        const string Thing = "image preprocessing";
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidDataException($"{Thing}: not a JSON object");
        }

        HashSet<string> seen = [];
        foreach (JsonProperty property in json.EnumerateObject())
        {
            if (!_fields.Contains(property.Name))
            {
                throw new InvalidDataException($"{Thing}: unknown field \"{property.Name}\"");
            }

            if (!seen.Add(property.Name))
            {
                throw new InvalidDataException($"{Thing}: field \"{property.Name}\" stands there twice");
            }
        }

        JsonFields fields = new(json, Thing);
        ResizeMode resize = fields.Text("resize") switch
        {
            "squash" => ResizeMode.Squash,
            "shorter_side" => ResizeMode.ShorterSide,
            _ => throw fields.Bad("resize", "\"squash\" or \"shorter_side\""),
        };
        Interpolation interpolation = fields.Text("interpolation") switch
        {
            "bicubic" => Interpolation.Bicubic,
            "bilinear" => Interpolation.Bilinear,
            "opencv_bicubic" => Interpolation.OpenCvBicubic,
            _ => throw fields.Bad("interpolation", "\"bicubic\", \"bilinear\" or \"opencv_bicubic\""),
        };
        ChannelOrder channels = !seen.Contains("channels") ? ChannelOrder.Rgb : fields.Text("channels") switch
        {
            "rgb" => ChannelOrder.Rgb,
            "bgr" => ChannelOrder.Bgr,
            _ => throw fields.Bad("channels", "\"rgb\" or \"bgr\""),
        };
        return fields.Create(resize, fields.Size("resize_size"), fields.Size("crop_size"), fields.Channels("mean"), fields.Channels("std"), interpolation, channels);
    }

    private static string Name(Interpolation interpolation) => interpolation switch
    {
        Interpolation.Bicubic => "bicubic",
        Interpolation.Bilinear => "bilinear",
        _ => "opencv_bicubic",
    };

    private static void WriteChannels(Utf8JsonWriter writer, string name, ChannelValues values)
    {
        writer.WriteStartArray(name);
        for (int channel = 0; channel < 3; channel++)
        {
            writer.WriteNumberValue(values[channel]);
        }

        writer.WriteEndArray();
    }
}
