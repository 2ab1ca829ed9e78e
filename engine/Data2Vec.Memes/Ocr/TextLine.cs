namespace Data2Vec.Memes.Ocr;

/// <summary>Regions that stand like the letters of a line.</summary>
/// <param name="regions">The regions of the image.</param>
/// <param name="place">The place of the line.</param>
/// <param name="letters">The regions that are letters.</param>
/// <param name="marks">The small regions around them: accents, punctuation, or noise.</param>
internal sealed class TextLine(UniformRegions regions, LinePlace place, UniformRegion[] letters, UniformRegion[] marks)
{
    private const int Margin = 12;

    /// <summary>The band of a line above and below its baseline, as shares of the letters' height: accents above, descenders below.</summary>
    private const double Above = 1.5, Below = 0.5;

    /// <summary>The place of the line.</summary>
    public LinePlace Place => place;

    /// <summary>The mean color of the letters.</summary>
    public required (int Y, int Cb, int Cr) Color { get; init; }

    /// <summary>The number of letters that stand on the baseline and are as high as letters.</summary>
    public required int Regular { get; init; }

    /// <summary>Whether there are small regions besides the letters.</summary>
    public bool HasMarks => marks.Length > 0;

    /// <summary>The line upright, in black on white.</summary>
    /// <param name="capitals">The height of capitals in the drawing.</param>
    /// <param name="withMarks">Whether to draw the marks.</param>
    public GrayImage Draw(int capitals, bool withMarks)
    {
        double scale = capitals / place.Height;
        int width = (int)Math.Ceiling((place.End - place.Start) * scale) + 2 * Margin, height = (int)Math.Ceiling((Above + Below) * capitals) + 2 * Margin;
        var pixels = new byte[width * height];
        (Box box, byte[] ink) = Ink(withMarks);
        int samples = Math.Clamp((int)Math.Ceiling(1 / scale), 2, 4);
        double step = 1.0 / samples, share = 255.0 / (samples * samples);
        (double sine, double cosine) = Math.SinCos(place.Angle);
        (double startX, double startY) = place.ToImage(place.Start, place.Baseline - Above * place.Height);
        (startX, startY) = (startX - box.X, startY - box.Y);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                double sum = 0;
                for (int i = 0; i < samples * samples; i++)
                {
                    (double along, double across) = ((x + (i % samples + 0.5) * step - Margin) / scale, (y + (i / samples + 0.5) * step - Margin) / scale);
                    sum += At(startX + along * cosine - across * sine, startY + along * sine + across * cosine);
                }

                pixels[y * width + x] = (byte)Math.Round(255 - sum * share);
            }
        }

        return new GrayImage(width, height, pixels);

        // Interpolates between the centers of pixels.
        double At(double x, double y)
        {
            x -= 0.5;
            y -= 0.5;
            int left = (int)Math.Floor(x), top = (int)Math.Floor(y);
            if (left < 0 || top < 0 || left + 1 >= box.Width || top + 1 >= box.Height)
            {
                return 0;
            }

            double right = x - left, down = y - top;
            int at = top * box.Width + left;
            return (1 - down) * ((1 - right) * ink[at] + right * ink[at + 1]) + down * ((1 - right) * ink[at + box.Width] + right * ink[at + box.Width + 1]);
        }
    }

    /// <summary>The place in the image of a box in the drawn line.</summary>
    public Box ToImage(Box drawn, int capitals)
    {
        double scale = capitals / place.Height, top = place.Baseline - Above * place.Height;
        double Along(int x) => place.Start + (x - Margin) / scale;
        double Across(int y) => top + (y - Margin) / scale;
        return place.ToImage(Along(drawn.X), Across(drawn.Y), Along(drawn.X + drawn.Width), Across(drawn.Y + drawn.Height));
    }

    /// <summary>The pixels of the letters and marks, as ones, in the rectangle around the line. It has a border of zeros.</summary>
    private (Box Box, byte[] Ink) Ink(bool withMarks)
    {
        UniformRegion[] parts = withMarks ? [.. letters, .. marks] : letters;
        int left = parts.Min(part => part.Left) - 1, top = parts.Min(part => part.Top) - 1;
        var box = new Box(left, top, parts.Max(part => part.Right) + 1 - left, parts.Max(part => part.Bottom) + 1 - top);
        var ink = new byte[box.Width * box.Height];
        foreach (UniformRegion part in parts)
        {
            for (int y = part.Top; y < part.Bottom; y++)
            {
                for (int x = part.Left; x < part.Right; x++)
                {
                    if (regions.Labels[y * regions.Width + x] == part.Label)
                    {
                        ink[(y - top) * box.Width + x - left] = 1;
                    }
                }
            }
        }

        return (box, ink);
    }
}

/// <summary>An image of gray samples, row-major; 0 is black.</summary>
internal readonly record struct GrayImage(int Width, int Height, byte[] Pixels);
