namespace Data2Vec.Memes.Ocr;

/// <summary>
/// Reads a picture in several ways and keeps the best reading of each place: the letters as regions of uniform color, with two tolerances, and
/// the picture as it is.
/// </summary>
internal static class PictureReader
{
    /// <summary>The tolerances of color: for clear lettering with the noise of JPEG files, and for lettering that differs little from the picture.</summary>
    private static readonly int[] s_tolerances = [40, 18];

    /// <summary>A line is not read again if a good reading covers this share of it. Readings with this overlap are of the same place.</summary>
    private const double MostCovered = 0.8, SamePlace = 0.3;

    /// <summary>The most lines in a row without certain text. The lines that look most like text are read first.</summary>
    private const int MostFailures = 14;

    /// <summary>Readings with fewer letters are not repeated in other ways.</summary>
    private const int LeastLettersToRepeat = 4;

    /// <summary>Letters below this height (pixels) are so small that they may touch. The picture as it is may show them better.</summary>
    private const double SmallPrint = 30;

    /// <summary>The heights of capitals in the drawings of a line, in pixels. Tesseract reads letters of about these sizes best.</summary>
    private static readonly int[] s_capitalHeights = [36, 26, 48];

    /// <summary>The words of a picture, in reading order.</summary>
    public static IEnumerable<RecognizedWord> Read(TesseractEngine engine, RgbImage image)
    {
        var readings = new List<LineReading>();
        foreach (int tolerance in s_tolerances)
        {
            ReadRegions(engine, image, tolerance, readings);
        }

        List<LineReading> best = Best(readings);
        if (!best.Any(reading => reading.IsGood) || best.Any(reading => !reading.IsGood || reading.Place.Height < SmallPrint))
        {
            readings.AddRange(engine.ReadPage(image).Select(words => new LineReading(LinePlace.Of(Around(words)), words)).Where(reading => reading.IsText));
            best = Best(readings);
        }

        return Order(best).SelectMany(reading => reading.Words).Where(word => word.Text.Any(char.IsLetterOrDigit));
    }

    private static void ReadRegions(TesseractEngine engine, RgbImage image, int tolerance, List<LineReading> readings)
    {
        int failures = 0;
        foreach (TextLine line in LineFinder.Find(UniformRegions.Find(image, tolerance), tolerance))
        {
            if (readings.Any(good => good.IsGood && line.Place.CoveredBy(good.Place) >= MostCovered))
            {
                continue;
            }

            LineReading reading = ReadLine(engine, line);
            failures = reading.StandsAlone ? 0 : failures + 1;
            if (reading.IsText)
            {
                readings.Add(reading);
            }

            if (failures == MostFailures)
            {
                break;
            }
        }
    }

    /// <summary>Reads a line, in several ways if the first is not good, and returns the most confident reading.</summary>
    private static LineReading ReadLine(TesseractEngine engine, TextLine line)
    {
        LineReading best = Read(s_capitalHeights[0], withMarks: true);
        if (best.Letters < LeastLettersToRepeat || best.IsCertain)
        {
            return best;
        }

        foreach (LineReading other in s_capitalHeights[1..].Select(height => Read(height, withMarks: true)).Concat(line.HasMarks ? [Read(s_capitalHeights[0], withMarks: false)] : []))
        {
            best = other.Confidence > best.Confidence ? other : best;
        }

        return best;

        LineReading Read(int height, bool withMarks) =>
            new(line, [.. engine.ReadLine(line.Draw(height, withMarks)).Select(word => word with { Box = line.ToImage(word.Box, height) })]);
    }

    /// <summary>The best reading of each place, best first. Lines of few letters count only next to other text.</summary>
    private static List<LineReading> Best(List<LineReading> readings)
    {
        var best = new List<LineReading>();
        foreach (LineReading reading in readings.OrderByDescending(reading => reading.Score))
        {
            if (!best.Any(other => other.Place.Overlap(reading.Place) >= SamePlace)
                && (reading.StandsAlone || best.Any(other => other.StandsAlone && other.IsContinuedBy(reading))))
            {
                best.Add(reading);
            }
        }

        return best;
    }

    /// <summary>Row by row, in the direction of the best line.</summary>
    private static IEnumerable<LineReading> Order(List<LineReading> readings)
    {
        if (readings.Count == 0)
        {
            return [];
        }

        LinePlace direction = readings[0].Place;
        var rows = new List<List<(LineReading Reading, double Left, double Across)>>();
        foreach ((LineReading reading, (double left, _, double across)) in readings.Select(reading => (reading, direction.Middle(reading.Place))).OrderBy(item => item.Item2.Across))
        {
            if (rows.Count > 0 && across - rows[^1].Average(item => item.Across) < 0.5 * Math.Max(reading.Place.Height, rows[^1].Max(item => item.Reading.Place.Height)))
            {
                rows[^1].Add((reading, left, across));
            }
            else
            {
                rows.Add([(reading, left, across)]);
            }
        }

        return rows.SelectMany(row => row.OrderBy(item => item.Left)).Select(item => item.Reading);
    }

    private static Box Around(List<RecognizedWord> words)
    {
        int left = words.Min(word => word.Box.X), top = words.Min(word => word.Box.Y);
        return new Box(left, top, words.Max(word => word.Box.X + word.Box.Width) - left, words.Max(word => word.Box.Y + word.Box.Height) - top);
    }
}
