using Data2Vec.Memes.Demonstration;
using Data2Vec.Memes.Ocr;
using Data2Vec.Vision.Images;
using SkiaSharp;

namespace Data2Vec.Memes.Tests.Ocr;

public class TesseractTests
{
    [Fact]
    public void Outlined_lettering_is_read_with_boxes_and_confidence()
    {
        using TesseractRecognizer recognizer = Recognizer();
        RgbImage image = Render("go big now", 500, 300);
        IReadOnlyList<RecognizedWord> words = recognizer.Recognize(image);
        Assert.Equal(["GO", "BIG", "NOW"], words.Select(word => word.Text));
        Assert.All(words, word =>
        {
            Assert.InRange(word.Confidence, 0.5f, 1);

            // The lettering stands in the upper third; black and white are nowhere else.
            Assert.InRange(word.Box.Y, 0, 40);
            Assert.InRange(word.Box.Y + word.Box.Height, 40, 100);
        });
        Assert.True(words[0].Box.X + words[0].Box.Width <= words[1].Box.X && words[1].Box.X + words[1].Box.Width <= words[2].Box.X);
        Assert.Contains("Tesseract 5", recognizer.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Plain_print_is_read_if_there_is_no_outlined_lettering()
    {
        using TesseractRecognizer recognizer = Recognizer();
        using var bitmap = new SKBitmap(400, 100, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(SKColors.White);
        using SKTypeface typeface = SKTypeface.FromFile(FontFile.Find("DejaVuSans.ttf"));
        using var font = new SKFont(typeface, 32);
        using var paint = new SKPaint { Color = SKColors.Black, IsAntialias = true };
        canvas.DrawText("Plain print", 20, 60, SKTextAlign.Left, font, paint);
        canvas.Flush();
        Assert.Equal("Plain print", string.Join(' ', recognizer.Recognize(Decode(bitmap)).Select(word => word.Text)));
    }

    [Fact]
    public void Concurrent_threads_read_what_one_thread_reads()
    {
        using TesseractRecognizer recognizer = Recognizer();
        string[] texts = ["good morning", "nothing works", "see you later", "so much rain"];
        RgbImage[] images = [.. texts.Select(text => Render(text, 400, 200))];
        Parallel.For(0, 12, i => Assert.Equal(texts[i % 4].ToUpperInvariant(), string.Join(' ', recognizer.Recognize(images[i % 4]).Select(word => word.Text))));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 65_500)]
    [InlineData(65_500, 1)]
    [InlineData(60_000, 12)]
    [InlineData(9, 9)]
    [InlineData(8000, 6000)]
    public void Images_of_any_size_are_accepted(int width, int height)
    {
        using TesseractRecognizer recognizer = Recognizer();
        byte[] pixels = new byte[3 * width * height];
        Array.Fill(pixels, (byte)200);
        Assert.Empty(recognizer.Recognize(new RgbImage(width, height, pixels)));
    }

    [Fact]
    public void Noise_gives_words_within_the_image_or_none()
    {
        using TesseractRecognizer recognizer = Recognizer(new OcrOptions { LeastConfidence = 0 });
        RgbImage image = MemeClassifierTests.Noise(120, 90, 5);
        Assert.All(recognizer.Recognize(image), word => Assert.True(
            word.Box is { X: >= 0, Y: >= 0, Width: > 0, Height: > 0 } && word.Box.X + word.Box.Width <= 120 && word.Box.Y + word.Box.Height <= 90, $"{word}"));
    }

    [Fact]
    public void A_missing_language_is_reported_with_instructions()
    {
        Recognizer().Dispose();
        Assert.Contains("tesseract-ocr-", Assert.Throws<NotSupportedException>(() => new TesseractRecognizer(new OcrOptions { Languages = "qqq" })).Message);
        Assert.Contains("/nowhere", Assert.Throws<NotSupportedException>(() => new TesseractRecognizer(new OcrOptions { DataFolder = "/nowhere" })).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("eng+")]
    [InlineData("../eng")]
    [InlineData("eng\0")]
    public void Invalid_language_names_are_rejected(string languages) =>
        Assert.Throws<ArgumentException>(() => new TesseractRecognizer(new OcrOptions { Languages = languages }));

    [Fact]
    public void A_disposed_recognizer_throws()
    {
        TesseractRecognizer recognizer = Recognizer();
        recognizer.Dispose();
        recognizer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => recognizer.Recognize(new RgbImage(1, 1, new byte[3])));
    }

    internal static TesseractRecognizer Recognizer(OcrOptions? options = null)
    {
        try
        {
            return new TesseractRecognizer(options);
        }
        catch (NotSupportedException problem)
        {
            Assert.Skip(problem.Message);
            throw;
        }
    }

    private static RgbImage Render(string text, int width, int height)
    {
        using var bitmap = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(bitmap);
        using var caption = new Caption();
        canvas.Clear(new SKColor(90, 140, 200));
        caption.Draw(canvas, text.ToUpperInvariant(), width, height, atBottom: false);
        canvas.Flush();
        return Decode(bitmap);
    }

    private static RgbImage Decode(SKBitmap bitmap)
    {
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return ImageFile.Decode(data.AsSpan());
    }
}
