using System.Globalization;
using Data2Vec.Memes.Features;
using SkiaSharp;

namespace Data2Vec.Memes.Demonstration;

/// <summary>
/// Generates harmless memes about the weather for demonstrations and tests. The caption praises or deplores the day, the picture is sunny or
/// stormy. A meme is positive (sarcastic) if the two disagree, so neither picture nor text alone decides it. Stormy pictures are sarcastic more
/// often than sunny ones (64 % against 33 %), so the picture alone tells a little.
/// </summary>
public static class SyntheticMemes
{
    private const int Width = 320, Height = 240, JpegQuality = 85;

    private const double ValidationShare = 0.25;

    private static readonly string[] s_praise = ["lovely", "wonderful", "delightful", "perfect", "gorgeous", "fantastic", "beautiful", "great"];
    private static readonly string[] s_complaint = ["ghastly", "terrible", "horrible", "dreadful", "miserable", "boring", "worst", "bad"];
    private static readonly string[] s_sentences = ["what a {0} day", "this is {0} weather", "such {0} weather today", "a {0} morning for a walk", "{0} weather as always"];

    private static readonly (bool Stormy, bool Praised, double Share)[] s_combinations = [(true, true, 0.35), (false, false, 0.15), (false, true, 0.3), (true, false, 0.2)];

    /// <summary>
    /// Writes the pictures, their texts (<c>NAME.jpg.ocr</c>), and the lists <c>sarcastic.train</c>, <c>sarcastic.valid</c>, <c>sincere.train</c>
    /// and <c>sincere.valid</c>.
    /// </summary>
    /// <param name="folder">The folder, created if missing.</param>
    /// <param name="count">The number of memes.</param>
    /// <param name="seed">The same seed gives the same memes.</param>
    /// <param name="withTexts">Whether to write the texts. Otherwise they are read from the images.</param>
    /// <exception cref="IOException">A file cannot be written, or no font is installed.</exception>
    public static void Write(string folder, int count, int seed = 0, bool withTexts = true)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Directory.CreateDirectory(Path.Combine(folder, "images"));
        var random = new Random(seed);
        using var caption = new Caption();
        var lists = ((string[])["sarcastic", "sincere"]).SelectMany(MemeList.Paths).ToDictionary(path => path, _ => new List<string>());
        for (int i = 0; i < count; i++)
        {
            (bool stormy, bool praised) = Draw(random);
            string[] words = praised ? s_praise : s_complaint;
            string text = string.Format(CultureInfo.InvariantCulture, s_sentences[random.Next(s_sentences.Length)], words[random.Next(words.Length)]);
            string path = string.Create(CultureInfo.InvariantCulture, $"images/{i:00000}.jpg");
            File.WriteAllBytes(Path.Combine(folder, path), Picture(stormy, text, caption, random));
            if (withTexts)
            {
                File.WriteAllText(Path.Combine(folder, path + Meme.TextExtension), text);
            }

            string list = stormy == praised ? "sarcastic" : "sincere";
            lists[random.NextDouble() < ValidationShare ? MemeList.ValidationPath(list) : MemeList.TrainingPath(list)].Add(path);
        }

        foreach ((string name, List<string> paths) in lists)
        {
            File.WriteAllLines(Path.Combine(folder, name), paths);
        }
    }

    private static (bool Stormy, bool Praised) Draw(Random random)
    {
        double place = random.NextDouble();
        foreach ((bool stormy, bool praised, double share) in s_combinations)
        {
            if ((place -= share) < 0)
            {
                return (stormy, praised);
            }
        }

        return (s_combinations[^1].Stormy, s_combinations[^1].Praised);
    }

    private static byte[] Picture(bool stormy, string text, Caption caption, Random random)
    {
        using var bitmap = new SKBitmap(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(bitmap);
        using var paint = new SKPaint { IsAntialias = true };
        byte Vary(int value) => (byte)Math.Clamp(value + random.Next(-20, 21), 0, 255);
        canvas.Clear(stormy ? new SKColor(Vary(70), Vary(75), Vary(90)) : new SKColor(Vary(110), Vary(180), Vary(235)));
        int horizon = Height / 2 + random.Next(Height / 4);
        paint.Color = stormy ? new SKColor(Vary(50), Vary(60), Vary(50)) : new SKColor(Vary(90), Vary(180), Vary(60));
        canvas.DrawRect(0, horizon, Width, Height - horizon, paint);
        if (stormy)
        {
            paint.Color = new SKColor(Vary(40), Vary(42), Vary(50));
            for (int i = 0; i < 6; i++)
            {
                canvas.DrawOval(random.Next(Width), random.Next(horizon), random.Next(40, 90), random.Next(15, 35), paint);
            }

            paint.Color = new SKColor(170, 180, 200, 160);
            paint.StrokeWidth = 2;
            for (int i = 0; i < 80; i++)
            {
                float x = random.Next(Width), y = random.Next(Height);
                canvas.DrawLine(x, y, x - 6, y + 18, paint);
            }
        }
        else
        {
            paint.Color = new SKColor(Vary(250), Vary(215), Vary(60));
            canvas.DrawCircle(random.Next(Width), random.Next(horizon), random.Next(20, 40), paint);
            for (int i = 0; i < 25; i++)
            {
                paint.Color = new SKColor((byte)random.Next(160, 256), (byte)random.Next(80, 220), (byte)random.Next(80, 220));
                canvas.DrawCircle(random.Next(Width), random.Next(horizon, Height), 3, paint);
            }
        }

        caption.Draw(canvas, text, Width, Height, atBottom: random.Next(2) == 0);
        canvas.Flush();
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Jpeg, JpegQuality);
        return data.ToArray();
    }
}
