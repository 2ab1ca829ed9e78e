using Data2Vec.IO;
using Data2Vec.Text;
using Data2Vec.Vision.Images;

namespace Data2Vec.Cli.Inputs;

/// <summary>An image: a picture, or the model's very input in a <c>.npy</c> file.</summary>
internal sealed class ImageInput : ModelInput
{
    private readonly RgbImage? _image;
    private readonly NpyArray? _pixels;

    private ImageInput(string path, RgbImage? image, NpyArray? pixels)
        : base(InputKind.Image, [path]) => (_image, _pixels) = (image, pixels);

    /// <exception cref="InvalidDataException">It is no image.</exception>
    public static ImageInput Load(string path) => new(path, ImageFile.Load(path), null);

    /// <summary>Pixels as the model takes them.</summary>
    public static ImageInput Of(string path, NpyArray pixels) => new(path, null, pixels);

    public override float[][] Embed(Data2VecModel model, EmbeddingOptions options) =>
        [_image is null ? ((VisionModel)model).EmbedPrepared(Pixels(model), options) : ((VisionModel)model).Embed(_image, options)];

    public override float[][] EmbedLayers(Data2VecModel model, EmbeddingOptions options) =>
        _image is null ? ((VisionModel)model).EmbedPreparedLayers(Pixels(model), options) : ((VisionModel)model).EmbedLayers(_image, options);

    public override LabelProbability[][] Classify(Data2VecModel model, LongTextPolicy longTexts) =>
        [_image is null ? ((VisionModel)model).ClassifyPrepared(Pixels(model)) : ((VisionModel)model).Classify(_image)];

    private float[] Pixels(Data2VecModel model)
    {
        int size = ((VisionModel)model).Preprocessing.CropSize;
        return _pixels!.Shape is [.., var height, var width] && height == size && width == size
            ? _pixels.Floats()
            : throw new InvalidDataException($"pixels [{string.Join(", ", _pixels.Shape)}], and the model takes [3, {size}, {size}]");
    }
}
