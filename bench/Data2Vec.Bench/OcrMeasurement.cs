using System.Globalization;
using Data2Vec.Memes.Demonstration;
using Data2Vec.Memes.Ocr;
using Data2Vec.Vision.Images;
using SkiaSharp;

namespace Data2Vec.Bench;

/// <summary>The character error rate of rendered memes: by the look of the lettering, and with and without each preprocessing step.</summary>
internal static class OcrMeasurement
{
    private static readonly (string Language, string[] Texts)[] s_texts =
    [
        ("eng", ["One does not simply walk into a meeting", "When the code works on the first try", "I have no idea what I am doing here", "Keep calm and read the manual again", "That moment you find the missing bracket"]),
        ("deu", ["Wenn der Kaffee schon wieder leer ist", "Früher war mehr Schnee im Winter", "Niemand hat die Absicht heute früh aufzustehen", "Das schöne Gefühl von Freitag nachmittag"]),
        ("spa", ["Cuando llegas temprano y no hay nadie", "Mañana empiezo la dieta otra vez", "El niño que siempre pregunta por qué", "No entiendo nada pero sonrío igual"]),
    ];

    private static readonly int[] s_widths = [320, 500, 800];
    private static readonly int[] s_qualities = [30, 60, 95];

    /// <summary>Pictures of each look of lettering.</summary>
    private const int PicturesPerLook = 40;

    /// <param name="photos">A folder of photographs for the backgrounds of the lettering, or null.</param>
    public static void Run(string? photos)
    {
        MeasureLooks(photos);
        (string Name, OcrOptions Options)[] variants =
        [
            ("as it is", new OcrOptions { Upscale = false, SeparateLettering = false }),
            ("enlarged", new OcrOptions { Upscale = true, SeparateLettering = false }),
            ("lettering separated", new OcrOptions { Upscale = false }),
            ("both", new OcrOptions()),
        ];
        (string Language, int Width, int Quality, string Text, RgbImage Image)[] memes = [.. Memes()];
        Console.WriteLine($"{TesseractRecognizer.Version}, {memes.Length} memes; character error rates in percent: all, then by language, width, JPEG quality");
        foreach ((string name, OcrOptions options) in variants)
        {
            var errors = new List<(string Language, int Width, int Quality, double Rate)>();
            long start = Environment.TickCount64;
            foreach (IGrouping<string, (string Language, int Width, int Quality, string Text, RgbImage Image)> group in memes.GroupBy(meme => meme.Language))
            {
                using var recognizer = new TesseractRecognizer(options with { Languages = group.Key });
                errors.AddRange(group.Select(meme => (meme.Language, meme.Width, meme.Quality, Rate(Text(recognizer, meme.Image), meme.Text))));
            }

            double milliseconds = (Environment.TickCount64 - start) / (double)memes.Length;
            IEnumerable<string> Means<T>(Func<(string Language, int Width, int Quality, double Rate), T> by) =>
                errors.GroupBy(by).Select(group => $"{group.Key}: {Percent(group.Average(error => error.Rate))}");
            Console.WriteLine($"{name}: {Percent(errors.Average(error => error.Rate))} | {string.Join(", ", Means(e => e.Language))} | {string.Join(", ", Means(e => e.Width))} | {string.Join(", ", Means(e => e.Quality))} | {milliseconds:0} ms");
        }
    }

    private static void MeasureLooks(string? photos)
    {
        string[] texts = [.. s_texts[0].Texts.Select(text => text.ToUpperInvariant())];
        using var pictures = new LetteringPictures(photos);
        using var recognizer = new TesseractRecognizer();
        foreach (string look in LetteringPictures.Looks)
        {
            double errors = 0, before = 0;
            int wrong = 0, letters = 0;
            long time = 0;
            using var unprocessed = new TesseractRecognizer(new OcrOptions { SeparateLettering = false, LeastConfidence = 0.3f });
            for (int i = 0; i < PicturesPerLook; i++)
            {
                (string top, string bottom) = (texts[i % texts.Length], texts[(i + 1 + i / texts.Length) % texts.Length]);
                RgbImage image = pictures.Draw(look, top, bottom);
                long start = Environment.TickCount64;
                string read = Text(recognizer, image);
                time += Environment.TickCount64 - start;
                string old = Text(unprocessed, image), truth = look == "no text" ? "" : $"{top} {bottom}";
                wrong += read == truth ? 0 : 1;
                letters += read.Length;
                errors += truth.Length == 0 ? 0 : Rate(read, truth);
                before += truth.Length == 0 ? old.Length > 0 ? 1 : 0 : Rate(old, truth);
            }

            string result = look == "no text"
                ? $"{wrong} of {PicturesPerLook} pictures with words, {letters} letters in all; read as they are: {before:0} pictures with words"
                : $"{Percent(errors / PicturesPerLook)} % of the characters wrong, {PicturesPerLook - wrong} of {PicturesPerLook} pictures without an error; read as they are: {Percent(before / PicturesPerLook)} %";
            Console.WriteLine($"{look}: {result} | {time / PicturesPerLook} ms");
        }
    }

    private static string Text(TesseractRecognizer recognizer, RgbImage image) => string.Join(' ', recognizer.Recognize(image).Select(word => word.Text));

    private static string Percent(double rate) => (100 * rate).ToString("0.0", CultureInfo.InvariantCulture);

    private static IEnumerable<(string Language, int Width, int Quality, string Text, RgbImage Image)> Memes()
    {
        var random = new Random(0);
        using var caption = new Caption();
        foreach ((string language, string[] texts) in s_texts)
        {
            foreach (int width in s_widths)
            {
                foreach (int quality in s_qualities)
                {
                    for (int i = 0; i < texts.Length; i++)
                    {
                        string top = texts[i].ToUpperInvariant(), bottom = texts[(i + 1) % texts.Length].ToUpperInvariant();
                        yield return (language, width, quality, $"{top} {bottom}", Render(top, bottom, width, quality, caption, random));
                    }
                }
            }
        }
    }

    /// <summary>Renders a meme on a background of overlapping shapes in random colors.</summary>
    private static RgbImage Render(string top, string bottom, int width, int quality, Caption caption, Random random)
    {
        using var bitmap = new SKBitmap(width, width, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(bitmap);
        using var paint = new SKPaint { IsAntialias = true };
        canvas.Clear(new SKColor((uint)random.NextInt64(1L << 24) | 0xFF000000));
        for (int i = 0; i < 40; i++)
        {
            paint.Color = new SKColor((uint)random.NextInt64(1L << 24) | 0xFF000000);
            canvas.DrawOval(random.Next(width), random.Next(width), random.Next(5, 1 + width / 5), random.Next(5, 1 + width / 5), paint);
        }

        caption.Draw(canvas, top, width, width, atBottom: false);
        caption.Draw(canvas, bottom, width, width, atBottom: true);
        canvas.Flush();
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Jpeg, quality);
        return ImageFile.Decode(data.AsSpan());
    }

    /// <summary>The edit distance divided by the length of the text.</summary>
    private static double Rate(string read, string text)
    {
        int[] row = [.. Enumerable.Range(0, read.Length + 1)];
        for (int i = 1; i <= text.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= read.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (text[i - 1] == read[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return (double)row[read.Length] / text.Length;
    }
}
