using System.Globalization;
using Data2Vec.Memes.Demonstration;
using Data2Vec.Memes.Evaluation;
using SkiaSharp;

namespace Data2Vec.Memes.Explanation;

/// <summary>
/// Draws an explanation over the image: red raises the score, blue lowers it, stronger colors mean larger effects. The largest effect among
/// the regions, and among the words, sets the color scale of its kind. Below the image are the score, a legend, and the effect of each word.
/// </summary>
public static class ExplanationPicture
{
    /// <summary>The longer side of the drawn image in pixels: small images are enlarged, large ones reduced.</summary>
    private const int GoodSide = 900, LongestSide = 1600, MostEnlargement = 8;

    private const int LeastWidth = 640, FontSize = 18, Margin = 12, RowHeight = 30, MostRows = 12;
    private const float StrongestTint = 150;

    /// <summary>The lower limit of the color scale. Smaller effects are noise and stay faint.</summary>
    private const float WeakEffect = 0.02f;

    /// <summary>Numbers are written on regions with at least this share of the strongest effect.</summary>
    private const float LeastShown = 0.2f;

    private static readonly SKColor s_raises = new(220, 30, 30), s_lowers = new(40, 90, 230);
    private static readonly string[] s_fonts = ["DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "arial.ttf", "Arial.ttf"];

    /// <summary>Draws the picture as a PNG file. The image in it has sides of at most 1600 pixels.</summary>
    /// <param name="image">The explained image.</param>
    /// <param name="explanation">Its explanation.</param>
    /// <param name="threshold">The lowest score that is flagged.</param>
    /// <exception cref="IOException">No font is installed.</exception>
    public static byte[] Draw(RgbImage image, MemeExplanation explanation, float threshold = Metrics.Threshold)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(explanation);
        int side = Math.Max(image.Width, image.Height);
        float scale = Math.Min((float)LongestSide / side, Math.Clamp((float)GoodSide / side, 1, MostEnlargement));
        RgbImage shown = new ImageResizer(image.Width, image.Height, Math.Max(1, (int)(scale * image.Width)), Math.Max(1, (int)(scale * image.Height))).Resize(image);
        using SKTypeface typeface = SKTypeface.FromFile(FontFile.Find(s_fonts)) ?? throw new IOException("the installed font cannot be read");
        using var font = new SKFont(typeface, FontSize);
        int width = Math.Max(LeastWidth, shown.Width);
        List<(WordEffect Word, float X, int Row)> words = Arrange(explanation.Words, font, width);
        int rows = 2 + (words.Count == 0 ? 0 : words[^1].Row + 1) + (words.Count < explanation.Words.Count ? 1 : 0);
        using var bitmap = new SKBitmap(width, shown.Height + 2 * Margin + rows * RowHeight, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(SKColors.White);
        Copy(shown, bitmap);
        DrawEffects(canvas, explanation, font, scale);
        DrawLegend(canvas, explanation, words, font, shown.Height + Margin, threshold);
        canvas.Flush();
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    private static void DrawEffects(SKCanvas canvas, MemeExplanation explanation, SKFont font, float scale)
    {
        using var paint = new SKPaint { IsAntialias = true };
        float strongest = Strongest(explanation.Regions.Select(region => region.Effect));
        foreach (RegionEffect region in explanation.Regions)
        {
            SKRect place = Place(region.Box);
            paint.Color = Color(region.Effect).WithAlpha((byte)(StrongestTint * Math.Abs(region.Effect) / strongest));
            canvas.DrawRect(place, paint);
            string number = Number(region.Effect);
            if (Math.Abs(region.Effect) >= LeastShown * strongest && place.Width > font.MeasureText(number) && place.Height > FontSize)
            {
                DrawNumber(canvas, number, place.MidX, place.MidY + FontSize / 3f, font, paint);
            }
        }

        paint.Style = SKPaintStyle.Stroke;
        strongest = Strongest(explanation.Words.Select(word => word.Effect));
        foreach (WordEffect word in explanation.Words.Where(word => word.Box is not null))
        {
            paint.Color = Color(word.Effect);
            paint.StrokeWidth = 1 + 6 * Math.Abs(word.Effect) / strongest;
            canvas.DrawRect(Place(word.Box!.Value), paint);
        }

        SKRect Place(Box box) => SKRect.Create(scale * box.X, scale * box.Y, scale * box.Width, scale * box.Height);
    }

    private static void DrawNumber(SKCanvas canvas, string number, float x, float y, SKFont font, SKPaint paint)
    {
        (paint.Style, paint.StrokeWidth, paint.Color) = (SKPaintStyle.Stroke, 3, SKColors.Black);
        canvas.DrawText(number, x, y, SKTextAlign.Center, font, paint);
        (paint.Style, paint.Color) = (SKPaintStyle.Fill, SKColors.White);
        canvas.DrawText(number, x, y, SKTextAlign.Center, font, paint);
    }

    private static void DrawLegend(SKCanvas canvas, MemeExplanation explanation, List<(WordEffect Word, float X, int Row)> words, SKFont font, int top, float threshold)
    {
        using var paint = new SKPaint { IsAntialias = true };
        MemeScore score = explanation.Score;
        string probability = score.Probability is { } p ? string.Create(CultureInfo.InvariantCulture, $", probability {p:0.00}") : "";
        Write(string.Create(CultureInfo.InvariantCulture, $"score {score.Score:0.00}{probability}: {(score.Score >= threshold ? "flagged" : "not flagged")} (threshold {threshold:0.###})"), Margin, 0, SKColors.Black);
        float next = Write("red: raises the score", Margin, 1, s_raises);
        next = Write("blue: lowers it", next + 2 * Margin, 1, s_lowers);
        Write("numbers: score minus score without", next + 2 * Margin, 1, SKColors.Black);
        float strongest = Strongest(explanation.Words.Select(word => word.Effect));
        foreach ((WordEffect word, float x, int row) in words)
        {
            string label = Label(word);
            paint.Color = Color(word.Effect).WithAlpha((byte)(StrongestTint * Math.Abs(word.Effect) / strongest));
            canvas.DrawRect(x - 4, top + (2 + row) * RowHeight + 2, font.MeasureText(label) + 8, RowHeight - 4, paint);
            Write(label, x, 2 + row, SKColors.Black);
        }

        if (words.Count < explanation.Words.Count)
        {
            Write($"and {explanation.Words.Count - words.Count} more words", Margin, 3 + words[^1].Row, SKColors.Black);
        }

        float Write(string text, float x, int row, SKColor color)
        {
            paint.Color = color;
            canvas.DrawText(text, x, top + row * RowHeight + 0.7f * RowHeight, SKTextAlign.Left, font, paint);
            return x + font.MeasureText(text);
        }
    }

    /// <summary>Places the words with their effects in rows below the image, as many as fit.</summary>
    private static List<(WordEffect Word, float X, int Row)> Arrange(IReadOnlyList<WordEffect> words, SKFont font, int width)
    {
        var placed = new List<(WordEffect, float, int)>();
        float x = Margin;
        int row = 0;
        foreach (WordEffect word in words)
        {
            float wide = font.MeasureText(Label(word));
            if (x > Margin && x + wide > width - Margin)
            {
                (x, row) = (Margin, row + 1);
            }

            if (row == MostRows)
            {
                break;
            }

            placed.Add((word, x, row));
            x += wide + 2 * Margin;
        }

        return placed;
    }

    private static string Label(WordEffect word) => $"{word.Text} {Number(word.Effect)}";

    private static string Number(float effect) => effect.ToString(Math.Abs(effect) < 0.1f ? "+0.000;\u22120.000;0.000" : "+0.00;\u22120.00;0.00", CultureInfo.InvariantCulture);

    private static float Strongest(IEnumerable<float> effects) => effects.Select(Math.Abs).Append(WeakEffect).Max();

    private static SKColor Color(float effect) => effect > 0 ? s_raises : s_lowers;

    private static void Copy(RgbImage image, SKBitmap bitmap)
    {
        Span<byte> pixels = bitmap.GetPixelSpan();
        for (int y = 0; y < image.Height; y++)
        {
            for (int x = 0; x < image.Width; x++)
            {
                image.Pixels.AsSpan(3 * (y * image.Width + x), 3).CopyTo(pixels[(y * bitmap.RowBytes + 4 * x)..]);
            }
        }
    }
}
