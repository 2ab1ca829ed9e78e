using Data2Vec.Training.Losses;
using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Augmentation;

/// <summary>
/// Mixup (arXiv 1710.09412) and cutmix (arXiv 1905.04899) of the images of a batch and of their targets, as timm's <c>Mixup</c> in the mode <c>batch</c>. The
/// partner of an image is that of the reversed batch. The middle image of an odd batch is its own partner, so it and its target stay as they are.
/// </summary>
/// <remarks>The numbers are drawn once for a batch, so its random sequence is that of the batch, not of an item.</remarks>
public sealed record BatchMixing
{
    /// <summary>The parameter of the beta distribution of mixup's share. 0: no mixup.</summary>
    public double MixupAlpha { get; init; } = 0.8;

    /// <summary>The parameter of the beta distribution of cutmix' share. 0: no cutmix.</summary>
    public double CutmixAlpha { get; init; } = 1;

    /// <summary>The probability that a batch is mixed.</summary>
    public double Probability { get; init; } = 1;

    /// <summary>The probability of cutmix where both are on.</summary>
    public double CutmixProbability { get; init; } = 0.5;

    /// <summary>The share of a target that is spread evenly over all classes, the right one included.</summary>
    public double Smoothing { get; init; } = 0.1;

    /// <summary>Draws how a batch is mixed.</summary>
    /// <exception cref="ArgumentException">A property is out of range.</exception>
    public ImageMix Draw(int width, int height, RandomSequence random)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (MixupAlpha is not (>= 0 and < double.PositiveInfinity) || CutmixAlpha is not (>= 0 and < double.PositiveInfinity)
            || Probability is not (>= 0 and <= 1) || CutmixProbability is not (>= 0 and <= 1) || Smoothing is not (>= 0 and < 1))
        {
            throw new ArgumentException($"A property of the mixing is out of range: {this}.");
        }

        if (random.NextDouble() >= Probability || (MixupAlpha == 0 && CutmixAlpha == 0))
        {
            return new ImageMix(1, null);
        }

        bool cuts = CutmixAlpha > 0 && (MixupAlpha == 0 || random.NextDouble() < CutmixProbability);
        double alpha = cuts ? CutmixAlpha : MixupAlpha;
        double share = random.NextBeta(alpha, alpha);
        if (!cuts)
        {
            return new ImageMix(share, null);
        }

        // The center is anywhere, so the box may be cut off. The share is then that of the pixels.
        double side = Math.Sqrt(1 - share);
        (int left, int columns) = Cut(width, (int)(width * side), random.NextInt32(width));
        (int top, int rows) = Cut(height, (int)(height * side), random.NextInt32(height));
        return new ImageMix(1 - ((double)columns * rows / ((double)width * height)), new CropWindow(left, top, columns, rows));

        static (int First, int Count) Cut(int size, int length, int center)
        {
            int first = Math.Max(center - (length / 2), 0);
            return (first, Math.Min(center + (length / 2), size) - first);
        }
    }

    /// <summary>Mixes the images of a batch, and computes their targets.</summary>
    /// <param name="pixels">The images, <c>[images, channels, height, width]</c>.</param>
    /// <param name="width">The width of an image.</param>
    /// <param name="height">The height of an image.</param>
    /// <param name="labels">The class of each image.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="targets">Receives the probability of each class, <c>[images, classes]</c>.</param>
    /// <param name="random">The random numbers of the batch.</param>
    /// <returns>How the batch was mixed.</returns>
    /// <exception cref="ArgumentException">The sizes do not fit, a label is not a class, or a property is out of range.</exception>
    public ImageMix Apply(
        Span<float> pixels, int width, int height, ReadOnlySpan<int> labels, int classes, Span<float> targets, RandomSequence random)
    {
        int plane = PixelPlanes.Check(pixels.Length, width, height);
        if (labels.IsEmpty || pixels.Length / plane % labels.Length != 0)
        {
            throw new ArgumentException($"{pixels.Length / plane} channels are not those of {labels.Length} images.", nameof(labels));
        }

        if (Rows.Check(targets.Length, classes) != labels.Length)
        {
            throw new ArgumentException($"{labels.Length} images of {classes} classes have {(long)labels.Length * classes} targets, not {targets.Length}.", nameof(targets));
        }

        foreach (int label in labels)
        {
            if ((uint)label >= (uint)classes)
            {
                throw new ArgumentException($"The label {label} is none of the {classes} classes.", nameof(labels));
            }
        }

        ImageMix mix = Draw(width, height, random);
        int length = pixels.Length / labels.Length;
        for (int i = 0, j = labels.Length - 1; i < j; i++, j--)
        {
            Mix(pixels.Slice(i * length, length), pixels.Slice(j * length, length), width, plane, mix);
        }

        double off = Smoothing / classes;
        for (int i = 0; i < labels.Length; i++)
        {
            Span<float> target = targets.Slice(i * classes, classes);
            target.Fill((float)off);
            int partner = labels[^(i + 1)];
            target[labels[i]] = (float)(off + ((1 - Smoothing) * (labels[i] == partner ? 1 : mix.Share)));
            if (labels[i] != partner)
            {
                target[partner] = (float)(off + ((1 - Smoothing) * (1 - mix.Share)));
            }
        }

        return mix;
    }

    private static void Mix(Span<float> first, Span<float> second, int width, int plane, ImageMix mix)
    {
        if (mix.Box is { } box)
        {
            Span<float> row = new float[box.Width];
            for (int start = 0; start < first.Length; start += plane)
            {
                for (int y = box.Top; y < box.Top + box.Height; y++)
                {
                    int offset = start + (y * width) + box.Left;
                    first.Slice(offset, box.Width).CopyTo(row);
                    second.Slice(offset, box.Width).CopyTo(first[offset..]);
                    row.CopyTo(second[offset..]);
                }
            }

            return;
        }

        float own = (float)mix.Share, other = (float)(1 - mix.Share);
        for (int i = 0; i < first.Length; i++)
        {
            (first[i], second[i]) = ((first[i] * own) + (second[i] * other), (second[i] * own) + (first[i] * other));
        }
    }
}

/// <summary>How the images of a batch were mixed.</summary>
/// <param name="Share">The share of an image and of its label. The rest is its partner's. 1: not mixed.</param>
/// <param name="Box">The part that images exchanged; null for mixup.</param>
public readonly record struct ImageMix(double Share, CropWindow? Box);
