using Data2Vec.Training.RandomNumbers;
using Data2Vec.Vision.Images;

namespace Data2Vec.Training.Data;

/// <summary>How images are read.</summary>
public sealed record ImageOptions
{
    /// <summary>
    /// Makes the model's input of an image: <see cref="ImagePreprocessing.Apply(RgbImage)"/> to measure with, augmentation to train on. The random numbers are those of the
    /// image in the epoch. It is called by several threads.
    /// </summary>
    public required Func<RgbImage, RandomSequence, float[]> Prepare { get; init; }

    /// <summary>The largest image, or null for the default.</summary>
    public ImageLimits? Limits { get; init; }

    /// <summary>Decodes further formats.</summary>
    public ImageDecoder? Decoder { get; init; }

    /// <summary>The folder for relative paths of a list; null for the list's own.</summary>
    public string? Root { get; init; }

    /// <summary>Whether a bad item ends the reading.</summary>
    public bool Strict { get; init; }
}
