namespace Data2Vec.Memes.Ocr;

/// <summary>A connected area of nearly one color.</summary>
/// <param name="Label">Its number in <see cref="UniformRegions.Labels"/>.</param>
/// <param name="Left">The first column.</param>
/// <param name="Top">The first row.</param>
/// <param name="Right">The column after the last.</param>
/// <param name="Bottom">The row after the last.</param>
/// <param name="Area">The number of pixels.</param>
/// <param name="Border">The number of pixel sides on its border.</param>
/// <param name="Color">The mean brightness and chroma.</param>
internal readonly record struct UniformRegion(int Label, int Left, int Top, int Right, int Bottom, int Area, int Border, (int Y, int Cb, int Cr) Color)
{
    public int Width => Right - Left;

    public int Height => Bottom - Top;

    /// <summary>The mean thickness: a long stroke has two pixel sides of border per pixel of length.</summary>
    public double Stroke => 2.0 * Area / Border;

}

/// <summary>Divides an image into connected areas of nearly one color. Letters of any color become areas, whatever is behind them.</summary>
internal sealed class UniformRegions
{
    /// <summary>Areas start at the flattest pixels, so that they do not start on the blurred borders of letters.</summary>
    private static readonly int[] s_flatness = [3, 8, 16, 32, 64];

    /// <summary>Smaller areas (pixels) are noise.</summary>
    private const int LeastArea = 6;

    /// <summary>The distance of two colors. Chroma counts half, because JPEG files store it coarsely.</summary>
    public static int Distance((int Y, int Cb, int Cr) a, (int Y, int Cb, int Cr) b) =>
        Math.Max(Math.Abs(a.Y - b.Y), Math.Max(Math.Abs(a.Cb - b.Cb), Math.Abs(a.Cr - b.Cr)) / 2);

    private UniformRegions(int width, int height, int[] labels, List<UniformRegion> regions) => (Width, Height, Labels, Regions) = (width, height, labels, regions);

    public int Width { get; }

    public int Height { get; }

    /// <summary>The label of each pixel's region; negative for pixels without one.</summary>
    public int[] Labels { get; }

    /// <summary>The regions in the order of their labels.</summary>
    public IReadOnlyList<UniformRegion> Regions { get; }

    /// <summary>Divides an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="tolerance">The largest difference of a color channel between a pixel and the mean of its region.</param>
    public static UniformRegions Find(RgbImage image, int tolerance)
    {
        int width = image.Width, height = image.Height;
        byte[] samples = ToYCbCr(image), flatness = Flatness(samples, width, height);
        var labels = new int[width * height];
        Array.Fill(labels, -1);
        var regions = new List<UniformRegion>();
        int[] area = new int[labels.Length];
        foreach (int flat in s_flatness)
        {
            for (int start = 0; start < labels.Length; start++)
            {
                if (labels[start] == -1 && flatness[start] <= flat)
                {
                    Fill(start);
                }
            }
        }

        return new UniformRegions(width, height, labels, regions);

        void Fill(int start)
        {
            int label = regions.Count, count = 1, border = 0, left = width, top = height, right = 0, bottom = 0;
            int meanY = samples[3 * start], meanCb = samples[3 * start + 1], meanCr = samples[3 * start + 2];
            long sumY = 0, sumCb = 0, sumCr = 0;
            area[0] = start;
            labels[start] = label;
            for (int next = 0; next < count; next++)
            {
                int pixel = area[next], y = pixel / width, x = pixel - y * width;
                sumY += samples[3 * pixel];
                sumCb += samples[3 * pixel + 1];
                sumCr += samples[3 * pixel + 2];
                if ((next & (next + 1)) == 0 || (next & 255) == 0)
                {
                    (meanY, meanCb, meanCr) = ((int)(sumY / (next + 1)), (int)(sumCb / (next + 1)), (int)(sumCr / (next + 1)));
                }

                (left, top, right, bottom) = (Math.Min(left, x), Math.Min(top, y), Math.Max(right, x + 1), Math.Max(bottom, y + 1));
                Visit(x + 1 < width, pixel + 1);
                Visit(x > 0, pixel - 1);
                Visit(y + 1 < height, pixel + width);
                Visit(y > 0, pixel - width);
            }

            if (count < LeastArea)
            {
                for (int i = 0; i < count; i++)
                {
                    labels[area[i]] = -2;
                }

                return;
            }

            regions.Add(new UniformRegion(label, left, top, right, bottom, count, border, ((int)(sumY / count), (int)(sumCb / count), (int)(sumCr / count))));

            void Visit(bool inside, int pixel)
            {
                if (inside && labels[pixel] == label)
                {
                    return;
                }

                if (inside && labels[pixel] < 0
                    && Distance((samples[3 * pixel], samples[3 * pixel + 1], samples[3 * pixel + 2]), (meanY, meanCb, meanCr)) <= tolerance)
                {
                    labels[pixel] = label;
                    area[count++] = pixel;
                }
                else
                {
                    border++;
                }
            }
        }
    }

    private static byte[] ToYCbCr(RgbImage image)
    {
        byte[] result = new byte[image.Pixels.Length];
        for (int i = 0; i < result.Length; i += 3)
        {
            // The weights of JPEG in 16 bits.
            int r = image.Pixels[i], g = image.Pixels[i + 1], b = image.Pixels[i + 2], y = (19595 * r + 38470 * g + 7471 * b) >> 16;
            result[i] = (byte)y;
            result[i + 1] = (byte)Math.Clamp(128 + ((36962 * (b - y)) >> 16), 0, 255);
            result[i + 2] = (byte)Math.Clamp(128 + ((46727 * (r - y)) >> 16), 0, 255);
        }

        return result;
    }

    /// <summary>The largest distance of each pixel to its neighbors on the right, below, on the left and above.</summary>
    private static byte[] Flatness(byte[] samples, int width, int height)
    {
        byte[] result = new byte[width * height];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int pixel = y * width + x;
                if (x + 1 < width)
                {
                    Raise(pixel, pixel + 1);
                }

                if (y + 1 < height)
                {
                    Raise(pixel, pixel + width);
                }
            }
        }

        return result;

        void Raise(int a, int b)
        {
            byte distance = (byte)Distance((samples[3 * a], samples[3 * a + 1], samples[3 * a + 2]), (samples[3 * b], samples[3 * b + 1], samples[3 * b + 2]));
            result[a] = Math.Max(result[a], distance);
            result[b] = Math.Max(result[b], distance);
        }
    }
}
