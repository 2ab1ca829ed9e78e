using Data2Vec.Training.Augmentation.Operations;
using Data2Vec.Training.RandomNumbers;
using Data2Vec.Vision.Images;

namespace Data2Vec.Training.Augmentation;

/// <summary>A random window of an image, resized to a square (<c>RandomResizedCrop</c> of torchvision on Pillow images).</summary>
public sealed record RandomResizedCrop
{
    private const int Tries = 10;

    /// <summary>Creates a crop.</summary>
    /// <param name="size">The side of the result in pixels.</param>
    public RandomResizedCrop(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, ImagePreprocessing.MaxSize);
        Size = size;
    }

    /// <summary>The side of the result in pixels.</summary>
    public int Size { get; }

    /// <summary>The smallest area of a window, as a share of the image's.</summary>
    public double MinArea { get; init; } = 0.08;

    /// <summary>The largest area of a window, as a share of the image's.</summary>
    public double MaxArea { get; init; } = 1;

    /// <summary>The smallest ratio of width to height.</summary>
    public double MinAspect { get; init; } = 3 / 4.0;

    /// <summary>The largest ratio of width to height.</summary>
    public double MaxAspect { get; init; } = 4 / 3.0;

    /// <summary>The filter for resizing.</summary>
    public Interpolation Interpolation { get; init; } = Interpolation.Bicubic;

    /// <summary>
    /// Draws a window: its area uniformly, its aspect ratio uniformly in the logarithm, its place uniformly. After ten windows that do not fit it is the
    /// largest one in the center whose ratio is allowed.
    /// </summary>
    /// <exception cref="ArgumentException">A range of this crop is not valid.</exception>
    public CropWindow Draw(int width, int height, RandomSequence random)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (!(MinArea > 0 && MinArea <= MaxArea && MaxArea <= 1) || !(MinAspect > 0 && MinAspect <= MaxAspect && double.IsFinite(MaxAspect)))
        {
            throw new ArgumentException($"A range of the crop is not valid: area {MinArea} to {MaxArea}, aspect ratio {MinAspect} to {MaxAspect}.");
        }

        double area = (double)width * height;
        for (int i = 0; i < Tries; i++)
        {
            double target = area * random.NextDouble(MinArea, MaxArea);
            double aspect = Math.Exp(random.NextDouble(Math.Log(MinAspect), Math.Log(MaxAspect)));
            double w = Math.Round(Math.Sqrt(target * aspect)), h = Math.Round(Math.Sqrt(target / aspect));
            if (w >= 1 && w <= width && h >= 1 && h <= height)
            {
                int top = random.NextInt32(height - (int)h + 1);
                return new CropWindow(random.NextInt32(width - (int)w + 1), top, (int)w, (int)h);
            }
        }

        double ratio = (double)width / height;
        int wide = ratio > MaxAspect ? Math.Max(1, (int)Math.Round(height * MaxAspect)) : width;
        int high = ratio < MinAspect ? Math.Max(1, (int)Math.Round(width / MinAspect)) : height;
        return new CropWindow((width - wide) / 2, (height - high) / 2, wide, high);
    }

    /// <summary>Cuts out a random window and resizes it.</summary>
    public RgbImage Apply(RgbImage image, RandomSequence random)
    {
        ArgumentNullException.ThrowIfNull(image);
        RgbImage cropped = ImageRegion.Crop(image, Draw(image.Width, image.Height, random));
        return new ImageResizer(cropped.Width, cropped.Height, Size, Size, Interpolation).Resize(cropped);
    }
}
