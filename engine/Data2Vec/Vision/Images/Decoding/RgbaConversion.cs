namespace Data2Vec.Vision.Images;

/// <summary>Converts decoded pixels to upright, opaque pixels.</summary>
internal static class RgbaConversion
{
    /// <summary>Blends pixels over white and applies the orientation.</summary>
    /// <param name="rgba">Samples <c>[height, width, 4]</c> with straight alpha.</param>
    /// <param name="width">The stored width.</param>
    /// <param name="height">The stored height.</param>
    /// <param name="orientation">The EXIF orientation, 1 to 8.</param>
    public static RgbImage ToRgb(ReadOnlySpan<byte> rgba, int width, int height, int orientation)
    {
        // Each orientation is a walk over the stored pixels: its start, its step to the right and its step down.
        int last = width * height - 1;
        (int start, int right, int down) = orientation switch
        {
            2 => (width - 1, -1, width),
            3 => (last, -1, -width),
            4 => (last - width + 1, 1, -width),
            5 => (0, width, 1),
            6 => (last - width + 1, -width, 1),
            7 => (last, -width, -1),
            8 => (width - 1, width, -1),
            _ => (0, 1, width),
        };
        if (orientation >= 5)
        {
            (width, height) = (height, width);
        }

        byte[] pixels = GC.AllocateUninitializedArray<byte>(width * height * 3);
        int at = 0;
        for (int y = 0; y < height; y++)
        {
            int source = start + y * down;
            for (int x = 0; x < width; x++, source += right, at += 3)
            {
                ReadOnlySpan<byte> pixel = rgba.Slice(source * 4, 4);
                int alpha = pixel[3];
                pixels[at] = OverWhite(pixel[0], alpha);
                pixels[at + 1] = OverWhite(pixel[1], alpha);
                pixels[at + 2] = OverWhite(pixel[2], alpha);
            }
        }

        return new RgbImage(width, height, pixels);
    }

    private static byte OverWhite(int sample, int alpha) =>
        alpha == 255 ? (byte)sample : (byte)((sample * alpha + 255 * (255 - alpha) + 127) / 255);
}
