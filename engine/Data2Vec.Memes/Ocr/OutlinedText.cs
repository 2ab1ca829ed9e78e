using Data2Vec.Vision.Images;

namespace Data2Vec.Memes.Ocr;

/// <summary>Tells the usual lettering of memes, white with a dark outline, from the picture behind it.</summary>
internal static class OutlinedText
{
    private const int White = 185, Dark = 90;

    /// <summary>How far from a white area its outline is looked for, as a share of the image's width: strokes are some 1/60 of it.</summary>
    private const double Reach = 0.006;

    /// <summary>The share of a letter's surroundings that is dark.</summary>
    private const double LeastDark = 0.6;

    /// <summary>Below this, in pixels, a white area is noise; above this share of the image it is no letter.</summary>
    private const int LeastArea = 30;
    private const double MostArea = 0.05;

    /// <summary>The letters in black on white, or null where there are none.</summary>
    public static RgbImage? Find(RgbImage image)
    {
        int width = image.Width, height = image.Height, reach = Math.Max(2, (int)(Reach * width)), found = 0;
        byte[] samples = image.Pixels;
        var seen = new bool[width * height];
        var letters = new byte[samples.Length];
        Array.Fill(letters, byte.MaxValue);
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
                found++;
                foreach (int pixel in area)
                {
                    letters.AsSpan(3 * pixel, 3).Clear();
                }
            }
        }

        return found > 0 ? new RgbImage(width, height, letters) : null;

        bool IsWhite(int pixel) => Math.Min(samples[3 * pixel], Math.Min(samples[3 * pixel + 1], samples[3 * pixel + 2])) >= White;

        bool IsDark(int pixel) => Math.Max(samples[3 * pixel], Math.Max(samples[3 * pixel + 1], samples[3 * pixel + 2])) <= Dark;

        // The white area that a pixel belongs to.
        void Fill(int start)
        {
            area.Clear();
            area.Add(start);
            seen[start] = true;
            for (int next = 0; next < area.Count; next++)
            {
                int x = area[next] % width, y = area[next] / width;
                for (int side = 0; side < 4; side++)
                {
                    int u = x + (side == 0 ? 1 : side == 1 ? -1 : 0), v = y + (side == 2 ? 1 : side == 3 ? -1 : 0), pixel = v * width + u;
                    if (u >= 0 && u < width && v >= 0 && v < height && !seen[pixel] && IsWhite(pixel))
                    {
                        seen[pixel] = true;
                        area.Add(pixel);
                    }
                }
            }
        }

        // From each pixel at the area's border outwards: is there something dark before long?
        bool IsOutlined()
        {
            int border = 0, dark = 0;
            foreach (int pixel in area)
            {
                int x = pixel % width, y = pixel / width;
                for (int side = 0; side < 4; side++)
                {
                    int dx = side == 0 ? 1 : side == 1 ? -1 : 0, dy = side == 2 ? 1 : side == 3 ? -1 : 0;
                    int u = x + dx, v = y + dy;
                    if (u >= 0 && u < width && v >= 0 && v < height && IsWhite(v * width + u))
                    {
                        continue;
                    }

                    border++;
                    for (int step = 0; step < reach && u >= 0 && u < width && v >= 0 && v < height; step++, u += dx, v += dy)
                    {
                        if (IsDark(v * width + u))
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
