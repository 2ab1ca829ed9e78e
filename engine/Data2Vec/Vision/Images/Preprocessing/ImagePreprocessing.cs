using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec.Vision.Images;

/// <summary>
/// The steps from an image to a model's input: resize, crop the center, scale to 0 ... 1, then <c>(value - mean) / standard deviation</c> for each
/// channel. Sizes and rounding are those of torchvision (<c>Resize</c>, <c>CenterCrop</c>, <c>ToTensor</c> and <c>Normalize</c> on Pillow images).
/// </summary>
public sealed record ImagePreprocessing
{
    /// <summary>The largest supported size in pixels.</summary>
    public const int MaxSize = 4096;

    private static readonly (string Name, ResizeMode Mode)[] s_resizeModes = [("squash", ResizeMode.Squash), ("shorter_side", ResizeMode.ShorterSide)];

    private static readonly (string Name, Interpolation Filter)[] s_interpolations =
        [("bicubic", Interpolation.Bicubic), ("bilinear", Interpolation.Bilinear), ("opencv_bicubic", Interpolation.OpenCvBicubic)];

    /// <summary>Creates a preprocessing.</summary>
    /// <param name="resize">How the target size is determined.</param>
    /// <param name="resizeSize">The size after resizing, in pixels.</param>
    /// <param name="cropSize">The side of the square cut from the center. A smaller image is padded with black.</param>
    /// <param name="mean">Subtracted from samples of 0 ... 1.</param>
    /// <param name="standardDeviation">The divisor after the mean is subtracted.</param>
    /// <param name="interpolation">The filter for resizing.</param>
    /// <param name="channels">The order of the color channels in the output.</param>
    /// <exception cref="ArgumentException">A size is outside 1 ... <see cref="MaxSize"/>, or the output would not be finite.</exception>
    public ImagePreprocessing(
        ResizeMode resize, int resizeSize, int cropSize, ChannelValues mean, ChannelValues standardDeviation,
        Interpolation interpolation = Interpolation.Bicubic, ChannelOrder channels = ChannelOrder.Rgb)
    {
        CheckSize(resizeSize, nameof(resizeSize));
        CheckSize(cropSize, nameof(cropSize));
        for (int channel = 0; channel < 3; channel++)
        {
            float deviation = standardDeviation[channel], black = -mean[channel] / deviation, white = (1 - mean[channel]) / deviation;
            if (!float.IsFinite(deviation) || deviation <= 0)
            {
                throw new ArgumentException("A standard deviation must be finite and above 0.", nameof(standardDeviation));
            }

            if (!float.IsFinite(black) || !float.IsFinite(white))
            {
                throw new ArgumentException("Mean and standard deviation must map 0 and 1 to finite numbers.", nameof(mean));
            }
        }

        (Resize, ResizeSize, CropSize) = (resize, resizeSize, cropSize);
        (Mean, StandardDeviation, Interpolation, Channels) = (mean, standardDeviation, interpolation, channels);
    }

    /// <summary>The mean of ImageNet's samples.</summary>
    public static ChannelValues ImageNetMean { get; } = new(0.485f, 0.456f, 0.406f);

    /// <summary>The standard deviation of ImageNet's samples.</summary>
    public static ChannelValues ImageNetStandardDeviation { get; } = new(0.229f, 0.224f, 0.225f);

    /// <summary>0.5 for each channel. Used as mean and standard deviation, it maps samples to -1 ... 1.</summary>
    public static ChannelValues Half { get; } = new(0.5f, 0.5f, 0.5f);

    /// <summary>How the target size is determined.</summary>
    public ResizeMode Resize { get; }

    /// <summary>The size of both sides or of the shorter side after resizing, in pixels.</summary>
    public int ResizeSize { get; }

    /// <summary>The side of the square that the model sees, in pixels.</summary>
    public int CropSize { get; }

    /// <summary>Subtracted from samples of 0 ... 1.</summary>
    public ChannelValues Mean { get; }

    /// <summary>The divisor after the mean is subtracted.</summary>
    public ChannelValues StandardDeviation { get; }

    /// <summary>The filter for resizing.</summary>
    public Interpolation Interpolation { get; }

    /// <summary>The order of the color channels in the output.</summary>
    public ChannelOrder Channels { get; }

    /// <summary>The length of the output: <c>3 * CropSize * CropSize</c>.</summary>
    public int OutputLength => 3 * CropSize * CropSize;

    /// <summary>Resizes both sides to <paramref name="size"/> without a crop.</summary>
    public static ImagePreprocessing Squash(int size, ChannelValues mean, ChannelValues standardDeviation) =>
        new(ResizeMode.Squash, size, size, mean, standardDeviation);

