using Data2Vec.Training.Augmentation.Operations;
using Data2Vec.Training.RandomNumbers;
using Data2Vec.Vision.Images;

namespace Data2Vec.Training.Augmentation;

/// <summary>
/// What happens to an image before the model sees it in training: color jitter, random resized crop, horizontal flip, RandAugment, normalization,
/// random erasing. The same random sequence gives the same pixels. Instances are immutable and thread-safe.
/// </summary>
/// <param name="Crop">The crop. Its size is that of the model's images.</param>
public sealed record ImageAugmentation(RandomResizedCrop Crop)
{
    /// <summary>The changes of colors, which see the whole image; null for none.</summary>
    public ColorJitter? ColorJitter { get; init; }

    /// <summary>The probability that left and right are exchanged.</summary>
    public double FlipProbability { get; init; } = 0.5;

    /// <summary>The operations after the crop; null for none.</summary>
    public RandAugment? RandAugment { get; init; }

    /// <summary>The erasing of normalized pixels; null for none.</summary>
    public RandomErasing? Erasing { get; init; }

    /// <summary>What data2vec is pretrained with: color jitter of 0.4, crops of 0.08 to 1, flips.</summary>
    /// <param name="size">The size of the model's images.</param>
    public static ImageAugmentation Pretraining(int size) => new(new RandomResizedCrop(size)) { ColorJitter = new ColorJitter(0.4, 0.4, 0.4) };

    /// <summary>What data2vec 2.0 is pretrained with: crops of 0.2 to 1, flips.</summary>
    /// <param name="size">The size of the model's images.</param>
    public static ImageAugmentation Pretraining2(int size) => new(new RandomResizedCrop(size) { MinArea = 0.2 });

    /// <summary>What data2vec is fine-tuned with: crops of 0.08 to 1, flips, RandAugment, erasing with probability 0.25.</summary>
    /// <param name="preprocessing">The model's preprocessing: its size and its mean.</param>
    public static ImageAugmentation FineTuning(ImagePreprocessing preprocessing)
    {
        ArgumentNullException.ThrowIfNull(preprocessing);
        return new(new RandomResizedCrop(preprocessing.CropSize))
        {
            RandAugment = new RandAugment { Fill = preprocessing.Mean },
            Erasing = new RandomErasing(),
        };
    }

    /// <summary>Changes an image up to normalization.</summary>
    /// <param name="image">The image, of any size.</param>
    /// <param name="random">The random numbers of the image.</param>
    /// <returns>A square of the crop's size.</returns>
    public RgbImage Apply(RgbImage image, RandomSequence random)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(random);
        image = ColorJitter?.Apply(image, random) ?? image;
        image = Crop.Apply(image, random);
        image = random.NextDouble() < FlipProbability ? ImageRegion.Flip(image) : image;
        return RandAugment?.Apply(image, random) ?? image;
    }

    /// <summary>Changes an image and prepares it for the model.</summary>
    /// <param name="image">The image, of any size.</param>
    /// <param name="preprocessing">The model's preprocessing. Its resizing is replaced by the crop.</param>
    /// <param name="random">The random numbers of the image.</param>
    /// <param name="destination">Receives normalized pixels <c>[3, size, size]</c>.</param>
    /// <exception cref="ArgumentException">The crop has another size than the model's images, or the length of the destination does not fit.</exception>
    public void Apply(RgbImage image, ImagePreprocessing preprocessing, RandomSequence random, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(preprocessing);
        int size = Crop.Size;
        if (preprocessing.CropSize != size)
        {
            throw new ArgumentException($"The crop gives images of {size} pixels, but the model takes {preprocessing.CropSize}.", nameof(preprocessing));
        }

        new ImagePreprocessing(
            ResizeMode.Squash, size, size, preprocessing.Mean, preprocessing.StandardDeviation, Interpolation.Bicubic, preprocessing.Channels)
            .Apply(Apply(image, random), destination);
        Erasing?.Apply(destination, size, size, random);
    }
}
