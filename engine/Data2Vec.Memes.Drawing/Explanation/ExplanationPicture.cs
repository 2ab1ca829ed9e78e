using SkiaSharp;

namespace Data2Vec.Memes.Explanation;

/// <summary>
/// Draws an explanation over the image: red raises the score, blue lowers it, stronger colors mean larger effects. The largest effect among
/// the regions, and among the words, sets the color scale of its kind.
/// </summary>
public static class ExplanationPicture
{
    private const int LongestSide = 2048;
    private const float StrongestTint = 150;

    /// <summary>The lower limit of the color scale. Smaller effects are noise and stay faint.</summary>
    private const float WeakEffect = 0.05f;

    private static readonly SKColor s_raises = new(220, 30, 30), s_lowers = new(40, 90, 230);

    /// <summary>Draws the picture as a PNG file with sides of at most 2048 pixels.</summary>
    /// <param name="image">The explained image.</param>
    /// <param name="explanation">Its explanation.</param>
    public static byte[] Draw(RgbImage image, MemeExplanation explanation)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(explanation);
        float scale = Math.Min(1, (float)LongestSide / Math.Max(image.Width, image.Height));
        int width = Math.Max(1, (int)(scale * image.Width)), height = Math.Max(1, (int)(scale * image.Height));
        RgbImage small = scale == 1 ? image : new ImageResizer(image.Width, image.Height, width, height).Resize(image);
        using SKBitmap bitmap = Copy(small);
        using var canvas = new SKCanvas(bitmap);
        using var paint = new SKPaint();
        float strongest = Strongest(explanation.Regions.Select(region => region.Effect));
        foreach (RegionEffect region in explanation.Regions)
        {
            paint.Color = Color(region.Effect).WithAlpha((byte)(StrongestTint * Math.Abs(region.Effect) / strongest));
            canvas.DrawRect(Place(region.Box), paint);
        }

        paint.Style = SKPaintStyle.Stroke;
        strongest = Strongest(explanation.Words.Select(word => word.Effect));
        foreach (WordEffect word in explanation.Words.Where(word => word.Box is not null))
        {
            paint.Color = Color(word.Effect);
            paint.StrokeWidth = 1 + small.Width / 100f * Math.Abs(word.Effect) / strongest;
            canvas.DrawRect(Place(word.Box!.Value), paint);
        }

        canvas.Flush();
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();

        SKRect Place(Box box) => SKRect.Create(scale * box.X, scale * box.Y, scale * box.Width, scale * box.Height);
    }

    private static float Strongest(IEnumerable<float> effects) => effects.Select(Math.Abs).Append(WeakEffect).Max();

    private static SKColor Color(float effect) => effect > 0 ? s_raises : s_lowers;

    private static SKBitmap Copy(RgbImage image)
    {
        var bitmap = new SKBitmap(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        Span<byte> pixels = bitmap.GetPixelSpan();
        for (int source = 0, target = 0; source < image.Pixels.Length; source += 3, target += 4)
        {
            image.Pixels.AsSpan(source, 3).CopyTo(pixels[target..]);
            pixels[target + 3] = byte.MaxValue;
        }

        return bitmap;
    }
}