    /// <summary>Resizes the shorter side to <paramref name="resizeSize"/>, then crops a square of <paramref name="cropSize"/> from the center.</summary>
    public static ImagePreprocessing ResizeThenCentreCrop(int resizeSize, int cropSize, ChannelValues mean, ChannelValues standardDeviation) =>
        new(ResizeMode.ShorterSide, resizeSize, cropSize, mean, standardDeviation);

    /// <summary>
    /// The preprocessing of "Hate Speech in Pixels" (Sabat et al. 2019): both sides are resized to <paramref name="size"/> as OpenCV's
    /// <c>resize</c> does with <c>INTER_CUBIC</c>; the output is blue, green and red of 0 ... 1.
    /// </summary>
    public static ImagePreprocessing OpenCv(int size) =>
        new(ResizeMode.Squash, size, size, default, new(1, 1, 1), Interpolation.OpenCvBicubic, ChannelOrder.Bgr);

    /// <summary>Reads the output of <see cref="ToJson"/>. All fields are required except <c>channels</c>, and no others are allowed.</summary>
    /// <exception cref="InvalidDataException">A field is missing, unknown or out of range.</exception>
    public static ImagePreprocessing FromJson(JsonElement json)
    {
        const string Source = "image preprocessing";
        JsonFields fields = new(json, Source);
        fields.CheckNames("resize", "resize_size", "crop_size", "mean", "std", "interpolation", "channels");
        return Create(
            Source,
            fields.Choice("resize", s_resizeModes),
            fields.Integer("resize_size", 1, MaxSize),
            fields.Integer("crop_size", 1, MaxSize),
            ChannelValues.Read(fields, "mean"),
            ChannelValues.Read(fields, "std"),
            fields.Choice("interpolation", s_interpolations),
            json.TryGetProperty("channels", out _) ? fields.Choice("channels", ("rgb", ChannelOrder.Rgb), ("bgr", ChannelOrder.Bgr)) : ChannelOrder.Rgb);
    }

    /// <summary>
    /// Reads a <c>preprocessor_config.json</c> of transformers' <c>BeitFeatureExtractor</c>, <c>BeitImageProcessor</c>, <c>ViTFeatureExtractor</c> or
    /// <c>ViTImageProcessor</c>. Missing fields have the defaults of that class.
    /// </summary>
    /// <param name="json">The object in the file.</param>
    /// <param name="processor">The class, if the file does not name it: <c>BeitImageProcessor</c> or <c>ViTImageProcessor</c>.</param>
    /// <param name="file">The name of the file, for messages.</param>
    /// <exception cref="InvalidDataException">The file is of another class or requests an unsupported step.</exception>
    public static ImagePreprocessing FromHuggingFace(JsonElement json, string processor = "BeitImageProcessor", string file = "preprocessor_config.json") =>
        HuggingFaceImageProcessor.Read(json, processor, file);

