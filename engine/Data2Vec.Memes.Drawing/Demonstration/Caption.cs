using SkiaSharp;

namespace Data2Vec.Memes.Demonstration;

/// <summary>Draws text in the style of memes: white with a black outline, centered, wrapped to the width.</summary>
public sealed class Caption : IDisposable
{
    /// <summary>Heavy, narrow fonts similar to Impact.</summary>
    private static readonly string[] s_fonts = ["impact.ttf", "Impact.ttf", "OpenSans-CondBold.ttf", "LiberationSansNarrow-Bold.ttf", "DejaVuSansCondensed-Bold.ttf", "DejaVuSans-Bold.ttf"];

    private readonly SKTypeface _typeface;

    /// <summary>Loads a font.</summary>
    /// <exception cref="IOException">No font is installed.</exception>
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
    /// <param name="atBottom">Whether the text ends at the bottom instead of starting at the top.</param>
    public void Draw(SKCanvas canvas, string text, int width, int height, bool atBottom)
    {
        ArgumentNullException.ThrowIfNull(canvas);
        ArgumentNullException.ThrowIfNull(text);
        float size = width / 9f;
        using var font = new SKFont(_typeface, size);
        using var outline = new SKPaint { Color = SKColors.Black, Style = SKPaintStyle.Stroke, StrokeWidth = size / 7, StrokeJoin = SKStrokeJoin.Round, IsAntialias = true };
        using var fill = new SKPaint { Color = SKColors.White, IsAntialias = true };
        List<string> lines = Wrap(text, font, 0.94f * width);
        float step = 1.15f * size, y = atBottom ? height - 0.3f * size - step * (lines.Count - 1) : 1.1f * size;
        foreach (string line in lines)
        {
            canvas.DrawText(line, width / 2f, y, SKTextAlign.Center, font, outline);
            canvas.DrawText(line, width / 2f, y, SKTextAlign.Center, font, fill);
            y += step;
        }
    }

    /// <summary>Frees the font.</summary>
    public void Dispose() => _typeface.Dispose();

    private static List<string> Wrap(string text, SKFont font, float width)
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

/// <summary>Finds installed fonts. On Linux the drawing library has no fonts unless it is given a file.</summary>
public static class FontFile
{
    private static readonly string[] s_folders =
    [
        "/usr/share/fonts", "/usr/local/share/fonts", Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".fonts"),
        Environment.GetFolderPath(Environment.SpecialFolder.Fonts), "/System/Library/Fonts",
    ];

    /// <summary>The path of a TrueType font.</summary>
    /// <param name="preferred">Preferred file names, best first. Without any of them, another font is returned.</param>
    /// <exception cref="IOException">No font is installed.</exception>
    public static string Find(params string[] preferred) => s_folders.Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateFiles(folder, "*.ttf", new EnumerationOptions { RecurseSubdirectories = true }))
        .OrderBy(path => Array.IndexOf(preferred, Path.GetFileName(path)) is var place and >= 0 ? place : preferred.Length)
        .ThenBy(path => path, StringComparer.Ordinal)
        .FirstOrDefault()
        ?? throw new IOException("there is no TrueType font in /usr/share/fonts; install one (for example the package fonts-dejavu-core)");
}
