using Data2Vec.Vision.Images;

namespace Data2Vec.Training.Augmentation.Operations;

/// <summary>Copies of parts of images.</summary>
internal static class ImageRegion
{
    /// <summary>Cuts a window out of an image.</summary>
    public static RgbImage Crop(RgbImage image, CropWindow window)
    {
        if (window == new CropWindow(0, 0, image.Width, image.Height))
        {
            return image;
        }

        byte[] pixels = new byte[window.Width * window.Height * 3];
        int length = window.Width * 3;
        for (int y = 0; y < window.Height; y++)
        {
            image.Pixels.AsSpan((((window.Top + y) * image.Width) + window.Left) * 3, length).CopyTo(pixels.AsSpan(y * length));
        }

        return new RgbImage(window.Width, window.Height, pixels);
    }

    /// <summary>Exchanges left and right.</summary>
    public static RgbImage Flip(RgbImage image)
    {
        byte[] pixels = new byte[image.Pixels.Length];
        for (int y = 0; y < image.Height; y++)
        {
            for (int x = 0; x < image.Width; x++)
            {
                image.Pixels.AsSpan(((y * image.Width) + x) * 3, 3).CopyTo(pixels.AsSpan((((y + 1) * image.Width) - 1 - x) * 3));
            }
        }

        return new RgbImage(image.Width, image.Height, pixels);
    }
}
