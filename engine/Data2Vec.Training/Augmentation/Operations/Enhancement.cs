using Data2Vec.Vision.Images;

namespace Data2Vec.Training.Augmentation.Operations;

/// <summary>
/// Mixtures of an image and a degenerate version of it, as Pillow's <c>ImageEnhance</c> computes them. The factor 1 is the image, 0 the degenerate
/// version; a factor above 1 exaggerates the image.
/// </summary>
internal static class Enhancement
{
    /// <summary>The degenerate version is black.</summary>
    public static RgbImage Brightness(RgbImage image, double factor) => Blend(new byte[image.Pixels.Length], image, factor);

    /// <summary>The degenerate version is the mean gray of the image.</summary>
    public static RgbImage Contrast(RgbImage image, double factor)
    {
        long sum = 0;
        for (int i = 0; i < image.Pixels.Length; i += 3)
        {
            sum += Gray(image.Pixels, i);
        }

        byte[] mean = new byte[image.Pixels.Length];
        Array.Fill(mean, (byte)((sum / (double)(image.Pixels.Length / 3)) + 0.5));
        return Blend(mean, image, factor);
    }

    /// <summary>The degenerate version is the image in gray.</summary>
    public static RgbImage Saturation(RgbImage image, double factor)
    {
        byte[] gray = new byte[image.Pixels.Length];
        for (int i = 0; i < gray.Length; i += 3)
        {
            gray.AsSpan(i, 3).Fill(Gray(image.Pixels, i));
        }

        return Blend(gray, image, factor);
    }

    /// <summary>The degenerate version is smoothed over 3 x 3 pixels: weights of 1, and 5 in the middle. The pixels of the border stay.</summary>
    public static RgbImage Sharpness(RgbImage image, double factor)
    {
        const float Weight = 1 / 13f, Middle = 5 / 13f;
        int stride = 3 * image.Width;
        byte[] source = image.Pixels, smooth = [.. source];
        for (int y = 1; y < image.Height - 1; y++)
        {
            for (int i = (y * stride) + 3; i < ((y + 1) * stride) - 3; i++)
            {
                float sum = 0.5f;
                sum += Row(i + stride, Weight);
                sum += Row(i, Middle);
                sum += Row(i - stride, Weight);
                smooth[i] = (byte)Math.Clamp(sum, 0, 255);
            }
        }

        return Blend(smooth, image, factor);

        float Row(int i, float middle) => (source[i - 3] * Weight) + (source[i] * middle) + (source[i + 3] * Weight);
    }

    /// <summary>Luma of ITU-R 601-2 in 16-bit fractions.</summary>
    private static byte Gray(byte[] pixels, int i) => (byte)(((pixels[i] * 19595) + (pixels[i + 1] * 38470) + (pixels[i + 2] * 7471) + 0x8000) >> 16);

    private static RgbImage Blend(byte[] degenerate, RgbImage image, double factor)
    {
        float alpha = (float)factor;
        byte[] pixels = new byte[degenerate.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)Math.Clamp(degenerate[i] + (alpha * (image.Pixels[i] - degenerate[i])), 0, 255);
        }

        return new RgbImage(image.Width, image.Height, pixels);
    }
}
