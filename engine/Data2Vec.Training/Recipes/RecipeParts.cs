using System.Text.Json.Serialization;
using Data2Vec.Training.Augmentation;
using Data2Vec.Training.Data;
using Data2Vec.Training.Masking;
using Data2Vec.Training.RandomNumbers;
using Data2Vec.Vision.Images;

namespace Data2Vec.Training.Recipes;

/// <summary>How much goes into an update.</summary>
public sealed record BatchSettings
{
    /// <summary>The most rows of the network in a micro-batch: frames, tokens or patches; null for no limit. It decides how much memory an update takes.</summary>
    public int? Rows { get; init; }

    /// <summary>The most items in a micro-batch; null for no limit.</summary>
    public int? Items { get; init; }

    /// <summary>The number of micro-batches of an update, in each process. Their gradients are added up, as if they were one batch.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>
    /// Whether recordings are cut to the shortest of their batch, as in fairseq, which does not pad in pretraining. Batches are packed here, so that it is not needed.
    /// </summary>
    public bool CropToShortest { get; init; }
}

/// <summary>How the teacher follows the student.</summary>
public sealed record TeacherSettings
{
    /// <summary>The decay at the beginning.</summary>
    public double Start { get; init; } = 0.999;

    /// <summary>The decay at the end.</summary>
    public double End { get; init; } = 0.9999;

    /// <summary>The updates in which the decay rises from one to the other.</summary>
    public long Updates { get; init; } = 30_000;
}

/// <summary>What is masked.</summary>
public sealed record MaskSettings
{
    /// <summary>The share of rows that spans would mask if they did not overlap.</summary>
    public double Probability { get; init; } = 0.65;

    /// <summary>The rows, tokens or channels of a span.</summary>
    public int Length { get; init; } = 10;

    /// <summary>Whether all items of a batch get the same number of masked rows, as in fairseq. It breaks spans apart when lengths differ.</summary>
    public bool SameCounts { get; init; }

    /// <summary>The masked patches of an image.</summary>
    public int Patches { get; init; } = 120;

    /// <summary>The fewest patches of a block.</summary>
    public int LeastBlock { get; init; } = 16;

    /// <summary>The most patches of a block.</summary>
    public int LargestBlock { get; init; } = 196;

    /// <summary>The spans that are masked.</summary>
    /// <param name="fewest">The fewest spans of a sequence: 1 for frames, 0 for channels.</param>
    internal SpanMask Spans(int fewest) => new() { Probability = Probability, Length = Length, MinimumSpans = fewest, RequireSameMasks = SameCounts };
}

/// <summary>How images are varied.</summary>
public sealed record ImageVariation
{
    /// <summary>The smallest share of an image's area that a crop shows; 1 for the same crop as in inference.</summary>
    public double LeastArea { get; init; } = 1;

    /// <summary>How often an image is mirrored.</summary>
    public double Flip { get; init; }

    /// <summary>How much brightness, contrast and saturation change.</summary>
    public double ColorJitter { get; init; }

    /// <summary>Whether RandAugment (Cubuk et al. 2019) is applied.</summary>
    public bool RandAugment { get; init; }

    /// <summary>How often a rectangle is replaced by noise.</summary>
    public double Erase { get; init; }

    /// <summary>The parameter of mixup's distribution (Zhang et al. 2017); 0 for no mixup.</summary>
    public double Mixup { get; init; }

    /// <summary>The parameter of CutMix's distribution (Yun et al. 2019); 0 for no CutMix.</summary>
    public double CutMix { get; init; }

    /// <summary>Makes a model's inputs of images, for <see cref="ImageOptions.Prepare"/>.</summary>
    /// <param name="preprocessing">The preprocessing of the model, which images that are not varied get.</param>
    public Func<RgbImage, RandomSequence, float[]> Prepare(ImagePreprocessing preprocessing)
    {
        ArgumentNullException.ThrowIfNull(preprocessing);
        if (this is { LeastArea: 1, Flip: 0, ColorJitter: 0, RandAugment: false, Erase: 0 })
        {
            return (image, _) => preprocessing.Apply(image);
        }

        int size = preprocessing.CropSize;
        var augmentation = new ImageAugmentation(new RandomResizedCrop(size) { MinArea = LeastArea })
        {
            FlipProbability = Flip,
            ColorJitter = ColorJitter > 0 ? new ColorJitter(ColorJitter, ColorJitter, ColorJitter) : null,
            RandAugment = RandAugment ? new RandAugment { Fill = preprocessing.Mean } : null,
            Erasing = Erase > 0 ? new RandomErasing { Probability = Erase } : null,
        };
        return (image, random) =>
        {
            var pixels = new float[3 * size * size];
            augmentation.Apply(image, preprocessing, random, pixels);
            return pixels;
        };
    }
}

/// <summary>Writes the members of an enumeration as <c>kebab-case</c>.</summary>
internal sealed class KebabCaseEnum<T>() : JsonStringEnumConverter<T>(System.Text.Json.JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false)
    where T : struct, Enum;