    /// <summary>The preprocessing as a JSON object.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["resize"] = Array.Find(s_resizeModes, mode => mode.Mode == Resize).Name,
            ["resize_size"] = ResizeSize,
            ["crop_size"] = CropSize,
            ["mean"] = new JsonArray(Mean.Red, Mean.Green, Mean.Blue),
            ["std"] = new JsonArray(StandardDeviation.Red, StandardDeviation.Green, StandardDeviation.Blue),
            ["interpolation"] = Array.Find(s_interpolations, filter => filter.Filter == Interpolation).Name,
        };
        if (Channels == ChannelOrder.Bgr)
        {
            json["channels"] = "bgr";
        }

        return json;
    }

    /// <summary>
    /// Returns the same preprocessing for another crop size. The size before the crop keeps its ratio to the crop size, rounded down.
    /// </summary>
    /// <param name="cropSize">The side of the square in pixels.</param>
    /// <exception cref="ArgumentException">A size is outside 1 ... <see cref="MaxSize"/>.</exception>
    public ImagePreprocessing WithCropSize(int cropSize)
    {
        CheckSize(cropSize, nameof(cropSize));
        long resizeSize = (long)ResizeSize * cropSize / CropSize;
        if (resizeSize is < 1 or > MaxSize)
        {
            throw new ArgumentOutOfRangeException(nameof(cropSize), cropSize, $"The size before the crop would be {resizeSize}; it must be 1 to {MaxSize}.");
        }

        return new(Resize, (int)resizeSize, cropSize, Mean, StandardDeviation, Interpolation, Channels);
    }

    /// <summary>Prepares an image for the model.</summary>
    /// <param name="image">The image, of any size.</param>
    /// <returns>Pixels <c>[3, CropSize, CropSize]</c> in the channel order of <see cref="Channels"/>.</returns>
    public float[] Apply(RgbImage image)
    {
        float[] pixels = new float[OutputLength];
        Apply(image, pixels);
        return pixels;
    }

    /// <summary>Prepares an image for the model.</summary>
    /// <param name="image">The image, of any size.</param>
    /// <param name="destination">Receives pixels <c>[3, CropSize, CropSize]</c>.</param>
    /// <exception cref="ArgumentException">The length of the destination is not <see cref="OutputLength"/>.</exception>
    public void Apply(RgbImage image, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (destination.Length != OutputLength)
        {
            throw new ArgumentException($"The destination has {destination.Length} elements instead of {OutputLength}.", nameof(destination));
        }

        (int width, int height) = ResizedSize(image.Width, image.Height);
        CropSpan columns = CropSpan.Center(width, CropSize), rows = CropSpan.Center(height, CropSize);
        RgbImage resized = new ImageResizer(image.Width, image.Height, width, height, columns, rows, Interpolation).Resize(image);
        Span<float> values = stackalloc float[256];
        for (int channel = 0; channel < 3; channel++)
        {
            for (int sample = 0; sample < 256; sample++)
            {
                values[sample] = (sample / 255f - Mean[channel]) / StandardDeviation[channel];
            }

            Span<float> plane = destination.Slice((Channels == ChannelOrder.Rgb ? channel : 2 - channel) * CropSize * CropSize, CropSize * CropSize);
            if (resized.Width < CropSize || resized.Height < CropSize)
            {
                plane.Fill(values[0]);
            }

            int source = channel;
            for (int y = 0; y < resized.Height; y++)
            {
                Span<float> row = plane.Slice((y + rows.Padding) * CropSize + columns.Padding, resized.Width);
                for (int x = 0; x < row.Length; x++, source += 3)
                {
                    row[x] = values[resized.Pixels[source]];
                }
            }
        }
    }

    /// <summary>The size of an image after resizing, before the crop.</summary>
    internal (int Width, int Height) ResizedSize(int width, int height)
    {
        if (Resize == ResizeMode.Squash)
        {
            return (ResizeSize, ResizeSize);
        }

        // torchvision's int(size * long / short): an exact product, one rounded division, truncation.
        double exact = (double)Math.BigMul(ResizeSize, Math.Max(width, height)) / Math.Min(width, height);
        if (exact > int.MaxValue)
        {
            throw new ArgumentException($"An image of {width} x {height} is too narrow to be resized by its shorter side.");
        }

        int longer = (int)exact;
        return width <= height ? (ResizeSize, longer) : (longer, ResizeSize);
    }

    /// <summary>Creates a preprocessing from the values in a file.</summary>
    /// <exception cref="InvalidDataException">A value is out of range.</exception>
    internal static ImagePreprocessing Create(
        string source, ResizeMode resize, int resizeSize, int cropSize, ChannelValues mean, ChannelValues deviation, Interpolation interpolation,
        ChannelOrder channels = ChannelOrder.Rgb)
    {
        try
        {
            return new(resize, resizeSize, cropSize, mean, deviation, interpolation, channels);
        }
        catch (ArgumentException exception)
        {
            throw new InvalidDataException($"{source}: {exception.Message}", exception);
        }
    }

    private static void CheckSize(int size, string name)
    {
        if (size is < 1 or > MaxSize)
        {
            throw new ArgumentOutOfRangeException(name, size, $"A size must be 1 to {MaxSize}.");
        }
    }
}

/// <summary>One number for each color channel.</summary>
public readonly record struct ChannelValues(float Red, float Green, float Blue)
{
    /// <summary>The value of channel 0 (red), 1 (green) or 2 (blue).</summary>
    public float this[int channel] => channel switch
    {
        0 => Red,
        1 => Green,
        2 => Blue,
        _ => throw new ArgumentOutOfRangeException(nameof(channel), channel, "A channel is 0, 1 or 2."),
    };

    /// <summary>Reads an array of three numbers.</summary>
    /// <exception cref="InvalidDataException">The field is missing or is not such an array.</exception>
    internal static ChannelValues Read(JsonFields fields, string name)
    {
        float[] values = fields.Numbers(name, 3);
        return new(values[0], values[1], values[2]);
    }
}

/// <summary>The order of the color channels in a model's input.</summary>
public enum ChannelOrder
{
    /// <summary>Red, green, blue.</summary>
    Rgb,

    /// <summary>Blue, green, red, as OpenCV reads images.</summary>
    Bgr,
}
