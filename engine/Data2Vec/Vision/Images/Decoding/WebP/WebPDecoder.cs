namespace Data2Vec.Vision.Images;

/// <summary>Decodes WebP: lossy and lossless images, and the first frame of an animation.</summary>
internal static class WebPDecoder
{
    /// <summary>Decodes a file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or larger than the limits allow.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> file, ImageLimits limits)
    {
        WebPFrame frame = new(file);
        limits.Check(ImageFormat.WebP, frame.Width, frame.Height);
        limits.Check(ImageFormat.WebP, frame.CanvasWidth, frame.CanvasHeight);
        if (frame.Left + frame.Width > frame.CanvasWidth || frame.Top + frame.Height > frame.CanvasHeight)
        {
            throw ImageErrors.Damaged(ImageFormat.WebP);
        }

        UprightImage image = new(frame.CanvasWidth, frame.CanvasHeight, frame.Orientation);
        if (frame.IsLossless)
        {
            SetLossless(LosslessDecoder.Decode(frame.Pixels[WebPFrame.LosslessHeaderLength..], frame.Width, frame.Height), frame, image);
        }
        else
        {
            SetLossy(frame, image);
        }

        return image.Image;
    }

    private static void SetLossless(ReadOnlySpan<uint> pixels, WebPFrame frame, UprightImage image)
    {
        byte[] rgb = new byte[frame.Width * 3];
        for (int y = 0; y < frame.Height; y++)
        {
            ReadOnlySpan<uint> row = pixels.Slice(y * frame.Width, frame.Width);
            for (int x = 0; x < row.Length; x++)
            {
                int alpha = frame.HasAlpha ? (int)(row[x] >> 24) : 255;
                rgb[3 * x] = AlphaBlending.OverWhite((byte)(row[x] >> 16), alpha);
                rgb[3 * x + 1] = AlphaBlending.OverWhite((byte)(row[x] >> 8), alpha);
                rgb[3 * x + 2] = AlphaBlending.OverWhite((byte)row[x], alpha);
            }

            image.SetRow(frame.Top + y, rgb, frame.Left);
        }
    }

    private static void SetLossy(WebPFrame frame, UprightImage image)
    {
        byte[] alpha = frame.Alpha.IsEmpty ? [] : AlphaPlane.Decode(frame.Alpha, frame.Width, frame.Height);
        LossyColors colors = LossyDecoder.Decode(frame.Pixels.ToArray(), frame.Width, frame.Height);
        byte[] rgb = new byte[frame.Width * 3];
        for (int y = 0; y < frame.Height; y++)
        {
            colors.GetRow(y, rgb);
            for (int i = 0; i < rgb.Length && alpha.Length > 0; i++)
            {
                rgb[i] = AlphaBlending.OverWhite(rgb[i], alpha[y * frame.Width + i / 3]);
            }

            image.SetRow(frame.Top + y, rgb, frame.Left);
        }
    }
}
