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
        : base(Modality.Vision, [path]) => (_image, _pixels) = (image, pixels);

    /// <exception cref="InvalidDataException">It is no image.</exception>
    public static ImageInput Load(string path) => new(path, ImageFile.Load(path), null);

    /// <summary>Pixels as the model takes them.</summary>
    public static ImageInput Of(string path, NpyArray pixels) => new(path, null, pixels);

    public override float[][] Embed(Data2VecModel model, EmbeddingOptions options) =>
        _image is null ? model.EmbedPixels([Pixels(model)], options) : model.EmbedImages([_image], options);

    public override float[][] EmbedLayers(Data2VecModel model, EmbeddingOptions options) =>
        _image is null ? model.EmbedPixelLayers(Pixels(model), options) : model.EmbedImageLayers(_image, options);

    public override LabelProbability[][] Classify(Data2VecModel model, LongTextPolicy longTexts) =>
        _image is null ? model.ClassifyPixels([Pixels(model)]) : model.ClassifyImages([_image]);

    private float[] Pixels(Data2VecModel model)
    {
        int size = model.ImagePreprocessing!.CropSize;
        return _pixels!.Shape is [.., var height, var width] && height == size && width == size
            ? _pixels.Floats()
            : throw new InvalidDataException($"pixels [{string.Join(", ", _pixels.Shape)}], and the model takes [3, {size}, {size}]");
    }
}
