using Data2Vec.Memes.Demonstration;
using Data2Vec.Vision.Images;
using SkiaSharp;

namespace Data2Vec.Bench;

/// <summary>Draws pictures with lettering of many looks, for measuring how well it is read.</summary>
internal sealed class LetteringPictures : IDisposable
{
    private static readonly string[] s_fonts = ["DejaVuSans-Bold.ttf", "DejaVuSansCondensed-Bold.ttf", "LiberationSans-Bold.ttf", "LiberationSansNarrow-Bold.ttf", "LiberationSerif-Bold.ttf", "OpenSans-Bold.ttf", "Lato-Black.ttf"];

    private readonly Random _random = new(1);
    private readonly SKTypeface[] _typefaces;
    private readonly SKBitmap[] _photos;

    /// <param name="photos">A folder of photographs for some of the backgrounds, or null.</param>
    public LetteringPictures(string? photos)
    {
        string[] paths = [.. s_fonts.Select(name => FontFile.Find(name)).Distinct()];
        _typefaces = [.. paths.Select(path => SKTypeface.FromFile(path))];
        _photos = photos is null ? [] : [.. Directory.EnumerateFiles(photos, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(SKBitmap.Decode)];
    }

    /// <summary>The looks of the lettering.</summary>
    public static IReadOnlyList<string> Looks { get; } = ["yellow", "black with a white outline", "no outline", "low contrast", "transparent picture", "tilted by up to 10 degrees", "no text"];

    /// <summary>Draws a picture.</summary>
    public RgbImage Draw(string look, string top, string bottom)
    {
        int width = _random.Next(400, 1001), height = (int)(width * (0.65 + 0.5 * _random.NextDouble()));
        using var bitmap = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        using var canvas = new SKCanvas(bitmap);
        float angle = look.StartsWith("tilted", StringComparison.Ordinal) ? 20 * _random.NextSingle() - 10 : 0;
        canvas.Clear(look == "transparent picture" ? SKColors.Transparent : SKColors.Gray);
        canvas.RotateDegrees(angle, width / 2f, height / 2f);
        canvas.Scale(angle == 0 ? 1 : 0.8f, angle == 0 ? 1 : 0.8f, width / 2f, height / 2f);
        if (look != "transparent picture")
        {
            DrawBackground(canvas, width, height);
        }

        bool bright = Brightness(bitmap) > 150;
        if (look == "low contrast")
        {
            canvas.DrawColor(SKColors.White.WithAlpha(190));
        }

        if (look != "no text")
        {
            (SKColor fill, SKColor outline) = look switch
            {
                "yellow" => (new SKColor(255, 230, 0), SKColors.Black),
                "black with a white outline" => (SKColors.Black, SKColors.White),
                "no outline" => (bright ? SKColors.Black : SKColors.White, SKColors.Empty),
                "low contrast" => (SKColors.White, new SKColor(150, 150, 150)),
                _ => (SKColors.White, SKColors.Black),
            };
            DrawTexts(canvas, top, bottom, width, height, fill, outline);
        }

        canvas.Flush();
        using SKData data = look == "transparent picture" ? bitmap.Encode(SKEncodedImageFormat.Png, 100) : bitmap.Encode(SKEncodedImageFormat.Jpeg, _random.Next(60, 95));
        return ImageFile.Decode(data.AsSpan());
    }

    public void Dispose()
    {
        foreach (IDisposable item in (IEnumerable<IDisposable>)[.. _typefaces, .. _photos])
        {
            item.Dispose();
        }
    }

    private static double Brightness(SKBitmap bitmap) => bitmap.Pixels.Average(pixel => 0.3 * pixel.Red + 0.59 * pixel.Green + 0.11 * pixel.Blue);

    private void DrawTexts(SKCanvas canvas, string top, string bottom, int width, int height, SKColor fill, SKColor outline)
    {
        float size = width / (9 + 5 * _random.NextSingle());
        using var font = new SKFont(_typefaces[_random.Next(_typefaces.Length)], size);
        while (Math.Max(font.MeasureText(top), font.MeasureText(bottom)) > 0.94f * width)
        {
            font.Size *= 0.95f;
        }

        using var line = new SKPaint { Color = outline, Style = SKPaintStyle.Stroke, StrokeWidth = font.Size / 7, StrokeJoin = SKStrokeJoin.Round, IsAntialias = true };
        using var inside = new SKPaint { Color = fill, IsAntialias = true };
        foreach ((string text, float y) in ((string, float)[])[(top, 1.2f * font.Size), (bottom, height - 0.4f * font.Size)])
        {
            if (outline.Alpha > 0)
            {
                canvas.DrawText(text, width / 2f, y, SKTextAlign.Center, font, line);
            }

            canvas.DrawText(text, width / 2f, y, SKTextAlign.Center, font, inside);
        }
    }

    private void DrawBackground(SKCanvas canvas, int width, int height)
    {
        using var paint = new SKPaint { IsAntialias = true };
        switch (_random.Next(_photos.Length > 0 ? 5 : 3))
        {
            case 0:
                paint.Shader = SKShader.CreateLinearGradient(new SKPoint(0, 0), new SKPoint(width, height), [Color(), Color()], SKShaderTileMode.Clamp);
                canvas.DrawRect(0, 0, width, height, paint);
                break;
            case 1:
                using (var noise = new SKBitmap(width / 8, height / 8))
                {
                    noise.Pixels = [.. Enumerable.Range(0, noise.Width * noise.Height).Select(_ => Color())];
                    using SKImage image = SKImage.FromBitmap(noise);
                    canvas.DrawImage(image, new SKRect(0, 0, width, height), new SKSamplingOptions(SKCubicResampler.Mitchell), paint);
                }

                break;
            case 2:
                paint.Color = Color();
                canvas.DrawRect(0, 0, width, height, paint);
                for (int i = 0; i < 40; i++)
                {
                    paint.Color = Color();
                    canvas.DrawOval(_random.Next(width), _random.Next(height), _random.Next(5, width / 5), _random.Next(5, width / 5), paint);
                }

                break;
            default:
                using (SKImage image = SKImage.FromBitmap(_photos[_random.Next(_photos.Length)]))
                {
                    float shown = Math.Min((float)image.Width / width, (float)image.Height / height) * (0.6f + 0.4f * _random.NextSingle());
                    float x = (image.Width - shown * width) * _random.NextSingle(), y = (image.Height - shown * height) * _random.NextSingle();
                    canvas.DrawImage(image, SKRect.Create(x, y, shown * width, shown * height), new SKRect(0, 0, width, height), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear), paint);
                }

                break;
        }
    }

    private SKColor Color() => new((uint)_random.NextInt64(1L << 24) | 0xFF000000);
}
