using Data2Vec.Converters.HuggingFace;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Layouts;

/// <summary>How the sources of vision models prepare images.</summary>
internal static class ImagePreparation
{
    /// <summary>Resizes the shorter side, then crops, with ImageNet's mean and deviation or with 0.5.</summary>
    /// <exception cref="InvalidDataException">A size is not supported.</exception>
    public static ImagePreprocessing ResizeThenCrop(int size, double resized, bool isImageNet, Interpolation interpolation = Interpolation.Bicubic) => ResizeThenCrop(
        size,
        resized,
        isImageNet ? ImagePreprocessing.ImageNetMean : ImagePreprocessing.Half,
        isImageNet ? ImagePreprocessing.ImageNetStandardDeviation : ImagePreprocessing.Half,
        interpolation);

    /// <summary>Resizes the shorter side, then crops.</summary>
    /// <exception cref="InvalidDataException">A value is not supported.</exception>
    public static ImagePreprocessing ResizeThenCrop(
        int size, double resized, ChannelValues mean, ChannelValues deviation, Interpolation interpolation = Interpolation.Bicubic, ResizeMode mode = ResizeMode.ShorterSide)
    {
        InvalidData.ThrowIf(
            Math.Floor(resized) is not (>= 1 and <= ImagePreprocessing.MaxSize),
            $"images of {size} pixels would be cropped from {Math.Floor(resized)} pixels; 1 to {ImagePreprocessing.MaxSize} are supported");
        try
        {
            return new ImagePreprocessing(mode, (int)resized, size, mean, deviation, interpolation);
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException($"the preparation of images: {error.Message}", error);
        }
    }

    /// <summary>Up to 224 pixels, the evaluation of many projects crops 7/8 of the shorter side; larger images it does not crop.</summary>
    public static ImagePreprocessing SevenEighths(int size, Interpolation interpolation = Interpolation.Bicubic) =>
        ResizeThenCrop(size, size <= 224 ? size / (224 / 256.0) : size, true, interpolation);

    /// <summary>What the files of a Hugging Face folder say.</summary>
    /// <param name="size">The size of the images that the model takes.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="processor">The class of transformers, where the files do not name it.</param>
    /// <param name="otherwise">The filter where there are no files.</param>
    /// <param name="warnings">Receives what is assumed without files.</param>
    /// <exception cref="InvalidDataException">The file is not supported, or does not fit the model.</exception>
    public static ImagePreprocessing HuggingFace(int size, HuggingFaceFolder folder, string processor, Interpolation otherwise, List<string> warnings)
    {
        if (folder.Preprocessing("image_processor") is not ({ } options, { } file))
        {
            warnings.Add(
                $"{HuggingFaceFolder.PreprocessorName} is not beside {HuggingFaceFolder.ConfigName}: images are resized to {size} x {size} pixels " +
                $"with the {(otherwise == Interpolation.Bilinear ? "bilinear" : "bicubic")} filter, and normalized with the mean and deviation 0.5");
            return new ImagePreprocessing(ResizeMode.Squash, size, size, ImagePreprocessing.Half, ImagePreprocessing.Half, otherwise);
        }

        var preprocessing = ImagePreprocessing.FromHuggingFace(options.Json, processor, file);
        int made = preprocessing.CropSize;
        return made == size
            ? preprocessing
            : throw new InvalidDataException($"{file}: it makes images of {made} x {made} pixels, and the model takes {size} x {size}");
    }
}
