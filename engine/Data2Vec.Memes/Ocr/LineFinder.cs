namespace Data2Vec.Memes.Ocr;

/// <summary>Finds regions that stand like letters in lines, upright or tilted.</summary>
internal static class LineFinder
{
    /// <summary>The limits of a letter. Heights and strokes are in pixels or shares of the image's height or of the letter's.</summary>
    private const int LeastHeight = 9;
    private const double MostHeight = 0.4, MostWidth = 3.5, MostSlender = 12, LeastStroke = 1.2, MostStroke = 0.45, LeastFill = 0.15;

    /// <summary>The limits of neighbors in a line, in shares of the larger letter's height and of the smaller letter's.</summary>
    private const double MostGap = 0.9, MostHeightRatio = 2.3, MostStrokeRatio = 2.2, LeastOverlap = 0.5;

    /// <summary>The minimum share of regular letters. Some letters have descenders.</summary>
    private const double LeastRegular = 0.5;

    /// <summary>The largest distance of a letter's color from the line's, as a share of the tolerance between neighbors.</summary>
    private const double MostColorDistance = 0.6;

    /// <summary>The steepest line: 15 degrees.</summary>
    private const double MostSlope = 0.27;

    /// <summary>Regions that are considered, to bound the time for textures.</summary>
    private const int MostLetters = 6000;

    /// <summary>The lines of an image, those with the most letters first.</summary>
    /// <param name="regions">The regions of the image.</param>
    /// <param name="tolerance">The largest difference of a color channel between neighbors.</param>
    public static List<TextLine> Find(UniformRegions regions, int tolerance)
    {
        UniformRegion[] letters = [.. regions.Regions.Where(region => IsLetter(region, regions.Height)).OrderByDescending(region => region.Area).Take(MostLetters).OrderBy(region => region.Left)];
        var lines = new List<TextLine>();
        foreach (List<UniformRegion> group in Groups(letters, tolerance))
        {
            for (List<UniformRegion> rest = group; rest.Count >= 2;)
            {
                (List<UniformRegion> line, double angle, double baseline, double height) = Fit(rest, tolerance);
                if (line.Count < 2)
                {
                    break;
                }

                int regular = Regular(line, angle, baseline, height);
                if (regular >= Math.Max(2, LeastRegular * line.Count))
                {
                    lines.Add(Complete(regions, line, angle, baseline, height, tolerance, regular));
                }

                rest = [.. rest.Except(line)];
            }
        }

        return [.. lines.OrderByDescending(line => line.Regular * Math.Sqrt(line.Place.Height))];
    }

    private static bool IsLetter(UniformRegion region, int imageHeight)
    {
        int width = region.Width, height = region.Height;
        return height >= LeastHeight && height <= MostHeight * imageHeight && width <= MostWidth * height && height <= MostSlender * width
            && region.Stroke >= LeastStroke && region.Stroke <= MostStroke * Math.Max(width, height) && region.Area >= LeastFill * width * height;
    }

    private static IEnumerable<List<UniformRegion>> Groups(UniformRegion[] letters, int tolerance)
    {
        int[] parents = [.. Enumerable.Range(0, letters.Length)];
        int tallest = letters.Length == 0 ? 0 : letters.Max(letter => letter.Height);
        for (int i = 0; i < letters.Length; i++)
        {
            double reach = letters[i].Right + MostGap * Math.Min(tallest, MostHeightRatio * letters[i].Height);
            for (int j = i + 1; j < letters.Length && letters[j].Left <= reach; j++)
            {
                if (AreNeighbors(letters[i], letters[j], tolerance))
                {
                    parents[Root(i)] = Root(j);
                }
            }
        }

        return Enumerable.Range(0, letters.Length).GroupBy(Root, i => letters[i]).Select(group => group.ToList()).Where(group => group.Count >= 2);

        int Root(int i)
        {
            while (parents[i] != i)
            {
                i = parents[i] = parents[parents[i]];
            }

            return i;
        }
    }

    private static bool AreNeighbors(UniformRegion left, UniformRegion right, int tolerance)
    {
        int low = Math.Min(left.Height, right.Height), high = Math.Max(left.Height, right.Height);
        int overlap = Math.Min(left.Bottom, right.Bottom) - Math.Max(left.Top, right.Top), shared = Math.Min(left.Right, right.Right) - right.Left;
        return high <= MostHeightRatio * low
            && -shared <= MostGap * high && shared <= 0.5 * Math.Min(left.Width, right.Width)
            && overlap >= LeastOverlap * low
            && UniformRegions.Distance(left.Color, right.Color) <= tolerance
            && Math.Max(left.Stroke, right.Stroke) <= MostStrokeRatio * Math.Min(left.Stroke, right.Stroke);
    }

