using Data2Vec.Vision.Images;

namespace Data2Vec.Training.Augmentation.Operations;

/// <summary>
/// Affine transforms that keep an image's size, as Pillow's <c>Image.transform</c> and <c>Image.rotate</c> compute them: the pixel at the center (x, y) takes
/// the color at (a x + b y + c, d x + e y + f) of the source. Outside of the source it is filled.
/// </summary>
/// <remarks>Unlike for resizing, Pillow's bicubic filter has a = -1 here, and results are cut off instead of rounded.</remarks>
internal readonly record struct AffineTransform(double A, double B, double C, double D, double E, double F)
{
    public static AffineTransform ShearX(double factor) => new(1, factor, 0, 0, 1, 0);

    public static AffineTransform ShearY(double factor) => new(1, 0, 0, factor, 1, 0);

    public static AffineTransform Translate(double x, double y) => new(1, 0, x, 0, 1, y);

    /// <summary>A rotation around the center of an image, counter-clockwise.</summary>
    public static AffineTransform Rotate(double degrees, int width, int height)
    {
        // Pillow takes the angle modulo 360. With -30 instead of 330 degrees the last digits of the cosine differ.
        double angle = -(degrees < 0 ? degrees + 360 : degrees) * (Math.PI / 180);
        double cos = Math.Round(Math.Cos(angle), 15), sin = Math.Round(Math.Sin(angle), 15);
        double x = width / 2.0, y = height / 2.0;
        return new(cos, sin, (cos * -x) + (sin * -y) + x, -sin, cos, (-sin * -x) + (cos * -y) + y);
    }

    /// <summary>Transforms an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="interpolation">Bilinear or bicubic.</param>
    /// <param name="fill">The color outside of the image, samples of 0 ... 255.</param>
    public RgbImage Apply(RgbImage image, Interpolation interpolation, (byte Red, byte Green, byte Blue) fill)
    {
        bool cubic = interpolation != Interpolation.Bilinear;
        int taps = cubic ? 4 : 2;
        byte[] source = image.Pixels, pixels = new byte[source.Length];
        Span<int> columns = stackalloc int[4];
        Span<double> rows = stackalloc double[4];
        int next = 0;
        for (int row = 0; row < image.Height; row++)
        {
            for (int column = 0; column < image.Width; column++, next += 3)
            {
                double x = (A * (column + 0.5)) + (B * (row + 0.5)) + C;
                double y = (D * (column + 0.5)) + (E * (row + 0.5)) + F;
                if (!(x >= 0 && x < image.Width && y >= 0 && y < image.Height))
                {
                    (pixels[next], pixels[next + 1], pixels[next + 2]) = fill;
                    continue;
                }

                x -= 0.5;
                y -= 0.5;
                double dx = x - Math.Floor(x), dy = y - Math.Floor(y);
                int left = (int)Math.Floor(x) - (cubic ? 1 : 0), top = (int)Math.Floor(y) - (cubic ? 1 : 0);
                for (int k = 0; k < taps; k++)
                {
                    columns[k] = Math.Clamp(left + k, 0, image.Width - 1) * 3;
                }

                for (int channel = 0; channel < 3; channel++)
                {
                    for (int k = 0; k < taps; k++)
                    {
                        int start = (Math.Clamp(top + k, 0, image.Height - 1) * image.Width * 3) + channel;
                        double first = source[start + columns[0]], second = source[start + columns[1]];
                        rows[k] = cubic
                            ? Cubic(first, second, source[start + columns[2]], source[start + columns[3]], dx)
                            : Linear(first, second, dx);
                    }

                    double value = cubic ? Cubic(rows[0], rows[1], rows[2], rows[3], dy) : Linear(rows[0], rows[1], dy);
                    pixels[next + channel] = (byte)Math.Clamp(value, 0, 255);
                }
            }
        }

        return new RgbImage(image.Width, image.Height, pixels);
    }

    private static double Linear(double first, double second, double t) => first + ((second - first) * t);

    /// <summary>The cubic convolution of four samples between the second and the third, for a = -1.</summary>
    private static double Cubic(double v0, double v1, double v2, double v3, double t) =>
        v1 + (t * (v2 - v0 + (t * ((2 * (v0 - v1)) + v2 - v3 + (t * (-v0 + v1 - v2 + v3))))));
}
