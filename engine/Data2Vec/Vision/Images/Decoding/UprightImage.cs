namespace Data2Vec.Vision.Images;

/// <summary>Collects the rows of a stored image in an image that the EXIF orientation, 1 to 8, has turned upright.</summary>
internal sealed class UprightImage
{
    private readonly byte[] _pixels;
    private readonly int _start, _right, _down;

    /// <summary>Allocates a white image for a stored size, which has been checked.</summary>
    public UprightImage(int width, int height, int orientation = 1)
    {
        _pixels = GC.AllocateUninitializedArray<byte>(checked(width * height * 3));
        _pixels.AsSpan().Fill(255);
        Image = orientation >= 5 ? new RgbImage(height, width, _pixels) : new RgbImage(width, height, _pixels);

        // Each orientation is a walk over the upright pixels: its start, its step for a stored pixel to the right and for one down.
        int last = width * height - 1;
        (_start, _right, _down) = orientation switch
        {
            2 => (width - 1, -1, width),
            3 => (last, -1, -width),
            4 => (last - width + 1, 1, -width),
            5 => (0, height, 1),
            6 => (height - 1, height, -1),
            7 => (last, -height, -1),
            8 => (last - height + 1, -height, 1),
            _ => (0, 1, width),
        };
    }

    /// <summary>The image, complete after all rows are set.</summary>
    public RgbImage Image { get; }

    /// <summary>Sets pixels of a stored row.</summary>
    /// <param name="y">The row.</param>
    /// <param name="rgb">The samples of the pixels.</param>
    /// <param name="x">The place of the first pixel in the row.</param>
    /// <param name="step">The distance of the pixels in the row.</param>
    public void SetRow(int y, ReadOnlySpan<byte> rgb, int x = 0, int step = 1)
    {
        int at = (_start + y * _down + x * _right) * 3, advance = _right * step * 3;
        if (advance == 3)
        {
            rgb.CopyTo(_pixels.AsSpan(at));
            return;
        }

        for (int i = 0; i < rgb.Length; i += 3, at += advance)
        {
            (_pixels[at], _pixels[at + 1], _pixels[at + 2]) = (rgb[i], rgb[i + 1], rgb[i + 2]);
        }
    }
}
