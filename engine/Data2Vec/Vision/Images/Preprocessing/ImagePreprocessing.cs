using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec.Vision.Images;

/// <summary>
/// How an image becomes a model's input: resized, cropped to the centre, scaled to 0 ... 1, then
/// <c>(value - mean) / standard deviation</c> for each channel. Sizes and rounding are torchvision's
/// (<c>Resize</c>, <c>CenterCrop</c>, <c>ToTensor</c>, <c>Normalize</c> on Pillow images).
/// </summary>
public sealed record ImagePreprocessing
{
    /// <summary>The largest size that is accepted, in pixels.</summary>
    public const int MaxSize = 4096;

    /// <summary>Describes a preprocessing.</summary>
    /// <param name="resize">Which sizes the image is brought to.</param>
    /// <param name="resizeSize">The size it is brought to, in pixels.</param>
    /// <param name="cropSize">The side of the square cut from its centre; where the image is smaller, black is put around it.</param>
    /// <param name="mean">Subtracted from samples of 0 ... 1.</param>
    /// <param name="standardDeviation">Divided by afterwards.</param>
    /// <param name="interpolation">How the image is resampled.</param>
    /// <param name="channels">The order of the colours in the output.</param>
    /// <exception cref="ArgumentException">A size is outside 1 ... <see cref="MaxSize"/>, or a value makes no finite output.</exception>
    public ImagePreprocessing(
        ResizeMode resize, int resizeSize, int cropSize, ChannelValues mean, ChannelValues standardDeviation, Interpolation interpolation = Interpolation.Bicubic,
        ChannelOrder channels = ChannelOrder.Rgb)
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
                throw new ArgumentException("Mean and standard deviation must make finite numbers of 0 and 1.", nameof(mean));
            }
        }

        Resize = resize;
        ResizeSize = resizeSize;
        CropSize = cropSize;
        Mean = mean;
        StandardDeviation = standardDeviation;
        Interpolation = interpolation;
        Channels = channels;
    }

    /// <summary>The mean of ImageNet's samples.</summary>
    public static ChannelValues ImageNetMean { get; } = new(0.485f, 0.456f, 0.406f);

    /// <summary>The standard deviation of ImageNet's samples.</summary>
    public static ChannelValues ImageNetStandardDeviation { get; } = new(0.229f, 0.224f, 0.225f);

    /// <summary>0.5 for each channel: as mean and deviation it maps samples to -1 ... 1.</summary>
    public static ChannelValues Half { get; } = new(0.5f, 0.5f, 0.5f);

    /// <summary>Which sizes the image is brought to.</summary>
    public ResizeMode Resize { get; }

    /// <summary>The size of both sides or of the shorter side after resizing, in pixels.</summary>
    public int ResizeSize { get; }

    /// <summary>The side of the square the model sees, in pixels.</summary>
    public int CropSize { get; }

    /// <summary>Subtracted from samples of 0 ... 1.</summary>
    public ChannelValues Mean { get; }

    /// <summary>Divided by after the mean is subtracted.</summary>
    public ChannelValues StandardDeviation { get; }

    /// <summary>How the image is resampled.</summary>
    public Interpolation Interpolation { get; }

    /// <summary>The order of the colours in the output.</summary>
    public ChannelOrder Channels { get; }

    /// <summary>How many numbers an image becomes: <c>3 * CropSize * CropSize</c>.</summary>
    public int OutputLength => 3 * CropSize * CropSize;

    /// <summary>Both sides to <paramref name="size"/>, no crop.</summary>
    public static ImagePreprocessing Squash(int size, ChannelValues mean, ChannelValues standardDeviation) =>
        new(ResizeMode.Squash, size, size, mean, standardDeviation);

    /// <summary>The shorter side to <paramref name="resizeSize"/>, then the centre <paramref name="cropSize"/> x <paramref name="cropSize"/>.</summary>
    public static ImagePreprocessing ResizeThenCentreCrop(int resizeSize, int cropSize, ChannelValues mean, ChannelValues standardDeviation) =>
        new(ResizeMode.ShorterSide, resizeSize, cropSize, mean, standardDeviation);

    /// <summary>
    /// That of "Hate Speech in Pixels" (Sabat et al. 2019): blue, green and red of 0 ... 1, both sides brought to <paramref name="size"/> as
    /// OpenCV's <c>resize</c> does with <c>INTER_CUBIC</c>.
    /// </summary>
    public static ImagePreprocessing OpenCv(int size) =>
        new(ResizeMode.Squash, size, size, default, new(1, 1, 1), Interpolation.OpenCvBicubic, ChannelOrder.Bgr);

    /// <summary>Reads what <see cref="WriteTo"/> wrote; every field must be there, and no other; without <c>channels</c> they are red, green and blue.</summary>
    /// <exception cref="InvalidDataException">A field is missing, unknown or out of range.</exception>
    public static ImagePreprocessing FromJson(JsonElement json) => ImagePreprocessingJson.Read(json);

    /// <summary>
    /// Reads a <c>preprocessor_config.json</c> of transformers' <c>BeitFeatureExtractor</c> or <c>BeitImageProcessor</c>;
    /// fields that are absent have that class's defaults.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is of another class or asks for what is not supported.</exception>
    public static ImagePreprocessing FromHuggingFace(JsonElement json) => HuggingFaceImageProcessor.Read(json);

    /// <summary>Writes the preprocessing as a JSON object.</summary>
    public void WriteTo(Utf8JsonWriter writer) => ImagePreprocessingJson.Write(this, writer);

    /// <summary>The same as a node.</summary>
    internal JsonNode ToJson()
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            WriteTo(writer);
        }

        return JsonNode.Parse(json.ToArray())!;
    }

    /// <summary>The same for a model that sees another square: the size before the crop keeps its ratio to it, rounded down.</summary>
    /// <param name="cropSize">The side of the square, in pixels.</param>
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
    /// <returns>Pixels <c>[3, CropSize, CropSize]</c>, the colours as <see cref="Channels"/> says.</returns>
    public float[] Apply(RgbImage image)
    {
        float[] pixels = new float[OutputLength];
        Apply(image, pixels);
        return pixels;
    }

    /// <summary>Prepares an image for the model.</summary>
    /// <param name="image">The image, of any size.</param>
    /// <param name="destination">Receives pixels <c>[3, CropSize, CropSize]</c>.</param>
    /// <exception cref="ArgumentException">The destination has not exactly <see cref="OutputLength"/> numbers.</exception>
    public void Apply(RgbImage image, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (destination.Length != OutputLength)
        {
            throw new ArgumentException($"The destination holds {destination.Length} numbers, not {OutputLength}.", nameof(destination));
        }

        (int width, int height) = ResizedSize(image.Width, image.Height);
        CropSpan columns = CropSpan.Centre(width, CropSize), rows = CropSpan.Centre(height, CropSize);
        RgbImage resized = Interpolation == Interpolation.OpenCvBicubic
            ? OpenCvResizer.Resize(image, width, height, columns, rows)
            : new ImageResizer(image.Width, image.Height, width, height, columns.First, rows.First, columns.Count, rows.Count, Interpolation).Resize(image);
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

    /// <summary>The size an image of the given size is resized to, before the crop.</summary>
    internal (int Width, int Height) ResizedSize(int width, int height)
    {
        if (Resize == ResizeMode.Squash)
        {
            return (ResizeSize, ResizeSize);
        }
        // torchvision's int(size * long / short): an exact product, one rounded division, cut to an integer.
        double exact = (double)Math.BigMul(ResizeSize, Math.Max(width, height)) / Math.Min(width, height);
        if (exact > int.MaxValue)
        {
            throw new ArgumentException($"An image of {width} x {height} is too narrow to be resized by its shorter side.");
        }

        int longer = (int)exact;
        return width <= height ? (ResizeSize, longer) : (longer, ResizeSize);
    }

    private static void CheckSize(int size, string name)
    {
        if (size is < 1 or > MaxSize)
        {
            throw new ArgumentOutOfRangeException(name, size, $"A size must be 1 to {MaxSize}.");
        }
    }
}