    /// <summary>Fits a line to the lower ends of the letters and drops the letters that do not stand in it or have another color.</summary>
    private static (List<UniformRegion> Line, double Angle, double Baseline, double Height) Fit(List<UniformRegion> letters, int tolerance)
    {
        double angle = Math.Atan(Slope(letters)), cosine = Math.Cos(angle), sine = Math.Sin(angle);
        double Across(UniformRegion letter, double y) => -0.5 * (letter.Left + letter.Right) * sine + y * cosine;
        double baseline = Median(letters.Select(letter => Across(letter, letter.Bottom)));
        double[] heights = [.. letters.Where(letter => Math.Abs(Across(letter, letter.Bottom) - baseline) < 0.25 * letter.Height).Select(letter => (double)letter.Height).Order()];
        double height = heights.Length == 0 ? Median(letters.Select(letter => (double)letter.Height)) : heights[(int)(0.7 * (heights.Length - 1))];
        List<UniformRegion> line =
        [
            .. letters.Where(letter => Across(letter, letter.Bottom) - baseline is var bottom && bottom > -0.5 * height && bottom < 0.5 * height && letter.Height <= 1.8 * height),
        ];
        (int Y, int Cb, int Cr) color = (Typical(line, letter => letter.Color.Y), Typical(line, letter => letter.Color.Cb), Typical(line, letter => letter.Color.Cr));
        return ([.. line.Where(letter => UniformRegions.Distance(letter.Color, color) <= MostColorDistance * tolerance)], angle, baseline, height);

        static int Typical(List<UniformRegion> letters, Func<UniformRegion, int> value) => letters.Count == 0 ? 0 : letters.Select(value).Order().ElementAt(letters.Count / 2);
    }

    /// <summary>The number of letters that end at the baseline and have one of two heights, those of capitals and of small letters.</summary>
    private static int Regular(List<UniformRegion> letters, double angle, double baseline, double height)
    {
        double cosine = Math.Cos(angle), sine = Math.Sin(angle);
        double Across(UniformRegion letter, double y) => -0.5 * (letter.Left + letter.Right) * sine + y * cosine;
        double[] tops = [.. letters.Where(letter => Math.Abs(Across(letter, letter.Bottom) - baseline) <= 0.15 * height).Select(letter => (baseline - Across(letter, letter.Top)) / height)];
        double[] others = [.. tops.Where(top => Math.Abs(top - 1) > 0.13)];
        return tops.Length - others.Length + (others.Length == 0 ? 0 : others.Max(top => others.Count(other => other >= top && other <= top + 0.2)));
    }

    /// <summary>The median slope between the lower ends of the letters (Theil and Sen), which descenders do not change.</summary>
    private static double Slope(List<UniformRegion> letters)
    {
        const int MostPairs = 60;
        var slopes = new List<double>();
        UniformRegion[] some = letters.Count <= MostPairs ? [.. letters] : [.. letters.Where((_, i) => i * MostPairs / letters.Count != (i + 1) * MostPairs / letters.Count)];
        for (int i = 0; i < some.Length; i++)
        {
            for (int j = i + 1; j < some.Length; j++)
            {
                double run = 0.5 * (some[j].Left + some[j].Right - some[i].Left - some[i].Right), slope = (some[j].Bottom - some[i].Bottom) / run;
                if (run >= 0.5 * Math.Max(some[i].Height, some[j].Height) && Math.Abs(slope) <= MostSlope)
                {
                    slopes.Add(slope);
                }
            }
        }

        return slopes.Count == 0 ? 0 : Median(slopes);
    }

    /// <summary>Adds what is too small for a letter of its own: dots, accents, punctuation. Drops what lies inside a letter, such as the hole of an O.</summary>
    private static TextLine Complete(UniformRegions regions, List<UniformRegion> letters, double angle, double baseline, double height, int tolerance, int regular)
    {
        double cosine = Math.Cos(angle), sine = Math.Sin(angle);
        (int Y, int Cb, int Cr) color = ((int)letters.Average(letter => letter.Color.Y), (int)letters.Average(letter => letter.Color.Cb), (int)letters.Average(letter => letter.Color.Cr));
        double start = letters.Min(letter => Along(letter.Left, letter)) - 0.4 * height, end = letters.Max(letter => Along(letter.Right, letter)) + 0.4 * height;
        int left = letters.Min(letter => letter.Left), right = letters.Max(letter => letter.Right), top = letters.Min(letter => letter.Top), bottom = letters.Max(letter => letter.Bottom), reach = (int)height;
        HashSet<int> members = [.. letters.Select(letter => letter.Label)];
        List<UniformRegion> all =
        [
            .. letters,
            .. regions.Regions.Where(region => region.Left >= left - reach && region.Right <= right + reach && region.Top >= top - reach && region.Bottom <= bottom + reach
                && region.Area >= 0.01 * height * height && region.Height <= 1.4 * height && region.Width <= 2.5 * height
                && UniformRegions.Distance(region.Color, color) <= tolerance && !members.Contains(region.Label) && IsInBand(region)),
        ];
        all = [.. all.Where(region => !letters.Any(other => other.Area > region.Area && other.Left <= region.Left && other.Right >= region.Right && other.Top <= region.Top && other.Bottom >= region.Bottom))];
        var place = new LinePlace(angle, all.Min(region => Along(region.Left, region)), all.Max(region => Along(region.Right, region)), baseline, height);
        return new TextLine(regions, place, [.. all.Where(region => members.Contains(region.Label))], [.. all.Where(region => !members.Contains(region.Label))]) { Color = color, Regular = regular };

        double Along(double x, UniformRegion region) => x * cosine + 0.5 * (region.Top + region.Bottom) * sine;

        bool IsInBand(UniformRegion region)
        {
            double x = 0.5 * (region.Left + region.Right), y = 0.5 * (region.Top + region.Bottom), along = x * cosine + y * sine, across = -x * sine + y * cosine;
            return along >= start && along <= end && across >= baseline - 1.4 * height && across <= baseline + 0.3 * height;
        }
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
