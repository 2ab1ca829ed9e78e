using Data2Vec.Training.Augmentation.Operations;
using Data2Vec.Training.RandomNumbers;
using Data2Vec.Vision.Images;

namespace Data2Vec.Training.Augmentation;

/// <summary>
/// RandAugment (arXiv 1909.13719) with the operations and strengths of timm: by default its <c>rand-m9-mstd0.5-inc1</c>, with which BEiT and data2vec are
/// fine-tuned. An image gets two of fifteen operations, each with probability 0.5.
/// </summary>
public sealed record RandAugment
{
    private const double MaxMagnitude = 10;

    /// <summary>How strong the operations are, 0 ... 10.</summary>
    public double Magnitude { get; init; } = 9;

    /// <summary>The standard deviation of an operation's magnitude, which is cut off at 0 and 10.</summary>
    public double MagnitudeDeviation { get; init; } = 0.5;

    /// <summary>How many operations are drawn for an image. One may be drawn more than once.</summary>
    public int Operations { get; init; } = 2;

    /// <summary>The probability that a drawn operation is carried out.</summary>
    public double Probability { get; init; } = 0.5;

    /// <summary>The filter of rotations, shears and translations: bilinear or bicubic; null draws one of them each time.</summary>
    public Interpolation? Interpolation { get; init; } = Vision.Images.Interpolation.Bicubic;

    /// <summary>The color outside of a moved image, of 0 ... 1. Usually it is the mean that is subtracted afterwards.</summary>
    public ChannelValues Fill { get; init; } = ImagePreprocessing.ImageNetMean;

    /// <summary>Changes an image.</summary>
    /// <exception cref="ArgumentException">A property is out of range.</exception>
    public RgbImage Apply(RgbImage image, RandomSequence random)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(random);
        if (Magnitude is not (>= 0 and <= MaxMagnitude) || !(MagnitudeDeviation >= 0) || Operations < 0 || Probability is not (>= 0 and <= 1))
        {
            throw new ArgumentException($"A property of RandAugment is out of range: {this}.");
        }

        for (int i = 0; i < Operations; i++)
        {
            var operation = (RandAugmentOperation)random.NextInt32(Enum.GetValues<RandAugmentOperation>().Length);
            if (random.NextDouble() < Probability)
            {
                double magnitude = Math.Clamp(Magnitude + (MagnitudeDeviation * random.NextNormal()), 0, MaxMagnitude);
                image = Apply(image, operation, magnitude, negative: random.NextDouble() < 0.5, random);
            }
        }

        return image;
    }

    /// <summary>Carries out an operation. Where it has a direction, <paramref name="negative"/> chooses it.</summary>
    internal RgbImage Apply(RgbImage image, RandAugmentOperation operation, double magnitude, bool negative, RandomSequence random)
    {
        double level = magnitude / MaxMagnitude;
        double signed = negative ? -level : level;
        double factor = Math.Max(0.1, 1 + (signed * 0.9));
        return operation switch
        {
            RandAugmentOperation.AutoContrast => PixelTables.AutoContrast(image),
            RandAugmentOperation.Equalize => PixelTables.Equalize(image),
            RandAugmentOperation.Invert => PixelTables.Invert(image),
            RandAugmentOperation.Rotate => Transform(AffineTransform.Rotate(signed * 30, image.Width, image.Height)),
            RandAugmentOperation.Posterize => PixelTables.Posterize(image, 4 - (int)(level * 4)),
            RandAugmentOperation.Solarize => PixelTables.Solarize(image, 256 - (int)(level * 256)),
            RandAugmentOperation.SolarizeAdd => PixelTables.SolarizeAdd(image, (int)(level * 110)),
            RandAugmentOperation.Color => Enhancement.Saturation(image, factor),
            RandAugmentOperation.Contrast => Enhancement.Contrast(image, factor),
            RandAugmentOperation.Brightness => Enhancement.Brightness(image, factor),
            RandAugmentOperation.Sharpness => Enhancement.Sharpness(image, factor),
            RandAugmentOperation.ShearX => Transform(AffineTransform.ShearX(signed * 0.3)),
            RandAugmentOperation.ShearY => Transform(AffineTransform.ShearY(signed * 0.3)),
            RandAugmentOperation.TranslateX => Transform(AffineTransform.Translate(signed * 0.45 * image.Width, 0)),
            RandAugmentOperation.TranslateY => Transform(AffineTransform.Translate(0, signed * 0.45 * image.Height)),
            _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, null),
        };

        RgbImage Transform(AffineTransform transform)
        {
            Interpolation filter = Interpolation
                ?? (random.NextInt32(2) == 0 ? Vision.Images.Interpolation.Bilinear : Vision.Images.Interpolation.Bicubic);
            return transform.Apply(image, filter, (Level(Fill.Red), Level(Fill.Green), Level(Fill.Blue)));
        }

        static byte Level(float value) => (byte)Math.Clamp(MathF.Round(255 * value), 0, 255);
    }
}

/// <summary>The operations of <see cref="RandAugment"/>: timm's increasing ones, in its order.</summary>
internal enum RandAugmentOperation
{
    AutoContrast,
    Equalize,
    Invert,
    Rotate,
    Posterize,
    Solarize,
    SolarizeAdd,
    Color,
    Contrast,
    Brightness,
    Sharpness,
    ShearX,
    ShearY,
    TranslateX,
    TranslateY,
}
