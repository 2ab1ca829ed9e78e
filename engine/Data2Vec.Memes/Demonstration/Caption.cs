using SkiaSharp;

namespace Data2Vec.Memes.Demonstration;

/// <summary>Draws the lettering of memes: white with a black outline, centred, in as many lines as it needs.</summary>
internal sealed class Caption : IDisposable
{
    /// <summary>Fonts that are heavy and narrow, as Impact is.</summary>
    private static readonly string[] s_fonts = ["impact.ttf", "Impact.ttf", "OpenSans-CondBold.ttf", "LiberationSansNarrow-Bold.ttf", "DejaVuSansCondensed-Bold.ttf", "DejaVuSans-Bold.ttf"];

    private readonly SKTypeface _typeface;

    /// <exception cref="IOException">There is no font.</exception>
    public Caption()
    {
        string path = FontFile.Find(s_fonts);
        _typeface = SKTypeface.FromFile(path) ?? throw new IOException($"{path}: the font cannot be read");
    }

    /// <summary>Draws a text at the top or bottom of a picture.</summary>
    /// <param name="canvas">The picture.</param>
    /// <param name="text">The text.</param>
    /// <param name="width">The picture's width.</param>
    /// <param name="height">The picture's height.</param>
    /// <param name="atBottom">Whether the last line stands at the bottom; otherwise the first at the top.</param>
    public void Draw(SKCanvas canvas, string text, int width, int height, bool atBottom)
    {
        float size = width / 9f;
        using var font = new SKFont(_typeface, size);
        using var outline = new SKPaint { Color = SKColors.Black, Style = SKPaintStyle.Stroke, StrokeWidth = size / 7, StrokeJoin = SKStrokeJoin.Round, IsAntialias = true };
        using var fill = new SKPaint { Color = SKColors.White, IsAntialias = true };
        List<string> lines = Lines(text, font, 0.94f * width);
        float step = 1.15f * size, y = atBottom ? height - 0.3f * size - step * (lines.Count - 1) : 1.1f * size;
        foreach (string line in lines)
        {
            canvas.DrawText(line, width / 2f, y, SKTextAlign.Center, font, outline);
            canvas.DrawText(line, width / 2f, y, SKTextAlign.Center, font, fill);
            y += step;
        }
    }

    public void Dispose() => _typeface.Dispose();

    private static List<string> Lines(string text, SKFont font, float width)
    {
        var lines = new List<string>();
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (lines.Count > 0 && font.MeasureText($"{lines[^1]} {word}") <= width)
            {
                lines[^1] += $" {word}";
            }
            else
            {
                lines.Add(word);
            }
        }

        return lines;
    }
}
