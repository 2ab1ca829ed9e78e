using Data2Vec.Training.Augmentation.Operations;
using Data2Vec.Training.RandomNumbers;
using Data2Vec.Vision.Images;

namespace Data2Vec.Training.Augmentation;

/// <summary>
/// Random brightness, contrast and saturation, in random order (<c>ColorJitter</c> of torchvision on Pillow images). Each factor is uniform between
/// max(0, 1 - strength) and 1 + strength.
/// </summary>
/// <param name="Brightness">The strength for brightness. 0 leaves it.</param>
/// <param name="Contrast">The strength for contrast. 0 leaves it.</param>
/// <param name="Saturation">The strength for saturation. 0 leaves it.</param>
public sealed record ColorJitter(double Brightness, double Contrast, double Saturation)
{
    /// <summary>Changes the colors of an image.</summary>
    /// <exception cref="ArgumentException">A strength is negative or not finite.</exception>
    public RgbImage Apply(RgbImage image, RandomSequence random)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(random);
        (double Strength, Func<RgbImage, double, RgbImage> Change)[] changes =
            [(Brightness, Enhancement.Brightness), (Contrast, Enhancement.Contrast), (Saturation, Enhancement.Saturation)];
        random.Shuffle<(double, Func<RgbImage, double, RgbImage>)>(changes);
        foreach ((double strength, Func<RgbImage, double, RgbImage> change) in changes)
        {
            if (strength is not (>= 0 and < double.PositiveInfinity))
            {
                throw new ArgumentException($"A strength must be at least 0 and finite: {this}.");
            }

            double factor = random.NextDouble(Math.Max(0, 1 - strength), 1 + strength);
            image = strength == 0 ? image : change(image, factor);
        }

        return image;
    }
}
