namespace Data2Vec.Memes.Ocr;

/// <summary>Separates the usual lettering of memes, white with a dark outline, from the picture behind it.</summary>
internal static class OutlinedText
{
    private const int White = 185, Dark = 90;

    /// <summary>How far from a white area to look for its outline, as a share of the image's width. A stroke is about 1/60 of the width.</summary>
    private const double Reach = 0.006;

    /// <summary>The minimum share of a letter's border with a dark pixel nearby.</summary>
    private const double LeastDark = 0.6;

    /// <summary>Smaller white areas (pixels) are noise; larger ones (share of the image) are not letters.</summary>
    private const int LeastArea = 30;
    private const double MostArea = 0.05;

    private static readonly (int X, int Y)[] s_sides = [(1, 0), (-1, 0), (0, 1), (0, -1)];

    /// <summary>The letters in black on white; null if there are none.</summary>
    public static RgbImage? Find(RgbImage image)
    {
        int width = image.Width, height = image.Height, reach = Math.Max(2, (int)(Reach * width));
        byte[] samples = image.Pixels;
        var seen = new bool[width * height];
        var letters = new byte[samples.Length];
        Array.Fill(letters, byte.MaxValue);
        bool found = false;
        var area = new List<int>();
        for (int start = 0; start < seen.Length; start++)
        {
            if (seen[start] || !IsWhite(start))
            {
                continue;
            }

            Fill(start);
            if (area.Count >= LeastArea && area.Count <= MostArea * seen.Length && IsOutlined())
            {
                found = true;
                foreach (int pixel in area)
                {
                    letters.AsSpan(3 * pixel, 3).Clear();
                }
            }
        }

        return found ? new RgbImage(width, height, letters) : null;

        bool IsWhite(int pixel) => Math.Min(samples[3 * pixel], Math.Min(samples[3 * pixel + 1], samples[3 * pixel + 2])) >= White;

        bool IsDark(int pixel) => Math.Max(samples[3 * pixel], Math.Max(samples[3 * pixel + 1], samples[3 * pixel + 2])) <= Dark;

        bool IsInside(int x, int y) => x >= 0 && x < width && y >= 0 && y < height;

        // Collects the connected white area of a pixel.
        void Fill(int start)
        {
            area.Clear();
            area.Add(start);
            seen[start] = true;
            for (int next = 0; next < area.Count; next++)
            {
                foreach ((int dx, int dy) in s_sides)
                {
                    int x = area[next] % width + dx, y = area[next] / width + dy, pixel = y * width + x;
                    if (IsInside(x, y) && !seen[pixel] && IsWhite(pixel))
                    {
                        seen[pixel] = true;
                        area.Add(pixel);
                    }
                }
            }
        }

        // Walks outwards from each border pixel of the area and counts those that meet a dark pixel within reach.
        bool IsOutlined()
        {
            int border = 0, dark = 0;
            foreach (int pixel in area)
            {
                foreach ((int dx, int dy) in s_sides)
                {
                    int x = pixel % width + dx, y = pixel / width + dy;
                    if (IsInside(x, y) && IsWhite(y * width + x))
                    {
                        continue;
                    }

                    border++;
                    for (int step = 0; step < reach && IsInside(x, y); step++, x += dx, y += dy)
                    {
                        if (IsDark(y * width + x))
                        {
                            dark++;
                            break;
                        }
                    }
                }
            }

            return dark >= LeastDark * border;
        }
    }
}
